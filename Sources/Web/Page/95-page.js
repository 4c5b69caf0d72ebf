// The page put together: which view is shown, what is typed and chosen, and what each answer changes.

// --- What is chosen, in the address bar ------------------------------------------------------------------------------

function filterFromHash(hash) {
    const query = new URLSearchParams(hash.split("?")[1] ?? "");
    const sort = query.get("sort") ?? "state";
    list.filter = {
        text: query.get("q") ?? "",
        state: Object.hasOwn(GRAVITY, query.get("state")) ? query.get("state") : "",
        tag: query.get("tag"),
        sort: columnNamed(sort.replace(/^-/, "")).id,
        isDescending: sort.startsWith("-"),
    };
}

function hashOfFilter() {
    const { text, state, tag, sort, isDescending } = list.filter;
    const query = new URLSearchParams();
    if (text) query.set("q", text);
    if (state) query.set("state", state);
    if (tag !== null) query.set("tag", tag);
    if (sort !== "state" || isDescending) query.set("sort", (isDescending ? "-" : "") + sort);
    return query.size > 0 ? `#/?${query}` : "#/";
}

/// Takes over a choice of the reader's: this is when rows may move.
function choose(changes) {
    Object.assign(list.filter, changes);
    history.replaceState(history.state, "", hashOfFilter());
    list.rearrange();
    drawOverview();
    drawTools();
    // What was scrolled away belongs to another selection.
    const top = byId("tools").getBoundingClientRect().top;
    if (top < 0 || byId("rows").getBoundingClientRect().top < 0) window.scrollTo(0, byId("backends-heading").parentElement.offsetTop);
    list.drawRows();
}

// --- Drawing ---------------------------------------------------------------------------------------------------------

function options(select, pairs, value) {
    show(select, pairs.map(([id, name]) => h("option", { value: id, "data-key": id }, name)));
    if (select.value !== value) select.value = value;
}

function drawTools() {
    const { status } = feed;
    if (!status) return;
    const { text, state, tag, sort, isDescending } = list.filter;
    const tags = [...new Set(status.backends.map((backend) => backend.tag))];
    if (tag !== null && !tags.includes(tag)) tags.push(tag);
    byId("tools").hidden = status.backends.length === 0;
    byId("tag-field").hidden = tags.length < 2;
    byId("table").classList.toggle("no-tags", tags.length < 2);
    options(byId("state-filter"), [["", "any"], ...STATES.map((each) => [each.id, each.word])], state);
    // A tag may be empty, which is what no choice is.
    options(byId("tag-filter"), [["*", "any"], ...tags.map((each) => [`=${each}`, tagName(each)])], tag === null ? "*" : `=${tag}`);
    options(byId("sort"), COLUMNS.filter((column) => column.compare).flatMap((column) =>
        [[column.id, `${column.name} ▲`], [`-${column.id}`, `${column.name} ▼`]]), (isDescending ? "-" : "") + sort);
    if (byId("search").value !== text) byId("search").value = text;
    const isFiltered = text !== "" || state !== "" || tag !== null;
    byId("clear").hidden = !isFiltered;
    show(byId("found"), isFiltered
        ? `${grouped(list.order.length)} of ${grouped(status.backends.length)}` : counted(status.backends.length, "backend"));
    show(byId("nothing"), status.backends.length === 0 ? emptyState(status)
        : list.order.length === 0 ? h("div.empty", null, h("h2", null, "No backend matches"),
            h("p", null, "There are ", counted(status.backends.length, "backend"), " in all. ", h("button", { type: "button", id: "clear-empty" }, "Clear filters"))) : null);
}

function drawOverview() {
    if (feed.status) show(byId("overview"), ...overview(feed.status, list.filter));
}

// --- Which view ------------------------------------------------------------------------------------------------------

