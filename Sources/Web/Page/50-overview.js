// The site at a glance: one sentence, the counts, the tags, and what somebody has to know before all else.

/// How many backends are in each state, in all and by tag.
function countStates(backends) {
    const none = () => Object.fromEntries(STATES.map((state) => [state.id, 0]));
    const all = none();
    const byTag = new Map();
    for (const backend of backends) {
        const state = stateOf(backend);
        if (!byTag.has(backend.tag)) byTag.set(backend.tag, none());
        byTag.get(backend.tag)[state] += 1;
        all[state] += 1;
    }
    return { all, byTag };
}

function notices(status) {
    const texts = [];
    // Without any list, that is what all of the page is about.
    if (!status.director.connected && status.director.last_list_at) {
        texts.push({
            key: "director", title: "The director does not answer",
            text: [status.director.error, `The states listed are from ${clockTime(status.director.last_list_at)}; polls go on, commands wait`],
        });
    } else if (status.director.connected && status.ring.state !== "synced" && status.ring.state !== "unknown") {
        texts.push({ key: "ring", title: `The ring is ${status.ring.state}`, text: ["No command is sent until it is synced"] });
    }
    for (const guard of status.guard) {
        texts.push({
            key: `guard-${guard.tag}`,
            title: `The pool guard withholds ${counted(guard.withheld, "HOST-DOWN")}${guard.tag === "" ? "" : ` of tag ${guard.tag}`}`,
            text: [`${grouped(guard.healthy)} of ${counted(guard.pool, "backend")} ${guard.healthy === 1 ? "is" : "are"} healthy, ${grouped(guard.needed)} are needed: faulty ones stay listed, so that users are not moved to too few`],
            since: guard.since,
        });
    }
    if (status.dry_run) {
        texts.push({ key: "dry", isMild: true, title: "Dry run", text: ["Nothing is sent to the director: what you see is what would be done"] });
    }
    return texts.map((notice) =>
        h(`div.notice${notice.isMild ? ".mild" : ""}`, { "data-key": notice.key }, mark(notice.isMild ? "maintenance" : "failing"),
            h("p", null, h("strong", null, notice.title), notice.since ? [", since ", when(notice.since)] : null, ". ",
                notice.text.filter(Boolean).join(". "), ".")));
}

function countTiles(counts, chosen) {
    return h("div.tiles", { role: "group", "aria-label": "Show backends by state" },
        STATES.filter((state) => state.id !== "unknown" || counts.unknown > 0).map((state) =>
            h(`button.tile.is-${state.id}${counts[state.id] === 0 ? ".none" : ""}`,
                { type: "button", "data-state": state.id, "data-key": state.id, "aria-pressed": chosen === state.id ? "true" : "false" },
                mark(state.id), h("span.number", null, grouped(counts[state.id])), " ", h("span.word", null, state.word))));
}

/// The shares of the states among a tag's backends, as one thin bar.
function shareBar(counts, total) {
    let left = 0;
    const parts = [...STATES].reverse().filter((state) => counts[state.id] > 0).map((state) => {
        const width = (counts[state.id] / total) * 100;
        const part = svg(`rect.fill-${state.id}`, { x: left, y: 0, width, height: 6 });
        left += width;
        return part;
    });
    return svg("svg.share", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

const TAGS_AT_ONCE = 12;
let showsAllTags = false;

/// What is not up comes first, so that a long list hides the quiet tags.
function tagList(byTag, guards, chosen) {
    if (byTag.size < 2) return null;
    const withheld = new Set(guards.map((guard) => guard.tag));
    const tags = [...byTag].map(([tag, counts]) => {
        const total = STATES.reduce((sum, state) => sum + counts[state.id], 0);
        return { tag, counts, total, isTroubled: counts.down + counts.failing > 0 };
    });
    const isLong = tags.length > TAGS_AT_ONCE && !showsAllTags;
    const shown = isLong ? [...tags].sort((a, b) => b.isTroubled - a.isTroubled).slice(0, TAGS_AT_ONCE) : tags;
    return h("div.tags", { role: "group", "aria-label": "Show backends by tag" },
        shown.map(({ tag, counts, total }) => {
            const troubles = STATES.filter((state) => state.id !== "up" && counts[state.id] > 0)
                .map((state) => `${grouped(counts[state.id])} ${state.inSentence}`);
            if (withheld.has(tag)) troubles.push("guarded");
            return h(`button.tag-tile${counts.down > 0 ? ".is-down" : ""}`,
                { type: "button", "data-tag": tag, "data-key": `tag-${tag}`, "aria-pressed": chosen === tag ? "true" : "false" },
                h("span.tag-name", null, tagName(tag)), " ",
                h("span.tag-up", null, `${grouped(counts.up)} of ${grouped(total)} up`),
                shareBar(counts, total),
                h("span.tag-trouble", null, troubles.join(", ") || "all up"));
        }),
        tags.length > TAGS_AT_ONCE
            ? h("button.quiet.more", { type: "button", id: "more-tags", "data-key": "more", "aria-expanded": showsAllTags ? "true" : "false" },
                showsAllTags ? "Show fewer tags" : `Show all ${tags.length} tags`)
            : null);
}

function fact(name, ...value) {
    return h("div.fact", { "data-key": name }, h("dt", null, name), h("dd", null, ...value));
}

/// The overview's content for a status; `chosen` is what the list is filtered by.
function overview(status, chosen) {
    const { all, byTag } = countStates(status.backends);
    const total = status.backends.length;
    const gravest = STATES.find((state) => all[state.id] > 0)?.id ?? "unknown";
    const director = status.director;
    return [
        h("div.headline", null, total > 0 ? mark(gravest) : null,
            h("h1", null, total > 0 ? headline(all, total) : "No backends yet")),
        h("dl.facts", null,
            fact("Director", director.connected ? "connected" : h("strong.is-down", null, "does not answer"), " since ", when(director.since)),
            fact("Ring", status.ring.state === "unknown" ? "state not known" : status.ring.state),
            fact("Latest list", director.last_list_at ? clockTime(director.last_list_at) : "none yet"),
            fact("Polls", `every ${lengthOf(status.interval_seconds)}`)),
        ...notices(status),
        total > 0 ? countTiles(all, chosen.state) : null,
        total > 0 ? tagList(byTag, status.guard, chosen.tag) : null,
    ];
}

/// What an empty list means, and what to do about it.
function emptyState(status) {
    const director = status.director;
    if (!director.last_list_at) {
        return h("div.empty", null, h("h2", null, "The director has never answered"),
            director.error ? h("p", null, h("code", null, director.error)) : null,
            h("p", null, "dovemon learns from it which backends there are. See that Dovecot runs on this host with its director,"
                + " and that ", h("code", null, "director_admin_socket"), " names its socket and dovemon's user may open it."),
            h("p", null, "To try by hand: ", h("code", null, "doveadm director status")));
    }
    return h("div.empty", null, h("h2", null, "The director lists no backend"),
        h("p", null, "It answers, and its HOST-LIST is empty. Backends come from its ", h("code", null, "director_mail_servers"),
            " or are added with ", h("code", null, "doveadm director add ADDRESS"), ". They appear here as soon as it lists them."));
}
