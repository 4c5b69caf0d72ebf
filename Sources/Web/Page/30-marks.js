// What is drawn: a mark for each state, the bar of a day's states, the line of latencies.

// Each has a shape of its own, so that no state is told by its colour alone.
const SHAPES = {
    up: "M3.2 8.6 6.4 11.8 12.8 4.8",
    failing: "M8 2.2 14.6 13.8H1.4ZM8 6.4V9.6M8 11.4V12.2",
    down: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5",
    maintenance: "M5.4 3V13M10.6 3V13",
    unknown: "M5.4 5.8A2.7 2.7 0 1 1 8.9 8.3Q8 8.7 8 9.9M8 12.2V13",
};

function mark(state) {
    return svg(`svg.mark.is-${state}`, { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
        svg("path", { d: SHAPES[state] }));
}

/// The runs of equal states in a history: [{letter, from, to}], `to` not included.
function runsOf(states) {
    const runs = [];
    for (let index = 0; index < states.length; index += 1) {
        const last = runs.at(-1);
        if (last && last.letter === states[index]) last.to = index + 1;
        else runs.push({ letter: states[index], from: index, to: index + 1 });
    }
    return runs;
}

const STEPS_OF_A_DAY = 288;

// The graver, the higher: the shape tells what the colour does.
const HEIGHTS = { u: 9, f: 15, d: 20, m: 12, ".": 2 };

/// The bar of a backend's states: the last 24 hours, the newest at the right.
function stateBar(history) {
    const first = STEPS_OF_A_DAY - history.states.length;
    const paths = {};
    for (const { letter, from, to } of runsOf(history.states)) {
        const top = 20 - (HEIGHTS[letter] ?? 2);
        // Five minutes of trouble would be less than a pixel wide.
        const width = letter === "d" || letter === "f" ? Math.max(2.5, to - from) : to - from;
        const left = Math.min(first + from, STEPS_OF_A_DAY - width);
        paths[letter] = `${paths[letter] ?? ""}M${left} ${top}h${width}V20H${left}Z`;
    }
    return svg("svg.bar", { viewBox: "0 0 288 20", preserveAspectRatio: "none", role: "img", "aria-label": historyText(history) },
        Object.entries(paths).sort((a, b) => (HEIGHTS[a[0]] ?? 2) - (HEIGHTS[b[0]] ?? 2)).map(([letter, d]) => svg(`path.fill-${STATE_OF_LETTER[letter]?.id ?? "unknown"}`, { d, "data-key": letter })));
}

/// From when to when a step of a history goes: the last one ends in the time to come, the first began before dovemon did.
function spanOf(history, index) {
    const end = Date.parse(history.end) - (history.states.length - 1 - index) * history.step_seconds * SECOND;
    const to = Math.min(end, daemonNow());
    return [Math.min(to, Math.max(end - history.step_seconds * SECOND, Date.parse(feed.status?.started_at) || 0)), to];
}

/// A history in words: "Last 24 hours: down 25 min, up 23 h 35 min".
function historyText(history) {
    const seconds = {};
    for (const letter of history.states) seconds[letter] = (seconds[letter] ?? 0) + history.step_seconds;
    // All others are whole.
    for (const index of new Set([0, history.states.length - 1].filter((each) => history.states[each]))) {
        const [from, to] = spanOf(history, index);
        seconds[history.states[index]] -= history.step_seconds - (to - from) / SECOND;
    }
    const parts = STATES.filter((state) => seconds[state.letter] !== undefined)
        .map((state) => `${state.inSentence} ${lengthOf(seconds[state.letter])}`);
    const hours = Object.values(seconds).reduce((sum, each) => sum + each, 0) / 3600;
    return `Last ${hours >= 1 ? `${Math.round(hours)} h` : lengthOf(hours * 3600)}: ${parts.join(", ")}`;
}

/// A round number above all latencies: 1, 2 or 5, and zeros.
function ceilingOf(latencies) {
    const largest = Math.max(1, ...latencies.filter((value) => value !== null));
    const unit = 10 ** Math.floor(Math.log10(largest));
    return unit * [1, 2, 5, 10].find((factor) => factor * unit >= largest);
}

/// A path through the latencies, with gaps where there is none, in a box of `width` and `height`.
function latencyPath(latencies, width, height, ceiling) {
    const step = width / STEPS_OF_A_DAY;
    const first = STEPS_OF_A_DAY - latencies.length;
    let path = "";
    let isOpen = false;
    latencies.forEach((value, index) => {
        if (value === null) {
            isOpen = false;
            return;
        }
        const x = ((first + index + 0.5) * step).toFixed(1);
        const y = (height - (value / ceiling) * (height - 2) - 1).toFixed(1);
        // A point that stands alone would not be seen.
        path += isOpen ? `L${x} ${y}` : `M${x} ${y}h.1`;
        isOpen = true;
    });
    return path;
}

function sparkline(history) {
    const path = latencyPath(history.latency_milliseconds, 288, 20, ceilingOf(history.latency_milliseconds));
    return svg("svg.spark", { viewBox: "0 0 288 20", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("path", { d: path, "vector-effect": "non-scaling-stroke" }));
}
