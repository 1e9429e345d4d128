/* ---- where sources are ---- */
const NORTH = 84, SOUTH = -58;
const middles = new Map(MIDDLE.split(/\s+/).map((row) => {
	const [code, lon, lat] = row.split(",");

	return [code, [+lon, +lat]];
}));
let spots = null;

const outline = (text) => "M" + text.trim().split(" ").map((p) => {
	const [lon, lat] = p.split(",");

	return `${+lon + 180} ${NORTH - lat}`;
}).join("L") + "Z";

function mapSetup() {
	spots = draw("g");
	$("map").replaceChildren(draw("svg", { viewBox: `0 0 360 ${NORTH - SOUTH}`, role: "img",
		"aria-label": "Map of the countries that the table lists" },
		draw("path", { class: "land", d: LAND.trim().split("\n").map(outline).join("") }),
		draw("path", { class: "sea", d: outline(SEA) }), spots));
}

function countryName(code) {
	try {
		return new Intl.DisplayNames("en", { type: "region" }).of(code) || code;
	} catch (_) {
		return code;
	}
}

/* list: [code, count], the largest first.  Areas are as the counts. */
function drawSpots(list) {
	const most = list.length ? list[0][1] : 1;

	spots.replaceChildren(...list.filter(([code]) => middles.has(code)).map(([code, n]) => {
		const [lon, lat] = middles.get(code);

		return draw("circle", { class: "spot", cx: lon + 180, cy: NORTH - lat,
			r: (1.6 + 7 * Math.sqrt(n / most)).toFixed(1) },
			draw("title", {}, countryName(code) + ": " + number(n)));
	}));
}
