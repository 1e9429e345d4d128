"use strict";
/* The token goes in a header, so that no address, history or log has it. */
document.getElementById("form").addEventListener("submit", async (e) => {
	const field = document.getElementById("token"), said = document.getElementById("said");

	e.preventDefault();
	said.textContent = "";
	try {
		const r = await fetch("/login", { headers: { Authorization: "Bearer " + field.value } });

		if (r.ok) {
			location.replace("/");
			return;
		}
		said.textContent = "That is not the token.";
	} catch (_) {
		said.textContent = "Nobody answers.";
	}
	field.select();
});
