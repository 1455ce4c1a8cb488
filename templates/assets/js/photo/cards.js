/* What a photo's page shows: classes with their bars, units as cards. Names come from data and are set as text. */
(function () {
  "use strict";
  const GRADES = { weak: "weak", chance: "no better than chance", untested: "untested", none: "no detector" };
  const CARD = 160, LINE = 2;

  /** An element with attributes and children; what is null or false is left out. */
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== false));
    return made;
  }

  /** A share as a percentage: 34 %, 4.2 %, <0.1 %. */
  function percent(share) {
    const value = 100 * share;
    if (value > 0 && value < 0.1) return "<0.1\u00a0%";
    return `${value >= 9.95 || value === 0 ? Math.round(value) : value.toFixed(1)}\u00a0%`;
  }

  const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

  /** "a", "a and b", "a, b and c". */
  const listing = (words) => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");

  /** Scores as probabilities: each class by itself, or all together. */
  function probabilities(scores, each) {
    if (each) return Array.from(scores, (score) => 1 / (1 + Math.exp(-score)));
    const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const parts = Array.from(scores, (score) => Math.exp(score - most));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.map((part) => part / sum);
  }

  /** Indices of the classes that the network says. */
  function decided(shares, each) {
    if (each) return shares.map((share, index) => index).filter((index) => shares[index] > 0.5).sort((a, b) => shares[b] - shares[a]);
    return [shares.indexOf(shares.reduce((a, b) => Math.max(a, b), -Infinity))];
  }

  /** A class: its bar, what it was before, and its most needed units one click away. */
  function say(index, { name, href, now, before, said, sizes, remove }) {
    const text = href ? make("a", { href }, name) : make("span", {}, name);
    const was = before === null ? null : make("span", { class: "was" }, ` was ${percent(before)}`);
    const bar = make("div", { class: "share", "aria-hidden": "true" }, make("i", { style: `width:${100 * now}%` }),
      before === null ? null : make("u", { style: `left:${100 * before}%` }));
    const own = make("div", { class: "own" }, sizes.map((size) => make("button", {
      class: "button", type: "button", "data-needs": `${index}.${size}`,
      "aria-label": `without its ${size}: the units that ${name} needs most`, onclick: () => remove(size),
    }, `without its ${size}`)));
    return make("div", { class: said ? "say said" : "say", "data-class": index },
      make("div", {}, make("div", { class: "text" }, text, make("span", { class: "num" }, percent(now), was)), bar), own);
  }

  /** A unit that fires, lit on the photo. */
  function card(found, unit, { photo, href, letter, removed, pressed, look, tick }) {
    const canvas = make("canvas", { width: CARD, height: CARD, role: "img", "aria-label": `lit where unit ${found.unit} fires` });
    window.dissect.photo.draw(canvas, photo, window.dissect.photo.lit(found.values, unit.level, CARD), LINE);
    const far = Number.isFinite(found.far) ? percent(found.far) : "beyond";
    const box = make("input", { type: "checkbox", "data-unit": found.unit, onchange: (event) => tick(event.target.checked) });
    box.checked = removed;
    return make("li", { class: `${unit.category}${removed ? " gone" : ""}`, "data-card": found.unit },
      make("button", { class: "look", type: "button", "aria-pressed": String(pressed), onclick: look }, canvas),
      make("span", { class: "card-name" }, make("b", {}, make("a", { href }, unit.name)),
        letter ? make("span", { class: `letter ${unit.category}`, "aria-hidden": "true" }, letter) : null),
      make("span", { class: "card-bar", "aria-hidden": "true" }, make("i", { style: `width:${Math.min(100, 100 * found.far)}%` })),
      make("span", { class: "card-foot" }, make("span", {}, `unit ${found.unit}`),
        GRADES[unit.grade] ? make("em", {}, GRADES[unit.grade]) : null,
        make("span", { class: "num", title: "from its level to its strongest probe image; share of the photo that is lit" },
          `${far} · ${percent(found.area)}`)),
      make("label", { class: "tick-off" }, box, make("span", {}, "remove", make("span", { class: "sr" }, ` unit ${found.unit}, ${unit.name}`))));
  }

  window.dissect.photo = { ...window.dissect.photo, make, percent, plural, listing, probabilities, decided, say, card };
})();
