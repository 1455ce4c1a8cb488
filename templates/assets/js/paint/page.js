/* The page to paint on: what a reader chose, what is done with it, what the address says.

   The picture is made again from the intact maps and all strokes: what is undone leaves nothing behind. */
(function () {
  "use strict";
  const place = document.querySelector("[data-paint]");
  if (!place) return;
  const data = JSON.parse(place.querySelector("script[type='application/json']").textContent);
  const root = document.querySelector(".dissect").dataset.root, { strokes: tool, address } = window.dissect;
  const find = (name) => place.querySelector(`[data-${name}]`);
  const LIVE = 100; // milliseconds: a stroke that takes no longer is followed as it is made
  const chosen = { scene: 0, set: data.first, adds: true, width: data.brushes[0], percent: 100 };
  let strokes = [], undone = [], drawing = null, network = null, begun = null, broken = false;
  let took = Infinity, busy = false, wanted = false, shown = null, resting = 0, intact = new Map();

  const board = window.dissect.board(find("board"), data, {
    begin(cell) {
      begin();
      drawing = { adds: chosen.adds, set: chosen.set, percent: chosen.percent, width: chosen.width, path: [cell] };
      follow(took <= LIVE);
    },
    go(cell) {
      const last = drawing.path[drawing.path.length - 1];
      if (cell === last) return;
      drawing.path.push(...tool.line(last, cell, data.map[1]));
      follow(took <= LIVE);
    },
    end() {
      strokes.push(drawing);
      drawing = null;
      undone = [];
      remember();
      follow(true);
    },
    over(row, column) { say(`row ${row + 1}, column ${column + 1}`); },
  });

  function say(text, fault = false) {
    find("status").textContent = text;
    find("status").classList.toggle("warn", fault);
  }

  function fail(error) {
    broken = true;
    place.dataset.state = "broken";
    say(error.message, true);
    update();
  }

  /** Loads the network, once: only a reader who begins waits for it. */
  function begin() {
    if (begun || broken) return;
    place.dataset.state = "loading";
    say("Loading the network; nothing that you paint leaves this page.");
    begun = window.dissect.network(root, data).then(async (ready) => {
      network = ready;
      place.dataset.state = "ready";
      await run();
    }).catch(fail);
    update();
  }

  /** Shows strokes as they are now; the picture too, if it is time for it. */
  function follow(draw) {
    board.strokes(drawing ? [...strokes, drawing] : strokes);
    update();
    if (draw && network && !broken) run().catch(fail);
  }

  /** Makes the picture of what is painted by now; once more if something came meanwhile. */
  async function run() {
    wanted = true;
    if (busy) return;
    busy = true;
    try {
      while (wanted) {
        wanted = false;
        const { scene } = chosen, all = drawing ? [...strokes, drawing] : [...strokes], still = !drawing;
        if (took > LIVE) { place.dataset.state = "drawing"; say(expected()); }
        const { image } = await network.scene(scene);
        if (!intact.has(scene)) intact.set(scene, { pixels: board.pixels(image, data.range), counts: null });
        const made = await network.paint(scene, all);
        took = made.milliseconds;
        place.dataset.milliseconds = String(Math.round(took));
        shown = board.pixels(made.image, data.range);
        place.dataset.state = "ready";
        board.show(shown);
        say(all.length ? `${all.length} ${all.length === 1 ? "stroke" : "strokes"}` : "The intact picture: paint on it.");
        place.dataset.drawn = String(Number(place.dataset.drawn || 0) + 1);
        update();
        if (still) countSoon(scene, made.image);
      }
    } finally { busy = false; }
  }

  function expected() {
    return Number.isFinite(took) ? `Drawing: about ${(took / 1000).toFixed(1)} s` : "Drawing the first picture";
  }

  /** When the reader rests: the next stroke does not wait for it. */
  function countSoon(scene, image) {
    clearTimeout(resting);
    if (data.labels) resting = setTimeout(() => { count(scene, image).catch(fail); }, 250);
  }

  async function count(scene, image) {
    const own = intact.get(scene);
    own.counts = own.counts || await network.count((await network.scene(scene)).image);
    const counted = await network.count(image);
    for (const row of place.querySelectorAll("[data-count]")) {
      const id = Number(row.dataset.count), before = own.counts.get(id) || 0, after = counted.get(id) || 0;
      const change = after - before;
      row.cells[1].textContent = before.toLocaleString("en");
      row.cells[2].textContent = after.toLocaleString("en");
      row.cells[3].textContent = (change > 0 ? "+" : change < 0 ? "\u2212" : "") + Math.abs(change).toLocaleString("en");
    }
  }

  /* --- the address --- */
  function remember() {
    address.choose({
      scene: chosen.scene ? String(chosen.scene) : "",
      set: chosen.set === data.first ? "" : chosen.set,
      s: strokes.map((stroke) => tool.write(stroke, data.map)),
    });
  }

  function known(set) {
    return set in data.sets || (/^u\d+$/.test(set) && Number(set.slice(1)) < data.levels.length);
  }

  function recall() {
    const said = address.chosen(), scene = Number(said.get("scene") || 0), set = said.get("set") || data.first;
    chosen.scene = Number.isInteger(scene) && scene >= 0 && scene < data.scenes.length ? scene : 0;
    chosen.set = known(set) ? set : data.first;
    const texts = said.getAll("s");
    strokes = texts.map((text) => tool.read(text, data.map)).filter((one) => one && known(one.set));
    undone = [];
    drawing = null;
    if (strokes.length < texts.length) say("Part of this address is no stroke of this network, and was left out.", true);
    fresh();
    follow(true);
    if (strokes.length) begin(); // whoever follows a link wants to see its picture
  }

  /** Another scene: its small picture until the network has drawn it. */
  function fresh() {
    shown = null;
    find("still").src = data.scenes[chosen.scene];
    board.hide();
  }

  /* --- controls --- */
  function update() {
    for (const button of place.querySelectorAll("[data-scene]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.scene) === chosen.scene));
    }
    for (const field of place.querySelectorAll("[name=set]")) field.checked = field.value === chosen.set;
    for (const part of place.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== (chosen.set[0] === "u" ? "unit" : chosen.set);
    const unit = chosen.set[0] === "u" ? chosen.set.slice(1) : "";
    find("unit").value = unit;
    if (unit && find("unit-link")) {
      find("unit-link").href = `${data.units}${unit}.html`;
      find("unit-link").textContent = `unit ${unit}`;
    }
    find("undo").disabled = !strokes.length;
    find("redo").disabled = !undone.length;
    find("reset").disabled = !strokes.length && !undone.length;
    find("save").disabled = find("hold").disabled = !shown || broken;
    find("begin").hidden = Boolean(begun) || broken;
    find("percent").textContent = `${chosen.percent} %`;
    board.brush(chosen.width);
  }

  function step(from, to) {
    if (!from.length) return;
    to.push(from.pop());
    remember();
    follow(true);
  }

  const act = {
    begin,
    undo() { step(strokes, undone); },
    redo() { step(undone, strokes); },
    reset() { undone = [...undone, ...strokes.reverse()]; strokes = []; remember(); follow(true); },
    save() {
      const recipe = JSON.stringify({ ...data.recipe, scene: chosen.scene, strokes: strokes.map((one) => tool.write(one, data.map)), page: location.href });
      const safe = recipe.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
      return window.dissect.png.save(board.canvas, `${data.recipe.run}-scene-${chosen.scene}.png`, safe);
    },
  };
  for (const [name, does] of Object.entries(act)) find(name).addEventListener("click", () => does());

  for (const button of place.querySelectorAll("[data-scene]")) {
    button.addEventListener("click", () => {
      chosen.scene = Number(button.dataset.scene);
      fresh();
      remember();
      follow(true);
    });
  }
  place.addEventListener("input", (event) => {
    const { name, value } = event.target;
    if (name === "set") chosen.set = value;
    else if (name === "way") chosen.adds = value === "add";
    else if (name === "width") chosen.width = Number(value);
    else if (name === "percent") chosen.percent = Number(value);
    else if (name === "unit") {
      if (!known(`u${value}`)) return;
      chosen.set = `u${Number(value)}`;
    }
    remember();
    update();
  });

  /* The intact picture as long as a reader holds a button, or the key i. */
  function hold(on) {
    const own = intact.get(chosen.scene);
    if (!own || !shown || broken) return;
    board.show(on ? own.pixels : shown);
    find("hold").setAttribute("aria-pressed", String(on));
    place.classList.toggle("holding", on);
  }
  for (const [kind, on] of [["pointerdown", true], ["pointerup", false], ["pointerleave", false], ["blur", false]]) {
    find("hold").addEventListener(kind, () => hold(on));
  }
  for (const [kind, on] of [["keydown", true], ["keyup", false]]) {
    find("hold").addEventListener(kind, (event) => { if (event.key === " " || event.key === "Enter") { event.preventDefault(); hold(on); } });
    window.addEventListener(kind, (event) => {
      if (event.key === "i" && !window.dissect.typing(event)) hold(on);
    });
  }
  window.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.closest("input:not([type=radio], [type=range])");
    if (typing) return;
    const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
    if (key === "z" && (command || !window.dissect.typing(event))) { event.preventDefault(); act[event.shiftKey ? "redo" : "undo"](); }
    else if (key === "x" && !command && !window.dissect.typing(event)) {
      chosen.adds = !chosen.adds;
      for (const field of place.querySelectorAll("[name=way]")) field.checked = (field.value === "add") === chosen.adds;
      say(chosen.adds ? "now adding" : "now removing");
    }
  });
  window.addEventListener("hashchange", recall);
  find("tools").hidden = false;
  recall();
})();
