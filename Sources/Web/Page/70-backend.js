// The page of one backend: why it is in its state, its day, its latest polls, the failed ones word for word, its events.

const backendView = {
    address: null,
    answer: null,
    /// What is wrong with the latest question; null when it was answered.
    trouble: null,
    askedAt: 0,
    isAsking: false,
    /// The failed poll that was the latest when the page was opened: the one that is shown open.
    unfolded: null,
    /// The step of the history that is read out; null is the latest.
    step: null,

    open(address) {
        if (this.address !== address) Object.assign(this, { address, answer: null, trouble: null, askedAt: 0, unfolded: null, step: null });
        this.draw();
        void this.ask();
    },

    /// Asks anew when something has changed, or after a while: polls are no change of the status.
    refresh(isNews) {
        if (isNews || Date.now() - this.askedAt > 5 * SECOND) void this.ask();
    },

    async ask() {
        if (this.isAsking || !this.address || document.hidden) return;
        this.isAsking = true;
        this.askedAt = Date.now();
        const address = this.address;
        try {
            const answer = await ask(`api/v1/backends/${encodeURIComponent(address)}`);
            if (address === this.address) Object.assign(this, { answer, trouble: null });
        } catch (error) {
            if (address === this.address) this.trouble = error.status === 404 ? "unlisted" : troubleText(error);
        }
        this.isAsking = false;
        if (address === this.address) this.draw();
        else void this.ask();
    },

    draw() {
        const view = byId("backend-view");
        if (view.hidden) return;
        show(view,
            h("p.back", { "data-key": "back" }, h("a", { href: "#/", "aria-keyshortcuts": "Escape" }, "‹ All backends")),
            h("h1.subject", { "data-key": "title", tabindex: "-1", id: "subject" },
                this.answer ? mark(stateOf(this.answer.backend)) : null, h("span", null, this.address)),
            ...this.contents());
        const slider = byId("moment");
        if (slider) this.place(slider);
    },

    contents() {
        const { answer, trouble } = this;
        if (trouble === "unlisted") {
            return [h("p.notice", { "data-key": "gone" }, mark("unknown"), h("span", null,
                "The director does not list this address", answer ? " any more; what is below is what was last known" : "", ".")),
                ...(answer ? this.sections() : [])];
        }
        if (!answer) return [h("p", { "data-key": "wait" }, trouble ? `Not loaded: ${trouble}. It is asked for again.` : "Loading…")];
        return this.sections();
    },

    sections() {
        const { backend, polls, history, events } = this.answer;
        // The daemon has the oldest first.
        const failed = [...this.answer.failed_polls].reverse();
        this.unfolded ??= failed.length > 0 ? nameOf(failed[0]) : "none";
        return [
            standing(backend),
            section("day", "Last 24 hours", dayChart(history)),
            section("polls", "Latest polls", polls.length > 0 ? pollTable(polls) : h("p.quietly", null, "No poll has ended yet.")),
            failed.length > 0 ? section("failed", "Failed polls, word for word", failed.map((poll) => failedPoll(poll, nameOf(poll) === this.unfolded))) : null,
            section("events", "Events", events.length > 0 ? eventList([...events].reverse(), false) : h("p.quietly", null, "Nothing has happened since dovemon started.")),
        ].filter(Boolean);
    },

    /// Reads out the step at which the slider stands.
    place(slider) {
        const { history } = this.answer;
        const last = history.states.length - 1;
        const step = Math.min(this.step ?? last, last);
        // It stands under the steps that there are, at the right.
        slider.style.width = `${(history.states.length / STEPS_OF_A_DAY) * 100}%`;
        if (Number(slider.value) !== step) slider.value = String(step);
        const text = stepText(history, step);
        slider.setAttribute("aria-valuetext", text);
        show(byId("reading"), text);
        const cursor = byId("cursor");
        const x = STEPS_OF_A_DAY - history.states.length + step + 0.5;
        cursor.setAttribute("d", `M${x} 0V100`);
        cursor.classList.toggle("is-off", this.step === null);
    },
};

