/* ---- what became of packets, over time ---- */
const SERIES = [
	["passed", "passed", (s) => s.accepted - s.observed],
	["observed", "would be dropped", (s) => s.observed],
	["dropped", "dropped", (s) => s.dropped],
	["answered", "of these, answered", (s) => s.answered],
];
const HIGH = 220, LEFT = 46, LOW = 22, POINTS = 300;
const past = new Map(); /* second -> counts; null: nobody knows */
let newest = 0, shownSeconds = 300, cursor = null, wide = 960;

/* Answers of /api/history, which begin where the last one ended. */
function remember(h) {
	const n = h.accepted.length;

	if (n && h.from + n - 1 < newest - 1)
		past.clear(); /* its clock was set back */
	for (let i = 0; i < n; i++)
		past.set(h.from + i, h.accepted[i] === null ? null : {
			accepted: h.accepted[i], dropped: h.dropped[i],
			answered: h.answered[i], observed: h.observed[i],
		});
	newest = n ? h.from + n - 1 : newest;
	for (const at of past.keys())
		if (at <= newest - 3600)
			past.delete(at);
}

/* The mean of `step` seconds that end there; null: nothing is known of them. */
function mean(end, step, value) {
	let sum = 0, n = 0;

	for (let at = end - step + 1; at <= end; at++) {
		const s = past.get(at);

		if (s) {
			sum += value(s);
			n++;
		}
	}
	return n ? sum / n : null;
}

/* 0 to max in steps that people count in. */
function ticks(max) {
	const raw = Math.max(max, 1) / 4, ten = 10 ** Math.floor(Math.log10(raw));
	const step = Math.max(1, [1, 2, 5, 10].find((f) => f * ten >= raw) * ten);

	return Array.from({ length: Math.ceil(Math.max(max, 1) / step) + 1 }, (_, i) => i * step);
}

function chartPoints() {
	const step = Math.max(1, Math.round(shownSeconds / POINTS));
	const last = Math.floor(newest / step) * step, n = Math.floor(shownSeconds / step);

	return Array.from({ length: n }, (_, i) => {
		const at = last - (n - 1 - i) * step;

		return { at, values: SERIES.map(([, , value]) => mean(at, step, value)) };
	});
}

function line(points, s, x, y, closed) {
	let d = "", run = 0;

	points.forEach((p, i) => {
		const v = p.values[s];

		if (v === null) {
			d += closed && run ? `L${x(i - 1)} ${y(0)}Z` : "";
			run = 0;
			return;
		}
		d += run ? "" : closed ? `M${x(i)} ${y(0)}` : "";
		d += `${run || closed ? "L" : "M"}${x(i)} ${y(v)}`;
		run++;
	});
	return d + (closed && run ? `L${x(points.length - 1)} ${y(0)}Z` : "");
}

function clock(at) {
	return new Date(at * 1000).toLocaleTimeString([], { hour12: false });
}

function drawChart() {
	const points = chartPoints(), steps = ticks(Math.max(0, ...points.flatMap((p) => p.values)));
	const top = steps[steps.length - 1], n = points.length;
	const x = (i) => (LEFT + i * (wide - LEFT - 8) / (n - 1)).toFixed(1);
	const y = (v) => (8 + (HIGH - LOW - 8) * (1 - v / top)).toFixed(1);
	const svg = draw("svg", { viewBox: `0 0 ${wide} ${HIGH}`, role: "img", "aria-label":
		"Packets a second over the last " + lasting(shownSeconds) });

	for (const v of steps)
		svg.append(draw("line", { class: "grid", x1: LEFT, x2: wide - 8, y1: y(v), y2: y(v) }),
			draw("text", { x: LEFT - 6, y: +y(v) + 4, "text-anchor": "end" }, number(v)));
	for (let k = 0, parts = wide < 500 ? 2 : 4; k <= parts; k++) {
		const i = Math.round(k * (n - 1) / parts);

		svg.append(draw("text", { x: x(i), y: HIGH - 5, "text-anchor":
			k === 0 ? "start" : k === parts ? "end" : "middle" }, newest ? clock(points[i].at) : ""));
	}
	SERIES.forEach(([name], s) =>
		svg.append(draw("path", { class: "area " + name, fill: "none",
			d: line(points, s, x, y, name === "passed") })));
	if (cursor !== null)
		svg.append(draw("line", { class: "cursor", x1: x(n - 1 - cursor), x2: x(n - 1 - cursor),
			y1: 8, y2: HIGH - LOW }));
	$("chart").replaceChildren(svg);
	readChart(points);
}

/* What stands at the cursor, or now: it is the legend, too. */
function readChart(points) {
	const p = points[points.length - 1 - (cursor || 0)];

	$("chart-read").setAttribute("aria-live", cursor === null ? "off" : "polite");
	$("chart-read").replaceChildren(make("span", {}, cursor === null ? "now" : clock(p.at)),
		...SERIES.map(([name, words], s) => make("span", { class: "key " + name },
			words + " " + (p.values[s] === null ? "–" : rate(p.values[s])))));
}

function moveCursor(to) {
	const most = chartPoints().length - 1;

	cursor = to === null ? null : Math.min(most, Math.max(0, to));
	drawChart();
}

function chartSetup() {
	$("chart").addEventListener("keydown", (e) => {
		const jump = { ArrowLeft: 1, ArrowRight: -1, PageUp: 20, PageDown: -20 }[e.key];

		if (e.key === "Escape" || e.key === "End")
			moveCursor(null);
		else if (jump)
			moveCursor((cursor || 0) + jump);
		else
			return;
		e.preventDefault();
	});
	$("chart").addEventListener("pointermove", (e) => {
		const box = $("chart").getBoundingClientRect(), n = chartPoints().length;
		const part = ((e.clientX - box.left) / box.width * wide - LEFT) / (wide - LEFT - 8);

		moveCursor(Math.round((1 - part) * (n - 1)));
	});
	$("chart").addEventListener("pointerleave", () => moveCursor(null));
	$("span").addEventListener("change", (e) => {
		shownSeconds = +e.target.value;
		moveCursor(null);
	});
	new ResizeObserver(([e]) => {
		wide = Math.max(240, Math.round(e.contentRect.width));
		drawChart();
	}).observe($("chart"));
}
