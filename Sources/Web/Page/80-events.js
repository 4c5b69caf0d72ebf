// What has happened: the daemon's own log lines, the newest first.

const LEVELS = {
    critical: "down", error: "down", warning: "failing", notice: "maintenance", info: "up", debug: "unknown", trace: "unknown",
};
const GRAVE = new Set(["critical", "error", "warning"]);
// What has a place of its own in the line, or is said by it.
const NOT_A_FIELD = new Set(["time", "level", "event", "backend", "text", "note", "etag"]);

const eventName = (event) => capitalized((event.event ?? "event").replaceAll("_", " "));

function fieldsOf(event) {
    return Object.entries(event).filter(([name, value]) => !NOT_A_FIELD.has(name) && value !== null && typeof value !== "object");
}

const textOfEvent = (event) => Object.values(event).join(" ").toLowerCase();

function eventList(events, withBackend) {
    const seen = new Map();
    return h("ol.events", null, events.map((event) => {
        // Lines of the same text and millisecond do happen.
        const name = `${event.time}${event.event}${event.backend ?? ""}${event.text ?? ""}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        const shape = LEVELS[event.level] ?? "unknown";
        return h(`li.event.is-${shape}`, { "data-key": `${name} ${seen.get(name)}` },
            h("span.event-time", null, when(event.time)),
            h("span.event-level", null, h(`span.level.is-${shape}`, null, event.level ?? "–")),
            h("span.event-what", null,
                h("strong", null, eventName(event)), " ",
                withBackend && event.backend ? h("a", { href: hashOf(event.backend) }, event.backend) : null, " ",
                event.text ? h("span.event-text", null, event.text) : null, " ",
                event.note ? h("span.event-note", null, event.note) : null, " ",
                fieldsOf(event).map(([field, value]) => h("span.pair", null, h("span.pair-name", null, field), ` ${value}`))));
    }));
}

const eventsView = {
    events: null,
    trouble: null,
    askedAt: 0,
    isAsking: false,
    text: "",
    onlyGrave: false,

    open() {
        this.draw();
        void this.ask();
    },

    search(text) {
        this.text = text;
        this.draw();
    },

    refresh(isNews) {
        if (isNews || Date.now() - this.askedAt > 5 * SECOND) void this.ask();
    },

    async ask() {
        if (this.isAsking || document.hidden) return;
        this.isAsking = true;
        this.askedAt = Date.now();
        try {
            const answer = await ask("api/v1/events?limit=200");
            Object.assign(this, { events: answer.events.reverse(), trouble: null });
        } catch (error) {
            this.trouble = troubleText(error);
        }
        this.isAsking = false;
        this.draw();
    },

    draw() {
        const view = byId("events-view");
        if (view.hidden) return;
        const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
        const found = (this.events ?? []).filter((event) =>
            (!this.onlyGrave || GRAVE.has(event.level)) && words.every((word) => textOfEvent(event).includes(word)));
        show(view,
            h("h1.subject", { "data-key": "title", id: "events-heading", tabindex: "-1" }, "Events"),
            h("form.tools", { "data-key": "tools", role: "search", "aria-label": "Find events" },
                h("label.field.search", null, h("span.unseen", null, "Search in the events"),
                    h("input", { type: "search", id: "event-search", placeholder: "Search backend, event, text", autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/" })),
                h("label.check", null, h("input", { type: "checkbox", id: "only-grave" }), " Warnings and errors only"),
                h("p.found", { role: "status" }, this.events ? `${grouped(found.length)} of the latest ${grouped(this.events.length)}` : "")),
            this.events === null
                ? h("p.quietly", { "data-key": "none" }, this.trouble ? `Not loaded: ${this.trouble}. They are asked for again.` : "Loading…")
                : found.length > 0 ? h("div", { "data-key": "events" }, eventList(found, true))
                : h("p.quietly", { "data-key": "none" }, this.events.length === 0 ? "Nothing has happened since dovemon started." : "No event matches."));
    },
};