function section(key, title, ...children) {
    return h("section.part", { "data-key": key, "aria-labelledby": `${key}-title` }, h("h2", { id: `${key}-title` }, title), ...children);
}

// --- Why it is so ----------------------------------------------------------------------------------------------------

const BY = { dovemon: "by this dovemon", others: "by others" };

function standing(backend) {
    const shown = stateOf(backend);
    const verdict =
        backend.healthy === true ? "healthy"
        : backend.healthy === false ? "faulty"
        : backend.failures > 0 ? "in doubt" : "not known yet";
    const change = backend.last_change;
    return h("section.standing", { "data-key": "standing", "aria-label": "State" },
        h(`p.verdict.is-${shown}`, null, h("strong", null, stateNamed(shown).word),
            stateDetail(backend) ? ` (${stateDetail(backend)})` : null),
        h("ul.remarks", null, remarks(backend).map((text) => h("li", null, text))),
        h("dl.facts", null,
            fact("Director lists it", backend.state ?? "not yet", backend.own_down ? " (taken down by this dovemon)" : null),
            fact("By its polls", verdict, backend.failures > 0 ? `: ${backend.failures} failed in a row, ${backend.needed} make it faulty` : null),
            fact("Last change", change ? [`${change.state}, `, when(change.time), ` ${BY[change.by] ?? change.by ?? ""}`, change.reason ? `: ${change.reason}` : null] : "none seen"),
            fact("Latency", backend.latency ? `median ${milliseconds(backend.latency.median_milliseconds)}, 99th percentile ${milliseconds(backend.latency.p99_milliseconds)} (last hour)` : "–"),
            fact("Tag", tagName(backend.tag)),
            fact("Users", grouped(backend.users)),
            fact("Vhosts", grouped(backend.vhosts)),
            fact("Next poll", !backend.next_poll_at ? "–" : Date.parse(backend.next_poll_at) <= daemonNow() ? "due" : ago(backend.next_poll_at))));
}

// --- Its day ---------------------------------------------------------------------------------------------------------

function stepText(history, index) {
    const letter = history.states[index];
    const [from, to] = spanOf(history, index);
    const latency = history.latency_milliseconds[index] ?? null;
    return `${hourAndMinute(from)}–${hourAndMinute(to)}: ${STATE_OF_LETTER[letter]?.inSentence ?? "not known"}`
        + (latency === null ? "" : `, ${milliseconds(latency)}`);
}

function dayChart(history) {
    if (history.states.length === 0) return h("p.quietly", null, "Nothing is known yet: dovemon has only just started.");
    const ceiling = ceilingOf(history.latency_milliseconds);
    const end = Date.parse(history.end);
    const axis = [24, 18, 12, 6, 0].map((hours) => h("span", null, hourAndMinute(end - hours * 3600 * SECOND)));
    return h("div.chart", null,
        h("p.summary", null, historyText(history)),
        h("div.plot", { id: "plot" },
            h("span.ceiling", { "aria-hidden": "true" }, `${grouped(ceiling)} ms`),
            svg("svg.latencies", { viewBox: "0 0 288 100", preserveAspectRatio: "none", "aria-hidden": "true" },
                svg("path.grid", { d: "M0 50H288M72 0V100M144 0V100M216 0V100", "vector-effect": "non-scaling-stroke" }),
                svg("path.line", { d: latencyPath(history.latency_milliseconds, 288, 100, ceiling), "vector-effect": "non-scaling-stroke" }),
                svg("path.cursor", { id: "cursor", "data-key": "cursor", "vector-effect": "non-scaling-stroke" })),
            stateBar(history)),
        h("div.axis", { "aria-hidden": "true" }, axis),
        h("label.moment", null, h("span.unseen", null, "Time of the day that is read out"),
            h("input", { type: "range", id: "moment", min: 0, max: history.states.length - 1, step: 1 })),
        h("p.reading", { id: "reading" }));
}

