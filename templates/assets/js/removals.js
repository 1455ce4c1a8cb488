/* Tick boxes that remove units from a layer.

   Behind some layers lie only pooling and one linear layer. There a class's score is a sum over units,
   and a removed unit's part is subtracted: the page does that itself, for every evaluation image. Its
   data is loaded when a box is first ticked. Elsewhere the sets that the run tried are looked up. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.class-page");
  if (!page) return;

  function bytes(text) {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  }

  const floats = (text) => new Float32Array(bytes(text));

  /** The linear part of a network: `parts` [image, unit] above a removed unit's, `whole` [image, class]. */
  function network(data) {
    const { images, units, classes } = data;
    const [scale, offset, bare, removed, step] =
      ["scale", "offset", "bare", "removed_value", "step"].map((name) => floats(data[name]));
    const coded = new Uint8Array(bytes(data.pooled));
    const stored = data.short ? new Int16Array(bytes(data.weight)) : floats(data.weight);
    const weight = new Float32Array(units * classes); // by unit: a removal reads one row
    for (let c = 0; c < classes; c++) {
      for (let u = 0; u < units; u++) weight[u * classes + c] = stored[c * units + u] * step[c];
    }
    const parts = new Float32Array(images * units);
    for (let at = 0; at < parts.length; at++) {
      const u = at % units;
      parts[at] = offset[u] + scale[u] * coded[at] - removed[u];
    }
    const whole = new Float32Array(images * classes);
    for (let i = 0; i < images; i++) whole.set(bare, i * classes);
    const every = Array.from({ length: units }, (_, u) => u);
    const made = { images, units, classes, weight, parts, bare, label: new Int32Array(bytes(data.label)), draws: data.draws };
    made.whole = whole;
    if (data.each) made.truth = truth(made);
    for (let i = 0; i < images; i++) add(made, whole.subarray(i * classes, (i + 1) * classes), i, every, 1);
    return made;
  }

  /** [image, class] whether an image is of a class, where it can be of several: labels end with -1. */
  function truth({ images, classes, label }) {
    const found = new Uint8Array(images * classes);
    const carried = label.length / images;
    label.forEach((c, at) => { if (c >= 0) found[Math.floor(at / carried) * classes + c] = 1; });
    return found;
  }

  /** Of one image: whether it is of the members, whether it is said to be, and how many decisions are right. */
  function largest({ classes, label }, scores, image, own) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[c] > scores[best]) best = c;
    return [own[label[image]], own[best], best === label[image] ? 1 : 0];
  }

  /** The same where every class is decided by itself, above 0. */
  function each({ classes, truth }, scores, image, own) {
    let [is, said, right] = [0, 0, 0];
    for (let c = 0; c < classes; c++) {
      const yes = scores[c] > 0 ? 1 : 0;
      const of = truth[image * classes + c];
      is |= own[c] & of;
      said |= own[c] & yes;
      right += yes === of ? 1 : 0;
    }
    return [is, said, right];
  }

  /** Adds the parts of `chosen` units, `sign` times, to the scores of one image. */
  function add({ units, classes, weight, parts }, scores, image, chosen, sign) {
    for (const unit of chosen) {
      const part = sign * parts[image * units + unit];
      if (part === 0) continue;
      const row = unit * classes;
      for (let c = 0; c < classes; c++) scores[c] += part * weight[row + c];
    }
  }

  /** Balanced accuracy of the members and accuracy over all classes, with units removed. */
  function removal(net, members, removed) {
    const { images, classes, whole, bare } = net;
    const decide = net.truth ? each : largest;
    const gone = new Set(removed);
    const few = removed.length * 2 <= net.units;
    const chosen = few ? removed : Array.from({ length: net.units }, (_, u) => u).filter((u) => !gone.has(u));
    const own = new Uint8Array(classes);
    for (const member of members) own[member] = 1;
    const scores = new Float32Array(classes);
    const counts = [0, 0, 0, 0]; // 2 * of the class + called so
    let right = 0;
    for (let i = 0; i < images; i++) {
      scores.set(few ? whole.subarray(i * classes, (i + 1) * classes) : bare);
      add(net, scores, i, chosen, few ? -1 : 1);
      const [is, said, decisions] = decide(net, scores, i, own);
      right += decisions;
      counts[2 * is + said] += 1;
    }
    const [rejected, alarms, missed, hits] = counts;
    const defined = hits + missed > 0 && rejected + alarms > 0;
    return { balanced: defined ? (hits / (hits + missed) + rejected / (rejected + alarms)) / 2 : null, overall: images ? right / images / (net.truth ? classes : 1) : null };
  }

  const shown = (value) => value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)}\u00a0%`;
  const key = (units) => [...units].sort((a, b) => a - b).join();

  function start(form, number) {
    const name = number ? `removed-${number}` : "removed"; // in the address
    const config = JSON.parse(form.querySelector("script").textContent);
    const stored = new Map();
    for (const [units, balanced, overall] of config.stored) {
      const name = key(units);
      if (!stored.has(name) || stored.get(name).overall === null) stored.set(name, { balanced, overall });
    }
    const ticks = [...form.querySelectorAll("[name=unit]")];
    const field = form.elements.units;
    const state = form.querySelector("[data-state]");
    const cell = (name, kind) => form.querySelector(`[data-${kind}="${name}"]`);
    const before = form.querySelectorAll("[data-before]");
    const intact = stored.get("");
    let chosen = [];
    let net = null;
    let draw = 0;
    let latest = 0;

    async function load() {
      if (!net) {
        state.textContent = "loading what the units hand on …";
        net = window.dissect.load(page.dataset.root, config.file).then(network);
      }
      return net;
    }

    function show(units, from) {
      chosen = [...new Set(units)];
      const inside = new Set(chosen);
      ticks.forEach((tick) => { tick.checked = inside.has(Number(tick.value)); });
      if (field && from !== field) field.value = chosen.join(", ");
      const size = form.querySelector("[data-size]");
      size.textContent = chosen.length === 1 ? "1 unit" : `${chosen.length} units`;
      window.dissect.address.choose({ [name]: chosen.join(",") });
      compute();
    }

    async function compute() {
      const mine = ++latest;
      before[0].textContent = shown(intact.balanced);
      before[1].textContent = shown(intact.overall);
      const known = stored.get(key(chosen)) || {};
      cell("balanced", "stored").textContent = shown(known.balanced);
      cell("overall", "stored").textContent = shown(known.overall);
      if (!config.live) {
        state.textContent = known.balanced === undefined ? "The run did not try this set." : "";
        return;
      }
      const ready = await load();
      if (mine !== latest) return;
      const started = performance.now();
      const result = removal(ready, config.members, chosen);
      const spent = performance.now() - started;
      cell("balanced", "out").textContent = shown(result.balanced);
      cell("overall", "out").textContent = shown(result.overall);
      state.textContent = `${ready.images.toLocaleString("en")} images in ${spent.toFixed(0)} ms.`
        + (known.balanced === undefined ? " The run did not try this set." : "");
      Object.assign(form.dataset, { spent, balanced: result.balanced ?? "", overall: result.overall ?? "", removed: chosen.join() });
    }

    /** First the run's own random sets, whose numbers are stored, then fresh ones. */
    async function random() {
      const mine = ++latest;
      const { draws, units } = await load();
      if (mine !== latest) return; // the reader chose something else while the data came
      const wanted = chosen.length || 4;
      const own = draws[draw % draws.length] || [];
      const sets = config.random[wanted] || [];
      const fresh = Array.from({ length: units }, (_, u) => u);
      for (let i = units - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [fresh[i], fresh[j]] = [fresh[j], fresh[i]];
      }
      const set = (draw < draws.length && own.length >= wanted ? own : fresh).slice(0, wanted);
      if (draw < sets.length) stored.set(key(set), { balanced: sets[draw][0], overall: sets[draw][1] });
      draw += 1;
      show(set);
    }

    /** Units of the layer that a text names. */
    function named(text) {
      return (text.match(/\d+/g) || []).map(Number).filter((unit) => unit < config.order.length);
    }

    function read() {
      const units = named(window.dissect.address.chosen().get(name) || "");
      if (key(units) !== key(chosen)) show(units);
    }

    form.addEventListener("change", (event) => {
      if (event.target.name !== "unit") return;
      const unit = Number(event.target.value);
      show(event.target.checked ? [...chosen, unit] : chosen.filter((other) => other !== unit));
    });
    if (field) field.addEventListener("input", () => show(named(field.value), field));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => {
      event.preventDefault(); // the browser would clear the fields later than this: show() does it now
      show([]);
    });
    form.querySelectorAll("[data-best]").forEach((button) => {
      button.addEventListener("click", () => show(config.order.slice(0, Number(button.dataset.best))));
    });
    form.querySelectorAll("[data-random-set]").forEach((button) => button.addEventListener("click", random));
    before[0].textContent = shown(intact.balanced);
    before[1].textContent = shown(intact.overall);
    cell("balanced", "stored").textContent = shown(intact.balanced);
    cell("overall", "stored").textContent = shown(intact.overall);
    if (config.live) {
      cell("balanced", "out").textContent = shown(intact.balanced);
      cell("overall", "out").textContent = shown(intact.overall);
    }
    window.addEventListener("hashchange", read);
    read();
  }

  page.querySelectorAll("form[data-live]").forEach(start);
})();
