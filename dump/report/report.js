// SPDX-License-Identifier: GPL-2.0-only
// Without this the page has everything, too; with it the log can be searched.
(function () {
	"use strict";
	const form = document.getElementById("filter");
	const lines = Array.from(document.querySelectorAll("#log li"));

	function filter() {
		const text = document.getElementById("find").value.toLowerCase();
		const level = Number(document.getElementById("level").value);
		let shown = 0;

		for (const line of lines) {
			const wanted = (line.dataset.level || 0) <= level && line.textContent.toLowerCase().includes(text);

			line.hidden = !wanted;
			shown += wanted;
		}
		document.getElementById("found").value = shown === lines.length ? "" : shown + " of " + lines.length + " lines";
	}

	if (!lines.length)
		return;
	form.hidden = false;
	form.addEventListener("input", filter);
	form.addEventListener("submit", function (event) {
		event.preventDefault();
	});
	filter();

	// The log is long: begin where it matters.
	const list = document.querySelector(".log");
	const cause = list.querySelector(".cause");

	list.scrollTop = (cause ? cause.offsetTop : list.scrollHeight) - list.clientHeight / 3;
}());
