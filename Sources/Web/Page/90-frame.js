// The page's frame: its colours, its title, how fresh it is, and what is said aloud.

// --- Light and dark --------------------------------------------------------------------------------------------------

const THEMES = ["auto", "light", "dark"];

const theme = {
    now: "auto",

    start() {
        try {
            this.choose(localStorage.getItem("dovemon-theme") ?? "auto");
        } catch {
            // A browser that keeps nothing for this page: the system's choice it is.
            this.choose("auto");
        }
        byId("theme").addEventListener("click", () => {
            this.choose(THEMES[(THEMES.indexOf(this.now) + 1) % THEMES.length]);
            try {
                localStorage.setItem("dovemon-theme", this.now);
            } catch {
                return;
            }
        });
    },

    choose(name) {
        this.now = THEMES.includes(name) ? name : "auto";
        document.documentElement.setAttribute("data-theme", this.now);
        show(byId("theme"), h("span.unseen", null, "Colours: "), h("span.swatch", { "aria-hidden": "true" }), capitalized(this.now));
    },
};

// --- How fresh it is -------------------------------------------------------------------------------------------------

function drawTitle() {
    const down = feed.status?.backends.filter((backend) => stateOf(backend) === "down").length ?? 0;
    const subject = view.name === "backend" ? `${view.address} – ` : view.name === "events" ? "Events – " : "";
    const title = `${feed.silence() !== null ? "(?) " : down > 0 ? `(${grouped(down)} down) ` : ""}${subject}dovemon – ${location.host}`;
    if (document.title !== title) document.title = title;
    const colour = feed.silence() !== null || !feed.status ? "%236e7781" : down > 0 ? "%23cf222e" : "%231a7f37";
    const icon = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${colour}'/></svg>`;
    if (byId("icon").getAttribute("href") !== icon) byId("icon").setAttribute("href", icon);
}

/// How fresh what is shown is; said aloud once, when an answer stays away.
function drawFreshness() {
    const silence = feed.silence();
    const banner = byId("banner");
    const asked = feed.nextAt === null ? "It is asked now."
        : `It is asked again in ${Math.max(1, Math.round((feed.nextAt - Date.now()) / SECOND))} s.`;
    document.body.classList.toggle("is-stale", silence !== null);
    if (silence !== null) {
        const from = feed.answeredAt === null ? "there is nothing to show yet"
            : `what you see is from ${clockTime(feed.answeredAt + clockOffset)}`;
        show(banner, mark("failing"),
            // What counts the seconds is not for the ears: it would be said anew each second.
            h("p.unseen", { role: "alert" }, `No answer from dovemon: ${from}.`),
            h("p", { "aria-hidden": "true" }, h("strong", null, `No answer from dovemon since ${lengthOf(silence)}`), `: ${from}. `,
                h("span.detail", null, `${capitalized(feed.trouble || "no answer yet")}. ${asked}`)),
            h("button", { type: "button", id: "ask-now" }, "Ask now"));
    }
    showBanner(silence !== null);
    show(byId("freshness"), silence !== null ? "Not up to date"
        : feed.answeredAt === null ? "Loading…" : ["Live ", h("span.at", null, clockTime(feed.answeredAt + clockOffset))]);
    drawTitle();
}

/// Shows or hides the banner; what stands below it stays where it is, unless that is the page's very beginning.
function showBanner(isShown) {
    const banner = byId("banner");
    if (banner.hidden !== isShown) return;
    // Elsewhere than in the list, the browser sees to it.
    const mayMove = view.name !== "list" || (window.scrollY === 0 && !list.isInUse());
    const before = banner.offsetHeight;
    banner.hidden = !isShown;
    const height = banner.offsetHeight;
    document.documentElement.style.setProperty("--banner", `${height}px`);
    if (!mayMove) window.scrollBy(0, height - before);
    list.drawRows();
}

function drawAbout() {
    const { status } = feed;
    if (!status) return;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    show(byId("about"), `dovemon ${status.version}, running since `, when(status.started_at), `. Times are in ${zone}.`);
}

// --- What has changed, said once -------------------------------------------------------------------------------------

let toldStates = null;

function tell(status) {
    const states = new Map(status.backends.map((backend) => [backend.address, stateOf(backend)]));
    if (toldStates !== null) {
        const changed = status.backends.filter((backend) => toldStates.has(backend.address) && toldStates.get(backend.address) !== states.get(backend.address));
        for (const backend of changed) histories.outdate(backend.address);
        const byState = new Map();
        for (const backend of changed) byState.set(states.get(backend.address), (byState.get(states.get(backend.address)) ?? 0) + 1);
        const texts = changed.length <= 3
            ? changed.map((backend) => [`${backend.address} is ${stateNamed(stateOf(backend)).inSentence}`, ...remarks(backend).slice(0, 1)].join(": "))
            : [`${grouped(changed.length)} backends have changed: ` + [...byState].map(([state, count]) => `${grouped(count)} ${stateNamed(state).inSentence}`).join(", ")];
        if (texts.length > 0) byId("told").replaceChildren(...texts.map((text) => h("span", null, `${text}. `)));
    }
    toldStates = states;
}
