// The list of backends: found, sorted, and drawn only where it can be seen.

const COLUMNS = [
    { id: "state", name: "State", compare: (a, b) => GRAVITY[a.shown] - GRAVITY[b.shown] },
    { id: "address", name: "Backend", compare: (a, b) => a.rank - b.rank },
    { id: "tag", name: "Tag", compare: (a, b) => a.backend.tag.localeCompare(b.backend.tag, "en") },
    { id: "history", name: "Last 24 hours" },
    { id: "latency", name: "Latency", isNumber: true, startsDescending: true, compare: (a, b) => latencyOf(a) - latencyOf(b) },
    { id: "users", name: "Users", isNumber: true, startsDescending: true, compare: (a, b) => a.backend.users - b.backend.users },
    { id: "vhosts", name: "Vhosts", isNumber: true, startsDescending: true, compare: (a, b) => a.backend.vhosts - b.backend.vhosts },
    { id: "changed", name: "Changed", startsDescending: true, compare: (a, b) => changedAt(a) - changedAt(b) },
    { id: "reason", name: "Why" },
];
const columnNamed = (id) => COLUMNS.find((column) => column.id === id && column.compare) ?? COLUMNS[0];
const latencyOf = (entry) => entry.backend.latency?.median_milliseconds ?? -1;
const changedAt = (entry) => (entry.backend.last_change ? Date.parse(entry.backend.last_change.time) : 0);
const compareAddresses = new Intl.Collator("en", { numeric: true }).compare;

