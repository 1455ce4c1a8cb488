/* The page on which a reader drops a photo: the network runs here, and the photo stays here.

   Network, units and the library that runs them are loaded with the first photo. A photo of the run and the removed
   units are in the address; a reader's own photo is nowhere but in this page's memory. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.photo-page");
  if (!page) return;
  const box = page.querySelector("[data-try]"), root = page.dataset.root;
  const config = JSON.parse(box.querySelector("script").textContent);
  const { decoded, cropped, planes, pattern, said, firing, lit, draw, make, percent, plural, listing, probabilities,
    decided, say, card } = window.dissect.photo;
  const at = Object.fromEntries([...page.querySelectorAll("*")].flatMap((element) =>
    Object.keys(element.dataset).map((name) => [name, element])));
  const FIRST = 24, MORE = 48, SHOWN = 5, CHIPS = 24;
  const removed = new Set();
  let network = null, current = null, shown = FIRST, lighted = null, turn = 0;
  box.hidden = false;

  function tell(text, fault = false) {
    at.state.textContent = text;
    at.state.classList.toggle("fault", fault);
  }

  /** One sentence for the reader; what nobody foresaw goes on to the console as well. */
  function excuse(error) {
    tell(error.message, true);
    if (!error.said && !error.kind) throw error;
  }

  /** The network, opened and checked once: { run, units, classes, ... }. */
  function opened() {
    network = network || (async () => {
      tell(`Loading the network, about ${config.megabytes} MB …`);
      const { start, file } = window.dissect.runtime;
      const running = await start(root);
      const [graph, data] = await Promise.all([file(root, config.network), file(root, config.units)]);
      tell("Opening the network …");
      await running.open("network", graph.graph);
      const units = data.units.map(([level, maximum, name, category, grade]) => ({ level, maximum, name, category, grade }));
      const keep = new Float32Array(units.length).fill(1);
      const run = (photo, factors) => running.run("network", {
        photo: { data: photo, dims: [1, 3, config.side, config.side] }, keep: { data: factors, dims: [units.length] },
      });
      const { outputs } = await run(pattern(config.side), keep);
      const finite = data.scores.filter((score) => score !== null), range = Math.max(...finite) - Math.min(...finite) || 1;
      const apart = outputs.scores.data.reduce((most, score, index) => (
        data.scores[index] === null ? most : Math.max(most, Math.abs(score - data.scores[index]))), 0);
      if (!(apart <= 0.01 * range)) {
        throw said(`The network says something else in this browser than in the run, by ${percent(apart / range)} of the range: nothing is shown.`);
      }
      return { ...data, units, run };
    })();
    return network;
  }

  /** What the units' factors are: 0 for removed ones. */
  function factors(count) {
    return Float32Array.from({ length: count }, (_, unit) => (removed.has(unit) ? 0 : 1));
  }

  /** Shows a crop at once, then asks the network. */
  async function take(pixels, pick = null) {
    const own = (turn += 1), photo = make("canvas", { width: config.side, height: config.side });
    photo.getContext("2d").putImageData(new ImageData(pixels, config.side, config.side), 0, 0);
    page.querySelectorAll("[data-pick]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.pick === String(pick))));
    window.dissect.address.choose({ photo: pick === null ? "" : String(pick) });
    [lighted, shown, current] = [null, FIRST, null];
    at.ask.hidden = true;
    at.firing.hidden = true;
    at.says.replaceChildren();
    at.without.hidden = true;
    at.said.textContent = "";
    at.drop.classList.add("full");
    draw(at.photo, photo, null, 2);
    at.photo.setAttribute("aria-label", "The photo, as the network is given it");
    const net = await opened();
    for (const unit of removed) if (unit >= net.units.length) removed.delete(unit); // somebody else's address
    if (own !== turn) return;
    tell("Asking the network …");
    const given = planes(pixels, config.side);
    const { outputs, milliseconds } = await net.run(given, new Float32Array(net.units.length).fill(1));
    if (own !== turn) return;
    const plan = { size: config.size, outside: config.outside, taps: net.taps };
    current = {
      net, photo, given, milliseconds, scores: outputs.scores.data, now: outputs.scores.data,
      found: firing(outputs.maps.data, plan, net.units),
    };
    showUnits();
    if (removed.size) await ask();
    else showAnswer();
  }

  /** Asks again without the removed units; of several wishes in a row the last one counts. */
  async function ask() {
    const own = (turn += 1), asked = current;
    window.dissect.address.choose({ without: [...removed].sort((a, b) => a - b).join(",") });
    markCards();
    if (!asked) return;
    if (removed.size) {
      tell(`Asking without ${plural(removed.size, "unit")} …`);
      const { outputs, milliseconds } = await asked.net.run(asked.given, factors(asked.net.units.length));
      if (own !== turn) return;
      Object.assign(asked, { now: outputs.scores.data, milliseconds });
    } else asked.now = asked.scores;
    showAnswer();
  }

  const safely = (work) => Promise.resolve().then(work).catch(excuse);
  const asking = () => safely(ask);

  /** The classes, and the sentence above them. */
  function showAnswer() {
    const { net, scores, now, milliseconds } = current, { each } = config;
    const [before, after] = [probabilities(scores, each), probabilities(now, each)];
    const [first, then] = [decided(before, each), decided(after, each)];
    const top = (shares) => shares.map((share, index) => index).sort((a, b) => shares[b] - shares[a] || a - b).slice(0, SHOWN);
    const asked = Number(window.dissect.address.chosen().get("class") || NaN);
    const rows = new Set([...top(after), ...top(before), ...then, ...(asked in net.classes ? [asked] : [])]);
    const sizes = config.sets.filter((size) => size < net.units.length);
    at.says.replaceChildren(...[...rows].sort((a, b) => after[b] - after[a] || a - b).map((index) => say(index, {
      name: net.classes[index], href: net.pages[index] || null, now: after[index],
      before: removed.size ? before[index] : null, said: then.includes(index),
      sizes: net.needs[index] ? sizes : [], remove: (size) => replace(net.needs[index].slice(0, size)),
    })));
    const named = (indices, shares) => (indices.length
      ? [make("b", {}, listing(indices.map((index) => net.classes[index]))), each ? "" : ` (${percent(shares[indices[0]])})`]
      : ["none of its classes"]);
    const same = String(first) === String(then);
    at.said.replaceChildren(...(removed.size
      ? [`Without ${plural(removed.size, "unit")} it ${same ? "still " : ""}says `, ...named(then, after), ...(same ? [] : ["; intact ", ...named(first, before)]), "."]
      : ["It says ", ...named(then, after), "."]));
    showRemoved();
    tell(`${(milliseconds / 1000).toFixed(2)} s on this device.`);
    at.says.dataset.scores = JSON.stringify(Array.from(now)); // for whoever checks the page
  }

  function showRemoved() {
    const { net, found } = current, units = [...removed].sort((a, b) => a - b);
    const firing = found.filter(({ unit }) => removed.has(unit)).length;
    at.without.hidden = !units.length;
    at.count.textContent = `${plural(units.length, "unit")} removed, ${firing || "none"} of them above the level in this photo:`;
    at.removed.replaceChildren(...units.slice(0, CHIPS).map((unit) => make("button", {
      type: "button", "aria-label": `${unit} ${net.units[unit].name}: put it back`, onclick: () => { removed.delete(unit); asking(); },
    }, `${unit} ${net.units[unit].name}`)), units.length > CHIPS ? ` and ${units.length - CHIPS} more` : "");
  }

  function replace(units) {
    removed.clear();
    units.forEach((unit) => removed.add(unit));
    asking();
  }

  /** Cards of the units that fire. */
  function showUnits() {
    const { net, photo, found } = current;
    const wanted = at.strong.checked ? found.filter(({ unit }) => net.units[unit].grade === "strong") : found;
    at.firing.hidden = false;
    at.found.textContent = found.length.toLocaleString("en");
    at.fires.replaceChildren(...wanted.slice(0, shown).map((one) => card(one, net.units[one.unit], {
      photo, href: `${net.folder}${one.unit}.html`, letter: net.letters[net.units[one.unit].category],
      removed: removed.has(one.unit), pressed: lighted === one.unit, look: () => light(one),
      tick: (on) => { if (on) removed.add(one.unit); else removed.delete(one.unit); asking(); },
    })));
    at.more.hidden = wanted.length <= shown;
    at.more.textContent = `show ${Math.min(MORE, wanted.length - shown)} more`;
    at.fires.dataset.units = JSON.stringify(found.map(({ unit, peak, area }) => [unit, peak, area]));
  }

  function markCards() {
    at.fires.querySelectorAll("[data-card]").forEach((item) => {
      const gone = removed.has(Number(item.dataset.card));
      item.classList.toggle("gone", gone);
      item.querySelector("input").checked = gone;
    });
  }

  /** Lights the large photo where a unit fires, and all of it again. */
  function light(one) {
    lighted = one && lighted !== one.unit ? one.unit : null;
    const { net, photo } = current, size = at.photo.width;
    const unit = lighted === null ? null : net.units[lighted];
    draw(at.photo, photo, unit ? lit(one.values, unit.level, size) : null, 2);
    at.photo.setAttribute("aria-label", unit ? `The photo, lit where unit ${lighted}, ${unit.name}, fires` : "The photo, as the network is given it");
    at.whole.hidden = !unit;
    at.fires.querySelectorAll("[data-card]").forEach((item) => {
      item.querySelector(".look").setAttribute("aria-pressed", String(Number(item.dataset.card) === lighted));
    });
  }

  /** A reader's own file. */
  async function read(file) {
    if (!file) throw said("That was no file: save the picture first, then drop or choose it here.");
    if (file.type && !file.type.startsWith("image/")) throw said(`${file.name} is not a picture: try a JPEG, PNG or WebP file.`);
    tell("Reading the photo …");
    await take(cropped(await decoded(file), config));
  }

  /** One of the run's photos: its stored crop, which is resized no more. */
  async function pick(place) {
    if (!(place in config.photos)) return;
    const { webp } = await window.dissect.runtime.file(root, config.photos[place]);
    const bytes = Uint8Array.from(atob(webp.split(",")[1]), (character) => character.charCodeAt(0));
    const { data } = await decoded(new File([bytes], "The run's photo", { type: "image/webp" }));
    await take(data, place);
  }

  page.querySelectorAll("[data-file]").forEach((input) => input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) safely(() => read(file));
  }));
  page.querySelectorAll("[data-pick]").forEach((button) => button.addEventListener("click", () => safely(() => pick(Number(button.dataset.pick)))));
  document.addEventListener("dragover", (event) => { event.preventDefault(); at.drop.classList.add("over"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) at.drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    at.drop.classList.remove("over");
    safely(() => read(event.dataTransfer.files[0]));
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) safely(() => read(file));
  });
  at.back.addEventListener("click", () => replace([]));
  at.strong.addEventListener("change", () => { shown = FIRST; showUnits(); });
  at.more.addEventListener("click", () => { shown += MORE; showUnits(); });
  at.whole.addEventListener("click", () => light(null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && lighted !== null) light(null); });

  const state = window.dissect.address.chosen();
  (state.get("without") || "").split(",").filter(Boolean).map(Number).filter(Number.isInteger).forEach((unit) => removed.add(unit));
  if (state.get("photo")) safely(() => pick(Number(state.get("photo"))));
})();