const view = { name: null, address: null, listHash: "#/", listScroll: 0 };

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function route() {
    const hash = location.hash || "#/";
    const backend = hash.match(/^#\/backend\/(.+)$/);
    const name = backend ? "backend" : hash.startsWith("#/events") ? "events" : "list";
    const isNew = name !== view.name || name === "backend";
    const before = view.name;
    if (before === "list" && isNew) view.listScroll = window.scrollY;
    Object.assign(view, { name, address: backend ? decoded(backend[1]) : null });
    document.documentElement.classList.toggle("shows-list", name === "list");
    byId("list-view").hidden = name !== "list";
    byId("backend-view").hidden = name !== "backend";
    byId("events-view").hidden = name !== "events";
    byId("keys").hidden = name !== "list";
    for (const [id, isHere] of [["to-backends", name !== "events"], ["to-events", name === "events"]]) {
        if (isHere) byId(id).setAttribute("aria-current", name === "backend" ? "true" : "page");
        else byId(id).removeAttribute("aria-current");
    }
    if (name === "list") {
        view.listHash = hash;
        filterFromHash(hash);
        if (feed.status) showList(before !== null && before !== "list");
    }
    if (name === "backend") backendView.open(view.address);
    if (name === "events") eventsView.open();
    if (isNew && before !== null && name !== "list") {
        window.scrollTo(0, 0);
        byId(name === "backend" ? "subject" : "events-heading")?.focus({ preventScroll: true });
    }
    drawTitle();
}

/// Shows the list as it was left.
function showList(isBack) {
    drawOverview();
    list.rearrange();
    drawTools();
    if (!isBack) return;
    window.scrollTo(0, view.listScroll);
    list.drawRows();
    const place = list.order.indexOf(backendView.address);
    if (place >= 0) list.focus(place);
    backendView.address = null;
}

// --- Input -----------------------------------------------------------------------------------------------------------

function listenToTools() {
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("search").addEventListener("input", (event) => choose({ text: event.target.value.trim() === "" ? "" : event.target.value }));
    byId("state-filter").addEventListener("change", (event) => choose({ state: event.target.value }));
    byId("tag-filter").addEventListener("change", (event) => choose({ tag: event.target.value === "*" ? null : event.target.value.slice(1) }));
    byId("sort").addEventListener("change", (event) =>
        choose({ sort: event.target.value.replace(/^-/, ""), isDescending: event.target.value.startsWith("-") }));
    byId("clear").addEventListener("click", clearFilters);
    byId("resort").addEventListener("click", () => list.rearrange());
    byId("nothing").addEventListener("click", (event) => event.target.id === "clear-empty" && clearFilters());
}

function clearFilters() {
    choose({ text: "", state: "", tag: null });
    byId("search").focus();
}

function listenToOverview() {
    byId("overview").addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        if (button.id === "more-tags") {
            showsAllTags = !showsAllTags;
            drawOverview();
        } else if (button.dataset.state !== undefined) {
            choose({ state: list.filter.state === button.dataset.state ? "" : button.dataset.state });
        } else if (button.dataset.tag !== undefined) {
            choose({ tag: list.filter.tag === button.dataset.tag ? null : button.dataset.tag });
        }
    });
}

function listenToTable() {
    const rows = byId("rows");
    byId("head").addEventListener("click", (event) => {
        const id = event.target.closest("[data-sort]")?.dataset.sort;
        if (!id) return;
        const column = columnNamed(id);
        const isDescending = list.filter.sort === id ? !list.filter.isDescending : column.startsDescending === true;
        choose({ sort: id, isDescending });
    });
    byId("table").addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("#head")) return;
        if (list.take(event.key)) event.preventDefault();
    });
    rows.addEventListener("focusin", (event) => {
        list.current = event.target.closest("[data-key].row")?.dataset.key ?? list.current;
    });
    rows.addEventListener("click", (event) => {
        const address = event.target.closest(".row")?.dataset.key;
        // A row is a large target, and a text to be copied from.
        if (address && !event.target.closest("a") && getSelection().isCollapsed) location.hash = hashOf(address);
    });
    for (const name of ["pointerenter", "pointermove"]) {
        rows.addEventListener(name, (event) => { list.pointedAt = event.pointerType === "mouse" ? Date.now() : 0; });
    }
    rows.addEventListener("pointerleave", () => { list.pointedAt = 0; });
    let isDue = false;
    const later = (work) => () => {
        if (isDue) return;
        isDue = true;
        requestAnimationFrame(() => {
            isDue = false;
            work();
        });
    };
    window.addEventListener("scroll", later(() => list.drawRows()), { passive: true });
    window.addEventListener("resize", () => view.name === "list" && feed.status && list.draw());
}

