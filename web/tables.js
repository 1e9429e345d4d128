/* ---- tables, which change in place: what is marked or scrolled to stays so ---- */

/* A cell is a text, or [text, class]; the first of a row is its heading. */
function setCell(el, cell) {
	const [text, kind] = Array.isArray(cell) ? cell : [cell, ""];
	const words = shown(text === undefined || text === null ? "" : text);

	if (el.textContent !== words)
		el.textContent = words;
	if (el.className !== (kind || ""))
		el.className = kind || "";
}

function setRow(tr, row) {
	if (tr.children.length !== row.length)
		tr.replaceChildren(...row.map((_, i) => i ? make("td") :
			make("th", { scope: "row" })));
	row.forEach((cell, i) => setCell(tr.children[i], cell));
}

/* heads: [text, class]; none: what to say instead of no rows. */
function setTable(id, heads, rows, none) {
	const table = $(id);
	let body = table.tBodies[0];

	if (!body) {
		table.append(make("thead", {}, make("tr", {}, ...heads.map(([text, kind]) =>
			make("th", { scope: "col", class: kind }, text)))));
		body = table.appendChild(make("tbody"));
	}
	if (!rows.length) {
		if (body.dataset.none !== none)
			body.replaceChildren(make("tr", {}, make("td", { class: "none",
				colspan: heads.length }, none)));
		body.dataset.none = none;
		return;
	}
	if (body.dataset.none !== undefined) {
		delete body.dataset.none;
		body.replaceChildren();
	}
	while (body.rows.length > rows.length)
		body.lastChild.remove();
	rows.forEach((row, i) => setRow(body.rows[i] || body.appendChild(make("tr")), row));
}

/* What the daemon says of itself when it has no list to give. */
function without(reply, what) {
	if (!reply || !reply.up)
		return "No word from sipmoatd.";
	return reply.answer && !reply.answer.ok ? reply.answer.text : what;
}

/* ---- checks ---- */
const STOPPED = ["dropped", "rejected", "deceived", "cut"];
const PASSED = ["observed", "approved", "marked", "alerted"];
const sum = (row, keys) => keys.reduce((n, k) => n + (row[k] || 0), 0);

function showChecks(reply) {
	const list = (reply.answer && reply.answer.checks || [])
		.map((c) => ({ ...c, stopped: sum(c, STOPPED), passed: sum(c, PASSED) }))
		.filter((c) => c.stopped + c.passed)
		.sort((a, b) => b.stopped + b.passed - a.stopped - a.passed);

	setTable("checks", [["Check"], ["Found", "n"], ["Stopped", "n"], ["Would be", "n"],
			    ["Told, passed", "n"]],
		list.map((c) => [c.check, [number(c.stopped + c.passed), "n"], [number(c.stopped), "n"],
			[number(c.observed), "n"], [number(c.passed - (c.observed || 0)), "n"]]),
		without(reply, "No check has found anything since the start."));
}

/* ---- bans ---- */
let bans = [], bansReply = null;

function banLeft(b) {
	if (b.seconds === undefined)
		return "for good";
	return lasting(b.until - Date.now() / 1000);
}

function showBans() {
	const find = $("find").value.trim().toLowerCase();
	const list = bans.filter((b) => !find || [b.who, b.state, b.check, b.note]
		.some((t) => t && String(t).toLowerCase().includes(find)));
	const total = bansReply && bansReply.answer && bansReply.answer.total || 0;

	setTable("bans", [["Who"], ["Is"], ["Time left", "n"], ["By"], ["Proven"], ["Times", "n"],
			  ["Why"]],
		list.map((b) => [[b.who, "name"], [b.state, "state " + (b.state === "allowed" ?
			"allowed" : "banned")], [banLeft(b), "n"],
			b.check || (b.since ? "user " + b.uid : "nft"), b.proven ? "yes" : "",
			[b.times || "", "n"], [b.note, "text"]]),
		without(bansReply, find ? "None of them has that." : "Nobody is banned or allowed."));
	$("bans-more").textContent = total > bans.length ?
		`${number(total - bans.length)} more: sipmoat bans lists all.` : "";
}

