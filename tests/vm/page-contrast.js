// SPDX-License-Identifier: GPL-2.0-only
// Appended to a page: makes its title the scheme of colours and the lowest contrast that a text has, by WCAG's formula.
(function () {
	"use strict";
	let worst = { ratio: 21, what: "no text" };

	function parse(colour) {
		const n = colour.match(/[\d.]+/g).map(Number);

		return { rgb: n.slice(0, 3), opaque: n.length < 4 || n[3] === 1 };
	}

	function luminance(rgb) {
		const [r, g, b] = rgb.map(function (c) {
			c /= 255;
			return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
		});

		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	}

	// Texts of a picture lie on the box before them, where there is one.
	function background(element) {
		const box = element.tagName === "text" && element.parentElement.querySelector("rect");

		if (box)
			return parse(getComputedStyle(box).fill).rgb;
		for (; element; element = element.parentElement) {
			const colour = parse(getComputedStyle(element).backgroundColor);

			if (colour.opaque)
				return colour.rgb;
		}
		return [255, 255, 255];
	}

	for (const details of document.querySelectorAll("details"))
		details.open = true;
	for (const element of document.body.querySelectorAll("*")) {
		const style = getComputedStyle(element);
		const own = Array.from(element.childNodes).some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());

		if (!own || !element.getClientRects().length || element.closest("title, option"))
			continue;
		const front = luminance(parse(element.tagName === "text" ? style.fill : style.color).rgb);
		const back = luminance(background(element));
		const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);

		if (ratio < worst.ratio)
			worst = { ratio: ratio, what: element.tagName + " '" + element.textContent.trim().slice(0, 30) + "'" };
	}
	document.title = (matchMedia("(prefers-color-scheme: dark)").matches ? "dark " : "light ") + worst.ratio.toFixed(2) +
		" " + worst.what;
}());