const list = {
    filter: { text: "", state: "", tag: null, sort: "state", isDescending: false },
    /// What is known of each backend: {backend, shown (its state), rank (among the addresses), text (to search in)}.
    entries: new Map(),
    /// The addresses that are shown, in their order.
    order: [],
    ranks: new Map(),
    /// The address whose row takes the focus.
    current: null,
    /// When the mouse was last moved over the rows; 0 where it is not.
    pointedAt: 0,
    rowHeight: 40,

    /// Takes over a status: rows stay where they are while somebody works with them.
    update(status) {
        this.rank(status.backends);
        const known = this.entries;
        this.entries = new Map(status.backends.map((backend) => {
            const old = known.get(backend.address);
            const text = `${backend.address} ${backend.tag} ${remarks(backend).join(" ")} ${backend.maintenance?.by ?? ""}`.toLowerCase();
            return [backend.address, { ...old, backend, shown: stateOf(backend), rank: this.ranks.get(backend.address), text }];
        }));
        const wanted = this.arranged();
        if (this.isInUse()) {
            const kept = this.order.filter((address) => this.entries.has(address));
            const shown = new Set(kept);
            this.order = [...kept, ...wanted.filter((address) => !shown.has(address))];
        } else {
            this.order = wanted;
        }
        byId("resort").hidden = this.order.every((address, index) => address === wanted[index]);
    },

    /// The place of each address among all, found anew only when there are others.
    rank(backends) {
        if (backends.length === this.ranks.size && backends.every((backend) => this.ranks.has(backend.address))) return;
        const sorted = backends.map((backend) => backend.address).sort(compareAddresses);
        this.ranks = new Map(sorted.map((address, index) => [address, index]));
    },

    /// A mouse that was left there is no reader.
    isInUse() {
        return Date.now() - this.pointedAt < 60 * SECOND || byId("table").contains(document.activeElement);
    },

    /// The addresses that the filter lets through, sorted; equals stay in the order of tag and address.
    arranged() {
        const { text, state, tag, sort, isDescending } = this.filter;
        const words = text.toLowerCase().split(/\s+/).filter(Boolean);
        const found = [...this.entries.values()].filter((entry) =>
            (state === "" || entry.shown === state)
            && (tag === null || entry.backend.tag === tag)
            && words.every((word) => entry.text.includes(word)));
        const { compare } = columnNamed(sort);
        const sign = isDescending ? -1 : 1;
        return found.sort((a, b) => sign * compare(a, b)).map((entry) => entry.backend.address);
    },

    rearrange() {
        this.order = this.arranged();
        byId("resort").hidden = true;
        this.draw();
    },

    // --- Drawing ---------------------------------------------------------------------------------------------------

    /// The first row in sight, its head apart.
    firstInSight() {
        const hidden = Math.max(0, byId("head").getBoundingClientRect().bottom) - byId("rows").getBoundingClientRect().top;
        return Math.max(0, Math.min(this.order.length - 1, Math.ceil(hidden / this.rowHeight)));
    },

    draw() {
        const table = byId("table");
        table.hidden = this.order.length === 0;
        table.setAttribute("aria-rowcount", String(this.order.length + 1));
        table.setAttribute("aria-colcount", String(COLUMNS.length));
        this.drawHead();
        this.drawRows();
        // The stylesheet says how high a row is; it depends on the reader's font size and on the width.
        const height = byId("rows").firstElementChild?.getBoundingClientRect().height ?? 0;
        if (height > 0 && Math.abs(height - this.rowHeight) > 0.01) {
            this.rowHeight = height;
            this.drawRows();
        }
    },

    /// Draws the rows in sight and a few more at both ends.
    drawRows() {
        const rows = byId("rows");
        if (byId("list-view").hidden || byId("table").hidden) return;
        rows.style.height = `${this.order.length * this.rowHeight}px`;
        const top = rows.getBoundingClientRect().top;
        const first = Math.max(0, Math.floor(-top / this.rowHeight) - 6);
        const last = Math.min(this.order.length, Math.ceil((window.innerHeight - top) / this.rowHeight) + 6);
        const places = new Map();
        for (let index = first; index < last; index += 1) places.set(this.order[index], index);
        // A row with the focus stays when it is scrolled out of sight.
        const focused = document.activeElement?.closest("#rows > [data-key]")?.dataset.key;
        if (focused && !places.has(focused)) {
            const index = this.order.indexOf(focused);
            if (index >= 0) places.set(focused, index);
        }
        const stop = places.has(this.current) ? this.current : this.order[this.firstInSight()];
        const inOrder = [...places].sort((a, b) => a[1] - b[1]);
        show(rows, inOrder.map(([address, index]) => this.row(this.entries.get(address), index, address === stop)));
        for (const row of rows.children) {
            row.style.transform = `translateY(${places.get(row.dataset.key) * this.rowHeight}px)`;
        }
        histories.want([...places.keys()]);
    },

    drawHead() {
        const { sort, isDescending } = this.filter;
        show(byId("head"), COLUMNS.map((column, index) => {
            const isChosen = column.id === sort;
            return h(`div.cell.of-${column.id}${column.isNumber ? ".number" : ""}`, {
                role: "columnheader", "aria-colindex": index + 1, "data-key": column.id,
                "aria-sort": column.compare ? (isChosen ? (isDescending ? "descending" : "ascending") : "none") : null,
            }, column.compare
                ? h("button.sorter", { type: "button", "data-sort": column.id }, column.name,
                    h("span.arrow", { "aria-hidden": "true" }, isChosen ? (isDescending ? "▼" : "▲") : ""))
                : column.name);
        }));
    },

    row(entry, index, isTabStop) {
        const { backend, shown } = entry;
        const history = histories.of(backend.address);
        const why = remarks(backend).join(" · ");
        const detail = stateDetail(backend);
        const contents = {
            state: [mark(shown), h("span.word", null, stateNamed(shown).word), detail ? h("span.detail", null, ` ${detail}`) : null],
            address: h("a.address", { href: hashOf(backend.address), tabindex: isTabStop ? "0" : "-1", title: backend.address }, backend.address),
            tag: h("span", { title: backend.tag }, backend.tag),
            history: history ? stateBar(history) : h("span.unseen", null, "not loaded yet"),
            latency: [history ? sparkline(history) : null, h("span.value", { title: latencyTitle(backend) }, milliseconds(backend.latency?.median_milliseconds))],
            users: grouped(backend.users),
            vhosts: grouped(backend.vhosts),
            changed: backend.last_change ? ago(backend.last_change.time) : "–",
            reason: h("span", { title: why }, why),
        };
        return h(`div.row.is-${shown}`, { role: "row", "aria-rowindex": index + 2, "data-key": backend.address },
            COLUMNS.map((column, place) =>
                h(`div.cell.of-${column.id}${column.isNumber ? ".number" : ""}`,
                    { role: column.id === "address" ? "rowheader" : "gridcell", "aria-colindex": place + 1, "data-key": column.id },
                    contents[column.id])));
    },

    // --- Moving about ----------------------------------------------------------------------------------------------

    /// Gives the focus to a row, and brings it into sight.
    focus(index) {
        const place = Math.max(0, Math.min(this.order.length - 1, index));
        const address = this.order[place];
        if (!address) return;
        this.current = address;
        const rows = byId("rows").getBoundingClientRect();
        const top = rows.top + place * this.rowHeight;
        const above = Math.max(0, byId("head").getBoundingClientRect().bottom);
        if (top < above) window.scrollBy(0, top - above - 4);
        else if (top + this.rowHeight > window.innerHeight) window.scrollBy(0, top + this.rowHeight - window.innerHeight + 4);
        this.drawRows();
        byId("rows").querySelector(`[data-key="${CSS.escape(address)}"] a`)?.focus({ preventScroll: true });
        this.drawRows();
    },

    /// What a key does in the table; true when it was one of its keys.
    take(key) {
        const at = this.order.indexOf(this.current);
        const page = Math.max(1, Math.floor(window.innerHeight / this.rowHeight) - 3);
        const target = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.order.length - 1 }[key];
        if (target === undefined) return false;
        this.focus(target);
        return true;
    },

    /// The rows that the reader sees and where they stand, to be put back there behind a change; null when they may move.
    anchors() {
        const top = byId("rows").getBoundingClientRect().top;
        if (byId("list-view").hidden || byId("table").hidden || (top > 0 && !this.isInUse())) return null;
        const first = this.firstInSight();
        return this.order.slice(first, first + 20)
            .map((address, offset) => ({ address, index: first + offset, top: top + (first + offset) * this.rowHeight }));
    },

    /// Scrolls so that those which have kept their places among the others stand where they stood.
    hold(anchors) {
        if (!anchors) return;
        const places = new Map(this.order.map((address, index) => [address, index]));
        const distance = (anchor) => Math.abs(places.get(anchor.address) - anchor.index);
        const [steady] = anchors.filter((anchor) => places.has(anchor.address)).sort((a, b) => distance(a) - distance(b));
        if (!steady) return;
        const top = byId("rows").getBoundingClientRect().top + places.get(steady.address) * this.rowHeight;
        if (Math.abs(top - steady.top) >= 1) {
            window.scrollBy(0, top - steady.top);
            this.drawRows();
        }
    },
};

const hashOf = (address) => `#/backend/${encodeURIComponent(address)}`;

function latencyTitle(backend) {
    if (!backend.latency) return "no poll has succeeded in the last hour";
    return `Last hour: median ${milliseconds(backend.latency.median_milliseconds)}, 99th percentile ${milliseconds(backend.latency.p99_milliseconds)}`;
}
