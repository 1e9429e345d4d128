/* What is written on the page goes through these: as text, never as markup. */
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function fill(el, props, ...kids) {
	for (const [k, v] of Object.entries(props || {}))
		if (v !== undefined && v !== null)
			el.setAttribute(k, v);
	for (const kid of kids)
		if (kid !== undefined && kid !== null)
			el.append(kid instanceof Node ? kid : shown(kid));
	return el;
}
const make = (tag, props, ...kids) => fill(document.createElement(tag), props, ...kids);
const draw = (tag, props, ...kids) => fill(document.createElementNS(SVG, tag), props, ...kids);

/* Letters that turn writing around, or that nobody sees, are shown as what they are. */
function shown(value) {
	return String(value).replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu,
		(c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const brief = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const number = (n) => Number.isFinite(n) ? (n < 1e5 ? whole : brief).format(n) : "–";
const rate = (n) => !Number.isFinite(n) ? "–" : n && n < 10 ? n.toFixed(1) : number(n);

/* 93784 -> "1 d 2 h": the two largest parts. */
function lasting(seconds) {
	const parts = [];
	let left = Math.max(0, Math.floor(seconds));

	if (!Number.isFinite(left))
		return "–";
	for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
		const n = Math.floor(left / size);

		left -= n * size;
		if (n || (unit === "s" && !parts.length))
			parts.push(n + " " + unit);
	}
	return parts.slice(0, 2).join(" ");
}

/* Asks for JSON; rejects when nobody answers. */
async function ask(path) {
	const r = await fetch(path, { signal: AbortSignal.timeout(10000) });

	if (r.status === 401) {
		location.reload();
		return new Promise(() => {});
	}
	if (!r.ok)
		throw new Error("status " + r.status);
	return r.json();
}
