// What the daemon is asked, and what is kept of its answers. Its paths are relative: a proxy may have it elsewhere than at /.

const SECOND = 1000;
const FULL_EVERY = 30 * SECOND;
const ANSWER_WITHIN = 10 * SECOND;
const LONGEST_PAUSE = 15 * SECOND;

/// Answers with the parsed JSON, or throws what is wrong as one line for people.
async function ask(path, headers = {}) {
    const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN) });
    if (answer.status === 304) return null;
    if (!answer.ok) throw Object.assign(new Error(`the answer is ${answer.status}`), { status: answer.status });
    return answer.json().then((body) => Object.assign(body, { etag: answer.headers.get("etag") }));
}

function troubleText(error) {
    if (error.name === "TimeoutError") return `no answer within ${ANSWER_WITHIN / SECOND} s`;
    if (error.status) return error.message;
    return error instanceof SyntaxError ? "the answer is no JSON" : "no connection";
}

/// The status, asked for again and again: each second, less often when nobody answers, not while nobody looks.
const feed = {
    status: null,
    /// When the daemon last answered, by the browser's clock.
    answeredAt: null,
    /// Since when somebody has been looking.
    seenSince: Date.now(),
    askedAt: 0,
    failures: 0,
    trouble: "",
    nextAt: null,
    etag: null,
    fullAt: 0,
    timer: null,
    isAsking: false,
    onAnswer: () => {},
    onTrouble: () => {},

    start() {
        document.addEventListener("visibilitychange", () => {
            if (document.hidden) clearTimeout(this.timer);
            else this.seenSince = Date.now();
            if (!document.hidden) this.askNow();
        });
        this.askNow();
    },

    askNow() {
        clearTimeout(this.timer);
        if (!this.isAsking) void this.ask();
    },

    async ask() {
        this.isAsking = true;
        this.nextAt = null;
        const begun = Date.now();
        this.askedAt = begun;
        // Latencies alone are no news to If-None-Match.
        const isFull = begun - this.fullAt >= FULL_EVERY;
        try {
            const status = await ask("api/v1/status", isFull || !this.etag ? {} : { "If-None-Match": this.etag });
            this.answeredAt = Date.now();
            this.failures = 0;
            if (status) {
                // Another dovemon has another page.
                if (this.status && this.status.version !== status.version) location.reload();
                this.fullAt = begun;
                this.etag = status.etag;
                this.status = status;
                clockOffset = Date.parse(status.time) - Date.now() || 0;
            }
            this.onAnswer(status !== null);
        } catch (error) {
            this.failures += 1;
            this.trouble = troubleText(error);
            this.onTrouble();
        }
        this.isAsking = false;
        // A large site's answer takes its time: the page asks no more than half of it.
        const pause = this.failures > 0
            ? Math.min(LONGEST_PAUSE, SECOND * 2 ** (this.failures - 1))
            : Math.max(SECOND, Date.now() - begun);
        this.nextAt = Date.now() + pause;
        if (!document.hidden) this.timer = setTimeout(() => this.askNow(), pause);
    },

    /// For how many seconds nobody has answered, when that is worth a word; null otherwise.
    silence() {
        // What was not asked for while the tab was hidden, or the machine slept, is no silence.
        if (this.failures === 0 && !(this.isAsking && Date.now() - this.askedAt >= 3 * SECOND)) return null;
        const from = this.failures > 0 ? (this.answeredAt ?? this.seenSince) : Math.max(this.answeredAt ?? 0, this.seenSince);
        const seconds = (Date.now() - from) / SECOND;
        return seconds >= 3 ? seconds : null;
    },
};

/// The histories of the rows that are in sight: in few requests, each kept for a minute, never too many.
const histories = {
    known: new Map(),
    wanted: new Set(),
    isAsking: false,
    timer: null,
    onAnswer: () => {},

    /// The history of a backend, also an old one; null as long as there is none.
    of: (address) => histories.known.get(address)?.history ?? null,

    /// Something has happened to it: what is known is shown until it is asked for again.
    outdate(address) {
        const known = this.known.get(address);
        if (known) known.at = 0;
    },

    /// Sees to it that these are there soon.
    want(addresses) {
        const now = Date.now();
        this.wanted = new Set(addresses.filter((address) => {
            const known = this.known.get(address);
            return !known || now - known.at > 60 * SECOND;
        }));
        // While rows fly past, nothing is asked for.
        clearTimeout(this.timer);
        if (this.wanted.size > 0) this.timer = setTimeout(() => this.ask(), 120);
    },

    async ask() {
        if (this.isAsking || this.wanted.size === 0 || document.hidden) return;
        this.isAsking = true;
        // So few fit a request line, also with IPv6's addresses.
        const addresses = [...this.wanted].slice(0, 40);
        try {
            const query = addresses.map((address) => `backend=${encodeURIComponent(address)}`).join("&");
            const answer = await ask(`api/v1/history?${query}`);
            for (const address of addresses) {
                this.known.delete(address);
                this.known.set(address, { at: Date.now(), history: answer.histories[address] ?? null });
                this.wanted.delete(address);
            }
            for (const address of this.known.keys()) {
                if (this.known.size <= 400) break;
                this.known.delete(address);
            }
            this.onAnswer();
        } catch {
            // The status tells of a daemon that is silent; the next row that is drawn asks again.
            this.wanted.clear();
        }
        this.isAsking = false;
        if (this.wanted.size > 0) void this.ask();
    },
};
