/* The units of a layer as cards: filter, sort, and a view that can be shared.

   The state of the toolbar lives in the address (address.js).
   Cards are made a chunk at a time as the reader scrolls: thousands stay smooth. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.layer-page");
  if (!page) return;
  const CHUNK = 12; // few, so that filtering hardly stalls the page
  const FIRST = 36; // cards until a reader asks for all: charts and lists stay within reach below them
  const TILES = 4; // images of a card, as report/cards.py shows them elsewhere
  const BREATH = 50; // milliseconds between two filters
  const [DETECTOR, DEAD, NOT_FINITE, DUPLICATE] = [1, 4, 8, 16]; // as pages/layer.py writes them
  const TEXTS = ["q", "min", "max", "smin", "smax", "class", "changes", "grade", "t", "compare", "beside"]; // some only where units were removed
  const GRADES = ["strong", "weak", "chance", "untested", "none"];
  const REMARKS = { weak: "weak", chance: "no better than chance", untested: "untested" };
  const pictured = !("pictureless" in page.dataset);
  const form = page.querySelector("[data-filter]");
  const grid = page.querySelector("[data-cards]");
  const more = page.querySelector("[data-more]");
  const counter = page.querySelector("[data-count]");
  const rest = page.querySelector("[data-all]");
  let data = null;
  let shown = [];
  let made = 0;
  let all = false; // whether the reader asked for every card
  const cards = new Map(); // by unit: a filter that lets it through again shows the same card
  let look = ""; // what else cards depend on
  const pictures = window.dissect.cardPictures(grid);

  /* state */
  function read(state = window.dissect.address.chosen()) {
    for (const name of TEXTS) if (form.elements[name]) form.elements[name].value = state.get(name) || "";
    form.elements.sort.value = state.get("sort") || "iou";
    for (const name of ["sort", "class", "changes", "grade"]) { // an address may name what this layer does not have
      const select = form.elements[name];
      if (select && select.selectedIndex < 0) select.selectedIndex = 0;
    }
    const wanted = (state.get("category") || "").split(",");
    form.querySelectorAll("[name=category]").forEach((box) => { box.checked = wanted.includes(box.value); });
    form.dispatchEvent(new CustomEvent("dissect:read"));
  }

  function write() {
    const values = new FormData(form);
    const state = Object.fromEntries(TEXTS.map((name) => [name, values.get(name)]));
    const category = values.getAll("category").join(",");
    const sort = values.get("sort") === "iou" ? "" : values.get("sort");
    window.dissect.address.choose({ ...state, category, sort });
  }

  /* choosing */
  /** Above the slider's value; where that is the measured one, as the findings say. */
  function detects(u) {
    return data.at === data.iou_threshold ? Boolean(u.flags & DETECTOR) : u.iou !== null && u.iou > data.at;
  }

  /** As findings/grades.py grades it, at the slider's value. */
  function grade(u) {
    if (!detects(u)) return "none";
    if (data.untested) return "untested";
    if (u.q === null || u.q > data.largest_q) return "chance";
    return u.robust > data.at ? "strong" : "weak";
  }

  function unit([number, place, iou, heldout, chance, q, robust, flags, images, repeats, sharing]) {
    const [name, category] = place < 0 ? ["", ""] : data.concepts[place];
    const served = data.served ? data.served[number] : 0;
    const changed = data.changed ? data.changed[number] : null;
    return { number, name, category, iou, heldout, chance, q, robust, flags, images, repeats, sharing, served, changed, rank: 0, change: null };
  }

  const orders = {
    iou: (a, b) => (b.iou ?? -1) - (a.iou ?? -1),
    heldout: (a, b) => (b.heldout ?? -1) - (a.heldout ?? -1),
    robust: (a, b) => b.robust - a.robust || (b.iou ?? -1) - (a.iou ?? -1),
    grade: (a, b) => GRADES.indexOf(grade(a)) - GRADES.indexOf(grade(b)) || (b.iou ?? -1) - (a.iou ?? -1),
    unit: (a, b) => a.number - b.number,
    importance: (a, b) => a.rank - b.rank || b.served - a.served || (b.iou ?? -1) - (a.iou ?? -1),
    changed: (a, b) => (a.change === null ? 0 : Math.abs(b.change) - Math.abs(a.change)) || (b.changed ?? -1) - (a.changed ?? -1) || a.number - b.number,
    label: (a, b) => (a.name === "") - (b.name === "") || a.name.localeCompare(b.name) || (b.iou ?? -1) - (a.iou ?? -1),
  };

  function choose() {
    const values = new FormData(form);
    const matches = window.dissect.matcher(String(values.get("q") || ""));
    const categories = values.getAll("category");
    const [low, high] = ["min", "max"].map((name) => values.get(name) === "" ? null : Number(values.get(name)));
    const [least, most] = ["smin", "smax"].map((name) => values.get(name) ? Number(values.get(name)) : null);
    const grades = (values.get("grade") || "").split(",");
    const wanted = (data.classes || []).find(([name]) => name === values.get("class"));
    for (const u of data.all) u.rank = wanted ? wanted[1].indexOf(u.number) : 0;
    data.sort = values.get("sort");
    const altered = (data.changes || []).find(([name]) => name === values.get("changes"));
    const by = altered && new Map(altered[1]);
    for (const u of data.all) u.change = by && by.has(u.number) ? by.get(u.number) : null;
    shown = data.all.filter((u) => matches(u)
      && (!categories.length || (detects(u) && categories.includes(u.category)))
      && (low === null || (u.iou !== null && u.iou >= low))
      && (high === null || (u.iou !== null && u.iou <= high))
      && (least === null || u.served >= least)
      && (most === null || u.served <= most)
      && u.rank >= 0
      && (!by || u.change !== null)
      && (!grades[0] || grades.includes(grade(u)))).sort(orders[values.get("sort")]);
    if (look !== `${data.at} ${data.sort} ${values.get("changes")}`) cards.clear();
    look = `${data.at} ${data.sort} ${values.get("changes")}`;
    grid.style.setProperty("--count", room()); // for what is there, not for what was
    made = 0;
    const [some, units] = [shown, data.all].map((list) => list.length.toLocaleString("en"));
    counter.textContent = some === units ? `${units} units` : `${some} of ${units} units`;
    extend(true);
  }

  /* drawing */
  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function tile(image) {
    const picture = element("img");
    Object.assign(picture, { alt: "", decoding: "async", width: 128, height: 128 });
    picture.dataset.image = image;
    return picture;
  }

  /** Lit where the unit is above its level, once the outlines are there. */
  function light(quad) {
    if (!data.outlines) return;
    const NS = "http://www.w3.org/2000/svg";
    data.outlines[quad.dataset.unit].forEach((outline, place) => {
      if (!outline) return;
      const picture = document.createElementNS(NS, "svg");
      picture.setAttribute("viewBox", "0 0 500 500");
      picture.style.cssText = `--x:${place % 2};--y:${place >> 1}`;
      const path = document.createElementNS(NS, "path");
      path.setAttribute("d", `M-25-25H525V525H-25Z${outline}`);
      picture.append(path);
      quad.append(picture);
    });
  }

  function remark(u) {
    if (u.flags & NOT_FINITE) return "not finite";
    if (u.flags & DEAD) return "dead";
    if (u.flags & DUPLICATE) return `repeats ${u.repeats}`;
    if (data.sort === "changed" && u.change === null && u.changed !== null) return `changes ${(100 * u.changed).toFixed(2)}\u00a0%`;
    if (u.change !== null) return `${u.change < 0 ? "\u2212" : "+"}${Math.abs(100 * u.change).toFixed(2)}\u00a0%`;
    return REMARKS[grade(u)] || "";
  }

  function card(u) {
    const category = detects(u) ? u.category : "none";
    const link = element("a", `card ${category}`);
    link.href = `${u.number}.html`;
    const quad = element("span", "quad");
    if (pictured) quad.append(...u.images.slice(0, TILES).map(tile));
    quad.dataset.unit = u.number;
    if (pictured) light(quad);
    const ties = u.sharing && `saturates in ${u.sharing.toLocaleString("en")}`;
    if (ties) quad.append(element("em", "ties", ties));
    const name = element("span", "card-name");
    name.append(element("b", "", u.name || "no concept"));
    if (detects(u)) name.append(element("span", `letter ${category}`, data.letters[category]));
    const [bar, fill] = [element("span", "card-bar"), element("i")];
    fill.style.width = `${100 * (u.iou || 0) / data.scale}%`;
    bar.append(fill);
    if (u.chance !== null) {
      const tick = element("u");
      tick.style.left = `${Math.min(100, 100 * u.chance / data.scale)}%`;
      bar.append(tick);
    }
    const foot = element("span", "card-foot");
    foot.append(element("span", "", `unit ${u.number}`));
    if (remark(u)) foot.append(element("em", "", remark(u)));
    if (ties) foot.append(element("span", "sr", `${ties} images`));
    foot.append(element("span", "num", u.iou === null ? "–" : u.iou.toFixed(3)));
    for (const part of [quad, bar]) part.setAttribute("aria-hidden", "true");
    link.append(...(pictured ? [quad] : []), name, bar, foot);
    const slot = element("div", "slot");
    slot.dataset.unit = u.number;
    slot.append(link, pick(u));
    if (pictured && u.images.length) pictures.await(slot);
    return slot;
  }

  /** Puts the unit into the tray (tray.js), or takes it out. */
  function pick(u) {
    const button = element("button", "pick", "+");
    button.type = "button";
    button.dataset.pick = u.number;
    button.setAttribute("aria-label", `Compare unit ${u.number}`);
    button.title = "Put beside other units";
    return button;
  }

  function kept(u) {
    if (!cards.has(u.number)) cards.set(u.number, card(u));
    return cards.get(u.number);
  }

  /** How many cards there is room for. */
  function room() {
    return all ? shown.length : Math.min(shown.length, FIRST);
  }

  function extend(afresh) {
    const next = shown.slice(made, Math.min(made + CHUNK, room())).map(kept);
    made += next.length;
    if (afresh) grid.replaceChildren(...next);
    else grid.append(...next);
    grid.dispatchEvent(new CustomEvent("dissect:cards"));
    if (!shown.length) grid.append(element("p", "empty", "No unit fits. Clear a filter."));
    watch.unobserve(more); // observing again reports at once whether there is still room below
    if (made < room()) watch.observe(more);
    rest.parentElement.hidden = room() === shown.length;
    rest.textContent = `all ${shown.length.toLocaleString("en")} units`;
  }

  const watch = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) extend(false);
  }, { rootMargin: "900px" });

  /* listening */
  let asked = 0; // since the cards were chosen last
  function apply() { // at once, and again after a breath where more was asked for meanwhile
    write();
    pictures.wait();
    if (!data || asked++) return;
    choose();
    setTimeout(() => {
      const more = asked > 1;
      asked = 0;
      if (more) choose();
    }, BREATH);
  }
  rest.addEventListener("click", () => {
    all = true;
    extend(false);
    grid.children[FIRST].querySelector("a").focus({ preventScroll: true }); // the button is gone
  });
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault(); // the browser would clear the fields after this: the address would lag behind
    read(new URLSearchParams(["t", "compare", "beside"].map((name) => [name, form.elements[name].value])));
    apply();
  });
  window.addEventListener("hashchange", () => { read(); if (data) choose(); });
  page.addEventListener("dissect:threshold", () => apply());
  page.addEventListener("dissect:point", (event) => {
    if (event.target.dataset.figure !== "concepts") return;
    const query = `"${event.detail.x}"`;
    form.elements.q.value = form.elements.q.value === query ? "" : query;
    apply();
    page.querySelector("#units").scrollIntoView({ behavior: "smooth", block: "start" });
  });

  /* A box drawn in the scatter becomes the two ranges; their fields say so, and the address too. */
  page.addEventListener("dissect:box", (event) => {
    const { x, y } = event.detail;
    form.elements.smin.value = Math.max(0, Math.round(x[0]));
    form.elements.smax.value = Math.round(x[1]);
    form.elements.min.value = Math.max(0, y[0]).toFixed(3);
    form.elements.max.value = Math.min(1, y[1]).toFixed(3);
    apply();
  });

  read();
  window.dissect.load(page.dataset.root, `${page.dataset.run}/${page.dataset.folder}/units`).then((loaded) => {
    data = Object.assign(loaded, { all: [] });
    data.all = loaded.units.map(unit);
    data.at = data.iou_threshold;
    data.detects = detects;
    data.grade = grade;
    page.dispatchEvent(new CustomEvent("dissect:units", { detail: { data, form, write, apply, pictured } }));
    choose();
    if (!pictured) return;
    window.dissect.load(page.dataset.root, `${page.dataset.run}/${page.dataset.folder}/outlines`).then((outlines) => {
      data.outlines = outlines;
      for (const made of cards.values()) light(made.querySelector(".quad"));
    });
  });
})();