// --- Its polls -------------------------------------------------------------------------------------------------------

const PHASES = ["resolve", "connect", "tls", "greeting", "login", "command", "logout"];
const TLS_NAMES = { none: "", starttls: "STARTTLS", implicit: "TLS" };

const serviceName = (poll) => `${poll.protocol}:${poll.port}`;
const tlsName = (poll) => TLS_NAMES[poll.tls] ?? poll.tls;

function phasesOf(poll) {
    const known = Object.entries(poll.phases);
    return known.sort((a, b) => PHASES.indexOf(a[0]) - PHASES.indexOf(b[0]));
}

function phaseBar(phases) {
    const total = phases.reduce((sum, [, time]) => sum + time, 0) || 1;
    let left = 0;
    const parts = phases.map(([name, time]) => {
        const width = (time / total) * 100;
        const part = svg(`rect.phase.of-${name}`, { x: left.toFixed(2), y: 0, width: Math.max(0.3, width - 0.3).toFixed(2), height: 8 });
        left += width;
        return part;
    });
    return svg("svg.phases", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

const failureText = (failure) => [failure.phase, failure.kind, failure.code].filter(Boolean).join(" ") + `: ${failure.text}`;

/// One poll a row; the bar tells where its time went.
function pollTable(polls) {
    return h("table.polls", null,
        h("thead", null, h("tr", null, ["Service", "Result", "Time", "Phases", "When"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null, polls.map((poll) => h("tr", { "data-key": serviceName(poll) + poll.tls },
            h("th", { scope: "row" }, serviceName(poll), " ", h("span.detail", null, tlsName(poll))),
            h(`td.is-${poll.ok ? "up" : "down"}`, null, mark(poll.ok ? "up" : "down"), h("span.word", null, poll.ok ? "ok" : "failed")),
            h("td.number", null, milliseconds(poll.milliseconds)),
            h("td.wide", null, phaseBar(phasesOf(poll)),
                h("span.legend", null, phasesOf(poll).map(([name, time]) => h("span", null, h(`i.key.of-${name}`, { "aria-hidden": "true" }), `${name} ${milliseconds(time)}`))),
                poll.failure ? h("p.failure", null, failureText(poll.failure)) : null,
                poll.warnings.map((warning) => h("p.warning", null, `${warning.kind}: ${warning.text}`))),
            h("td", null, ago(poll.time))))));
}

/// What a failed poll is known by.
const nameOf = (poll) => `${poll.time} ${serviceName(poll)} ${poll.tls}`;

const SPEAKERS = { sent: "C:", received: "S:", event: "–" };
const SPEAKER_NAMES = { sent: "client", received: "server", event: "event" };

function transcriptLine(line) {
    return h(`li.is-${line.kind}`, null, h("span.at", null, milliseconds(line.milliseconds)), " ",
        h("abbr", { title: SPEAKER_NAMES[line.kind] ?? line.kind }, SPEAKERS[line.kind] ?? "–"), " ", h("span.said", null, line.text));
}

/// A failed poll and what was said in it; passwords were struck out by the daemon.
function failedPoll(poll, isOpen) {
    const { beginning, omitted, end } = poll.transcript ?? { beginning: [], omitted: 0, end: [] };
    return h("details.failed-poll", { "data-key": nameOf(poll), open: isOpen },
        h("summary", null, h("strong", null, serviceName(poll)), " ", when(poll.time), " ",
            h("span.failure", null, poll.failure ? failureText(poll.failure) : "")),
        h("ol.transcript", null, beginning.map(transcriptLine),
            omitted > 0 ? h("li.omitted", null, `${counted(omitted, "line")} left out`) : null,
            end.map(transcriptLine)));
}