function takeBans(reply) {
	const now = Date.now() / 1000;

	bansReply = reply;
	bans = (reply.answer && reply.answer.bans || []).map((b) =>
		({ ...b, until: now - (reply.now - reply.at) + (b.seconds || 0) }));
	bans = bans.filter((b) => b.seconds === undefined || b.until > now);
	showBans();
}

/* ---- calls ---- */
let calls = [], callsReply = null;

/* Those that go on get longer while one looks. */
const callTime = (c) => !c.answered ? "" :
	lasting(c.ended ? c.seconds : Date.now() / 1000 - c.since);

function showCalls() {
	setTable("calls", [["State"], ["From"], ["To"], ["Time", "n"], ["Cost", "n"], ["Source"],
			   ["Where"]],
		calls.map((c) => [[c.state, "state " + (c.ended ? "" : "allowed")],
			[c.user || c.from, "name"], [c.number || c.to, "name"], [callTime(c), "n"],
			[Number.isFinite(c.cost) ? c.cost.toFixed(2) : "", "n"], [c.source, "name"],
			c.country && countryName(c.country)]),
		without(callsReply, "Nobody is on the phone."));
}

function takeCalls(reply) {
	callsReply = reply;
	calls = (reply.answer && reply.answer.calls || []).map((c) =>
		({ ...c, since: Date.now() / 1000 - (reply.now - reply.at) - c.seconds }));
	showCalls();
}

/* ---- sources, and where they are ---- */
const found = new Map(); /* site -> findings among the events that this page has had */

function countEvent(e) {
	const n = e.event === "more" ? e.more : 1;

	if (!e.site || !Number.isFinite(n))
		return;
	found.set(e.site, (found.get(e.site) || 0) + n);
	if (found.size > 5000)
		found.delete(found.keys().next().value);
}

/* Whom the servers know is at home; the others are counted. */
const isStranger = (s) => s.state === "banned" ||
	(s.state !== "allowed" && !s.partner && s.standing !== "registered");

function showCountries(reply, list) {
	const all = new Map();

	for (const s of list.filter((x) => x.country && isStranger(x))) {
		const c = all.get(s.country) || { code: s.country, n: 0, banned: 0 };

		c.n++;
		c.banned += s.state === "banned" ? 1 : 0;
		all.set(s.country, c);
	}
	const rows = [...all.values()].sort((a, b) => b.n - a.n || b.banned - a.banned);

	setTable("countries", [["Country"], ["Strangers", "n"], ["Banned", "n"]],
		rows.map((c) => [countryName(c.code), [number(c.n), "n"], [number(c.banned), "n"]]),
		without(reply, "No source's country is known: see geo.country."));
	drawSpots(rows.map((c) => [c.code, c.n]));
}

function showSources(reply) {
	const list = (reply.answer && reply.answer.sources || [])
		.map((s) => ({ ...s, found: found.get(s.source) || 0 }));
	const weight = (s) => (isStranger(s) ? 1e9 : 0) + s.found * 1e3 + (+s.rate || 0) * 10 +
		(+s.score || 0);
	const top = [...list].sort((a, b) => weight(b) - weight(a)).slice(0, 50);

	setTable("sources", [["Source"], ["Where"], ["Is"], ["Found", "n"], ["A second", "n"],
			     ["Bans", "n"]],
		top.map((s) => [[s.source, "name"], s.country && countryName(s.country),
			[s.state || s.standing, "state " + (s.state === "banned" ? "banned" :
				isStranger(s) ? "" : "allowed")], [s.found || "", "n"],
			[s.rate ? rate(+s.rate) : "", "n"], [s.bans || "", "n"]]),
		without(reply, "No source has proven, or was refused, anything."));
	showCountries(reply, list);
}