function listenToDetails() {
    const read = (step) => {
        if (!backendView.answer) return;
        backendView.step = step;
        backendView.place(byId("moment"));
    };
    byId("backend-view").addEventListener("input", (event) => event.target.id === "moment" && read(Number(event.target.value)));
    byId("backend-view").addEventListener("pointermove", (event) => {
        const plot = event.target.closest("#plot");
        if (!plot) return;
        const box = plot.getBoundingClientRect();
        const steps = backendView.answer.history.states.length;
        const step = Math.floor(((event.clientX - box.left) / box.width) * STEPS_OF_A_DAY) - (STEPS_OF_A_DAY - steps);
        read(Math.max(0, Math.min(steps - 1, step)));
    });
    byId("events-view").addEventListener("submit", (event) => event.preventDefault());
    byId("events-view").addEventListener("input", (event) => {
        if (event.target.id === "only-grave") eventsView.onlyGrave = event.target.checked;
        eventsView.search(byId("event-search").value);
    });
}

function listenToKeys() {
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
        const isTyping = event.target.matches("input:not([type=range], [type=checkbox]), select, textarea");
        if (event.key === "/" && !isTyping) {
            const search = byId(view.name === "events" ? "event-search" : "search");
            if (view.name === "backend") location.hash = view.listHash;
            // The list is shown when the change of the hash has been told.
            requestAnimationFrame(() => (view.name === "events" ? search : byId("search")).focus());
            event.preventDefault();
        } else if (event.key === "Escape") {
            if (isTyping && event.target.value && event.target.id === "search") choose({ text: "" });
            else if (isTyping && event.target.value && event.target.id === "event-search") {
                event.target.value = "";
                eventsView.search("");
            }
            else if (view.name !== "list") location.hash = view.listHash;
            else if (isTyping || byId("table").contains(event.target)) event.target.blur();
            else return;
            event.preventDefault();
        } else if (event.key === "ArrowDown" && event.target.id === "search") {
            list.focus(list.firstInSight());
            event.preventDefault();
        }
    });
}

// --- Start -----------------------------------------------------------------------------------------------------------

function takeAnswer(isNews) {
    if (isNews) {
        const anchors = list.anchors();
        tell(feed.status);
        list.update(feed.status);
        drawOverview();
        drawAbout();
        if (view.name === "list") {
            list.draw();
            drawTools();
            list.hold(anchors);
        }
    }
    if (view.name === "backend") backendView.refresh(isNews);
    if (view.name === "events") eventsView.refresh(isNews);
    drawFreshness();
}

function start() {
    theme.start();
    show(byId("site"), location.host);
    byId("skip").addEventListener("click", (event) => {
        event.preventDefault();
        byId("content").focus();
    });
    byId("banner").addEventListener("click", (event) => event.target.id === "ask-now" && feed.askNow());
    listenToTools();
    listenToOverview();
    listenToTable();
    listenToDetails();
    listenToKeys();
    window.addEventListener("hashchange", route);
    history.scrollRestoration = "manual";
    feed.onAnswer = takeAnswer;
    feed.onTrouble = drawFreshness;
    histories.onAnswer = () => list.drawRows();
    route();
    feed.start();
    setInterval(() => !document.hidden && drawFreshness(), SECOND);
    // Relative times go on, and a history that is a minute old is asked for again.
    setInterval(() => {
        if (document.hidden || !feed.status) return;
        if (view.name === "list") {
            const anchors = list.anchors();
            drawOverview();
            list.drawRows();
            list.hold(anchors);
        }
        drawAbout();
    }, 10 * SECOND);
}

start();
