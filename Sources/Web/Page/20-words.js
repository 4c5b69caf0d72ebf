// Times, states and sentences: what the numbers mean, in words. Nothing here touches the page.

/// By how much the daemon's clock is ahead of the browser's, in milliseconds.
let clockOffset = 0;

const daemonNow = () => Date.now() + clockOffset;

const pad = (number) => String(number).padStart(2, "0");

/// The time of day in the browser's zone; with the date when it is not today.
function clockTime(time) {
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) return "–";
    const text = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
    const isToday = date.toDateString() === new Date(daemonNow()).toDateString();
    return isToday ? text : `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${text}`;
}

const hourAndMinute = (time) => clockTime(time).slice(-8, -3);

/// A length of time in its two largest units: "3 min", "2 h 10 min", "4 d".
function lengthOf(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    const minutes = Math.round(whole / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 && days < 10 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/// How long ago or ahead a time is, in one unit, so that it does not flicker.
function relative(time) {
    const seconds = (daemonNow() - Date.parse(time)) / 1000;
    if (Number.isNaN(seconds)) return "–";
    const far = Math.abs(seconds);
    const amount =
        far < 60 ? `${Math.round(far)} s`
        : far < 3600 ? `${Math.floor(far / 60)} min`
        : far < 172_800 ? `${Math.floor(far / 3600)} h`
        : `${Math.floor(far / 86_400)} d`;
    if (far < 3) return "now";
    return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

const utc = (time) => new Date(time).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");

/// A time as an element: relative to be read, absolute when it is pointed at.
function ago(time) {
    if (!time || Number.isNaN(Date.parse(time))) return "–";
    return h("time", { datetime: time, title: `${clockTime(time)} (${utc(time)})` }, relative(time));
}

/// Both ways to tell a time.
function when(time) {
    if (!time || Number.isNaN(Date.parse(time))) return "–";
    return h("time", { datetime: time, title: utc(time) }, `${clockTime(time)} (${relative(time)})`);
}

function milliseconds(value) {
    if (value === null || value === undefined) return "–";
    if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
    return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

const grouped = (number) => (number ?? 0).toLocaleString("en-US");
const counted = (number, one, many = one + "s") => `${grouped(number)} ${number === 1 ? one : many}`;
const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/// The states as the page shows them, the gravest first, with the letter that a history has for each.
const STATES = [
    { id: "down", letter: "d", word: "Down", inSentence: "down" },
    { id: "failing", letter: "f", word: "Failing", inSentence: "failing" },
    { id: "unknown", letter: ".", word: "Not known", inSentence: "not known yet" },
    { id: "maintenance", letter: "m", word: "Maintenance", inSentence: "in maintenance" },
    { id: "up", letter: "u", word: "Up", inSentence: "up" },
];
const GRAVITY = Object.fromEntries(STATES.map((state, index) => [state.id, index]));
const STATE_OF_LETTER = Object.fromEntries(STATES.map((state) => [state.letter, state]));
const stateNamed = (id) => STATES[GRAVITY[id]];

/// Which of the states a backend is in.
function stateOf(backend) {
    if (backend.maintenance) return "maintenance";
    if (backend.state === "down") return "down";
    if (backend.failures > 0 || backend.healthy === false) return "failing";
    return backend.state === "up" && backend.healthy === true ? "up" : "unknown";
}

/// What is behind the state, in as few words as a row has room for.
function stateDetail(backend) {
    switch (stateOf(backend)) {
    case "failing": return backend.guard ? "guarded" : backend.failures < backend.needed ? `${backend.failures} of ${backend.needed}` : "still listed up";
    case "down": return backend.healthy === true ? "polls well" : "";
    case "maintenance": return backend.state === "down" ? "and down" : backend.maintenance.drain ? (backend.vhosts === 0 ? "drained" : "draining") : "";
    case "up": return backend.slow_start ? "slow start" : "";
    default: return "";
    }
}

const HOLDS = {
    war: "another monitor, or a person, disagrees",
    flapping: "it goes up and down too often",
    not_own: "others took it down, and up_policy leaves it to them",
};

function holdText(hold) {
    const why = HOLDS[hold.kind] ?? hold.kind;
    return hold.seconds === null ? `stays down: ${why}` : `stays down for ${lengthOf(hold.seconds)}: ${why}`;
}

function maintenanceText(maintenance) {
    if (maintenance.kind === "weight") return "vhosts is 0: no commands are sent for it";
    const parts = [maintenance.reason ?? "in maintenance"];
    if (maintenance.by) parts.push(`by ${maintenance.by}`);
    if (maintenance.until) parts.push(`until ${clockTime(maintenance.until)}`);
    if (maintenance.drain) parts.push("vhosts set to 0");
    return parts.join(", ");
}

/// Everything that is to be said of a backend, the most important first.
function remarks(backend) {
    const texts = [];
    if (backend.maintenance) texts.push(maintenanceText(backend.maintenance));
    if (backend.guard) texts.push("HOST-DOWN is withheld by the pool guard");
    if (backend.reason) texts.push(backend.reason);
    if (backend.hold) texts.push(holdText(backend.hold));
    if (backend.slow_start) texts.push(`slow start: ${backend.slow_start.vhosts} of ${backend.slow_start.target} vhosts`);
    if (texts.length === 0 && backend.last_change?.reason && backend.state === "down") texts.push(backend.last_change.reason);
    return texts;
}

/// How a site is, in one sentence.
function headline(counts, total) {
    const parts = STATES.filter((state) => state.id !== "up" && counts[state.id] > 0)
        .map((state) => `${grouped(counts[state.id])} ${state.inSentence}`);
    if (parts.length === 0) return total === 1 ? "The backend is up" : `All ${grouped(total)} backends are up`;
    if (counts.up === 0 && parts.length === 1) {
        const [only] = STATES.filter((state) => counts[state.id] > 0);
        return total === 1 ? `The backend is ${only.inSentence}` : `All ${grouped(total)} backends are ${only.inSentence}`;
    }
    return `${parts.join(", ")} of ${counted(total, "backend")}`;
}

const tagName = (tag) => (tag === "" ? "no tag" : tag);
