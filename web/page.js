/* ---- events ---- */
const KEPT = 200; /* events on the page */
const held = [];  /* those that came while it is paused */
let paused = false, lastEvent = 0;

function eventLine(e) {
	const when = new Date(e.time), li = make("li");
	const did = e.observed ? "observed" : e.action || e.level;
	const who = e.source || e.site;
	const why = e.event === "more" ? `${e.more} more` : e.reason;
	const about = [["From", e.from], ["To", e.to], ["User-Agent", e.user_agent],
		["where", e.country && countryName(e.country)]]
		.filter(([, v]) => v).map(([k, v]) => `${k}: ${v}`).join(" · ");

	li.append(make("time", { datetime: e.time }, when.toLocaleTimeString([], { hour12: false })));
	if (e.event !== "notice")
		li.append(make("span", { class: "did " + (/^[a-z]+$/.test(did) ? did : "") }, did),
			make("span", { class: "who" }, who || ""),
			make("span", { class: "why" }, `${e.check || ""}${why ? ": " + why : ""}`));
	else
		li.append(make("span", {}, e.text));
	if (about)
		li.append(make("small", {}, about));
	return li;
}

function addEvents(list) {
	const lines = list.map((e) => {
		const li = eventLine(e);

		li.classList.add("new");
		return li;
	});

	$("events").prepend(...lines.reverse());
	while ($("events").children.length > KEPT)
		$("events").lastChild.remove();
}

function takeEvent(text, id) {
	const e = JSON.parse(text);

	lastEvent = id;
	countEvent(e);
	if (!paused) {
		held.push(e);
		requestAnimationFrame(flushEvents);
		return;
	}
	held.push(e);
	held.splice(0, held.length - KEPT);
	$("pause").textContent = `Go on (${held.length})`;
}

/* A burst is one change of the page. */
function flushEvents() {
	if (!paused && held.length)
		addEvents(held.splice(0));
}

function setPill(id, kind, words) {
	$(id).className = "pill " + kind;
	if ($(id).textContent !== words)
		$(id).textContent = words;
}

function follow() {
	const source = new EventSource("/api/events");

	source.onopen = () => setPill("live", "good", "live");
	source.onerror = () => {
		setPill("live", "warn", "waiting");
		if (source.readyState === EventSource.CLOSED)
			setTimeout(follow, 3000);
	};
	source.onmessage = (m) => takeEvent(m.data, m.lastEventId);
	source.addEventListener("gap", () => $("events").prepend(make("li", {},
		make("small", {}, "Some events in between are not shown."))));
}

/* ---- the head, and how it stands ---- */
function showFacts(reply) {
	const a = reply.answer || {}, facts = [];

	if (!reply.up)
		setPill("mode", "bad", "no daemon");
	else if (a.mode === "enforce")
		setPill("mode", "good", "enforcing");
	else
		setPill("mode", "warn", a.mode === "observe" ? "observing only" : a.mode || "…");
	if (a.version)
		facts.push(["Version", a.version]);
	if (a.started)
		facts.push(["Runs for", lasting(reply.now - a.started)]);
	if (a.generation)
		facts.push(["Configuration", "no. " + a.generation]);
	if (a.learning)
		facts.push(["Learns for", lasting(a.learning)]);
	$("facts").replaceChildren(...facts.map(([k, v]) =>
		make("div", {}, make("dt", {}, k), make("dd", {}, v))));
}

let saidAlarms = "";

/* Said anew only when they change: they are read aloud. */
function showAlarms(reply) {
	const list = reply.up ? (reply.answer && reply.answer.alarms || []).map((a) => a.text) :
		[reply.text + ". What is shown is what was known before."];

	if (list.join("\n") === saidAlarms)
		return;
	saidAlarms = list.join("\n");
	$("alarms").replaceChildren(...list.map((text) => make("p", {}, text)));
}

function showTiles(reply) {
	const a = reply.answer || {}, b = a.bans || {}, c = a.calls || {};
	const now = past.get(newest) || {};
	const tiles = [["Packets a second", rate(now.accepted + now.dropped)],
		["Dropped a second", rate(now.dropped)],
		["Sources banned", number(b.live4 + b.live6)],
		["Calls in progress", number(c.asked + c.ringing + c.answered)],
		["Phones registered", number(a.registrations)]];

	if ($("tiles").children.length !== tiles.length)
		$("tiles").replaceChildren(...tiles.map(([words]) => make("div", { class: "tile" },
			make("b"), make("span", {}, words))));
	tiles.forEach(([, value], i) => setCell($("tiles").children[i].firstChild, value));
}

/* ---- the rounds ---- */
const NOBODY = { up: false, text: "sipmoat web does not answer", answer: null };

/* Again and again, while somebody can see it. */
function every(seconds, path, take) {
	const go = async () => {
		try {
			if (!document.hidden)
				take(await ask(typeof path === "string" ? path : path())
					.catch(() => NOBODY));
		} finally {
			setTimeout(go, seconds * 1000);
		}
	};

	go();
}

function start() {
	chartSetup();
	mapSetup();
	$("find").addEventListener("input", showBans);
	$("pause").addEventListener("click", () => {
		paused = !paused;
		$("pause").setAttribute("aria-pressed", String(paused));
		$("pause").textContent = paused ? "Go on" : "Pause";
		flushEvents();
	});
	every(1, () => "/api/history?since=" + newest, (h) => {
		if (h.accepted)
			remember(h);
		drawChart();
	});
	every(2, "/api/stats", (reply) => {
		showChecks(reply);
		showTiles(reply);
		showFacts(reply);
	});
	every(2, "/api/status", showAlarms);
	every(3, "/api/bans", takeBans);
	every(3, "/api/calls", takeCalls);
	every(3, "/api/sources", showSources);
	setInterval(showBans, 1000);
	setInterval(showCalls, 1000);
	follow();
}

start();
