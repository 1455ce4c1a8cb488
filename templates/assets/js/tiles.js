/* Mask, segmentation, original: what is drawn over a unit's top images, and which concept a pixel has.

   A segmentation is a paletted picture whose label channels are stacked from top to bottom, handed
   over as a data: address so that its canvas can be read on a page opened from disk too. It is loaded
   when the reader turns segmentations on, or points at its image. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.unit-page");
  const section = page && page.querySelector("#top-images");
  if (!section) return;
  const { root, run } = page.dataset;
  const legend = section.querySelector("[data-legend]");
  const tiles = [...section.querySelectorAll(".tile")];
  const maps = new Map();
  let catalogue = null;
  let channel = null; // the unit's own, until the reader picks one

  const concepts = () => (catalogue = catalogue || window.dissect.load(root, `${run}/concepts`));

  /** The pixels of an image's label channels: grid wide, grid x depth high. */
  function labels(image) {
    if (!maps.has(image)) {
      maps.set(image, (async () => {
        const [{ grid, depth }, { png }] = await Promise.all([concepts(), window.dissect.load(root, `${run}/segmentation/${image}`)]);
        const picture = new Image();
        picture.src = png;
        await picture.decode();
        const canvas = Object.assign(document.createElement("canvas"), { width: grid, height: grid * depth });
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(picture, 0, 0);
        return { grid, depth, canvas, pixels: context.getImageData(0, 0, grid, grid * depth).data };
      })());
    }
    return maps.get(image);
  }

  function conceptAt(map, colors, x, y) {
    const at = 4 * (y * map.grid + x);
    if (map.pixels[at + 3] === 0) return null;
    const hex = [0, 1, 2].map((i) => map.pixels[at + i].toString(16).padStart(2, "0")).join("");
    return colors["#" + hex] ? { color: "#" + hex, name: colors["#" + hex][0], file: colors["#" + hex][2] } : null;
  }

  async function paint(tile) {
    const map = await labels(tile.dataset.image);
    let canvas = tile.querySelector("canvas");
    if (!canvas) {
      canvas = Object.assign(document.createElement("canvas"), { width: map.grid, height: map.grid });
      tile.querySelector(".frame").append(canvas);
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, map.grid, map.grid);
    context.drawImage(map.canvas, 0, channel * map.grid, map.grid, map.grid, 0, 0, map.grid, map.grid);
    return map;
  }

  /** The concepts of the shown channel, largest first, each a link to its page. */
  async function showLegend(painted) {
    const { colors, depth } = await concepts();
    if (section.dataset.mode !== "segmentation") return; // the reader went on while the data came
    const areas = new Map();
    for (const map of painted) {
      for (let y = channel * map.grid; y < (channel + 1) * map.grid; y++) {
        for (let x = 0; x < map.grid; x++) {
          const concept = conceptAt(map, colors, x, y);
          if (concept) areas.set(concept.color, (areas.get(concept.color) || 0) + 1);
        }
      }
    }
    const links = [...areas].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([hex]) => {
      const link = Object.assign(document.createElement("a"), { href: `${root}concepts/${encodeURIComponent(colors[hex][2])}.html` });
      const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
      swatch.style.background = hex;
      link.append(swatch, colors[hex][0]);
      return link;
    });
    legend.replaceChildren(...(depth > 1 ? [picker(depth)] : []), ...links);
    legend.hidden = false;
  }

  function picker(depth) {
    const label = Object.assign(document.createElement("label"), { textContent: "channel " });
    const select = document.createElement("select");
    for (let i = 0; i < depth; i++) select.append(new Option(`${i + 1} of ${depth}`, i, false, i === channel));
    select.addEventListener("change", () => { channel = Number(select.value); showSegmentations(); });
    label.append(select);
    return label;
  }

  /** The label channel that shows most of the unit's concept; the first where none shows it. */
  async function ownChannel() {
    const [{ grid, depth, colors }, ...found] = await Promise.all([concepts(), ...tiles.map((tile) => labels(tile.dataset.image))]);
    const areas = new Array(depth).fill(0);
    for (const map of found) {
      for (let at = 0; at < grid * grid * depth; at++) {
        const concept = conceptAt(map, colors, at % grid, Math.floor(at / grid));
        if (concept && concept.name === page.dataset.concept) areas[Math.floor(at / (grid * grid))] += 1;
      }
    }
    return areas.indexOf(Math.max(...areas));
  }

  async function showSegmentations() {
    if (channel === null) channel = await ownChannel();
    showLegend(await Promise.all(tiles.map(paint)));
  }

  function setMode(mode) {
    section.dataset.mode = mode;
    section.querySelector(`input[value="${mode}"]`).checked = true;
    legend.hidden = mode !== "segmentation";
    try { sessionStorage.setItem("dissect-mode", mode); } catch { /* a reader may forbid storage */ }
    if (mode === "segmentation") showSegmentations();
  }

  function chooseMode(mode) {
    window.dissect.address.choose({ mode: mode === "mask" ? "" : mode });
    setMode(mode);
  }

  section.addEventListener("change", (event) => { if (event.target.name === "mode") chooseMode(event.target.value); });
  window.addEventListener("keydown", (event) => {
    const mode = { m: "mask", s: "segmentation", o: "original" }[event.key];
    if (!mode || window.dissect.typing(event)) return;
    event.stopImmediatePropagation(); // "s" opens mkdocs-material's search
    chooseMode(mode);
  }, true);

  /* The concepts under the pointer, in all channels. A finger works too: a tap is a pointer event. */
  const bubble = Object.assign(document.createElement("div"), { className: "dissect-point", hidden: true });
  document.body.append(bubble);

  async function point(tile, event) {
    const box = tile.querySelector(".frame").getBoundingClientRect();
    const [map, { colors }] = await Promise.all([labels(tile.dataset.image), concepts()]);
    const x = Math.floor((event.clientX - box.left) / box.width * map.grid);
    const y = Math.floor((event.clientY - box.top) / box.height * map.grid);
    if (x < 0 || y < 0 || x >= map.grid || y >= map.grid) { bubble.hidden = true; return; }
    const names = [];
    for (let i = 0; i < map.depth; i++) {
      const concept = conceptAt(map, colors, x, i * map.grid + y);
      if (concept && !names.includes(concept.name)) names.push(concept.name);
    }
    bubble.textContent = names.join(" · ") || "unlabelled";
    bubble.hidden = !tile.matches(":hover") && event.pointerType === "mouse";
    bubble.style.left = `${Math.min(event.clientX + 14, innerWidth - bubble.offsetWidth - 8)}px`;
    bubble.style.top = `${Math.max(4, event.clientY - 32)}px`;
  }

  for (const tile of tiles) {
    const frame = tile.querySelector(".frame");
    for (const kind of ["pointermove", "pointerdown"]) frame.addEventListener(kind, (event) => point(tile, event));
    frame.addEventListener("pointerleave", () => { bubble.hidden = true; });
    tile.querySelector("figcaption").title = tile.querySelector("img").alt;
  }

  /* Put together here: every image lies on the site once. A page opened from disk may not read pictures back. */
  const strip = page.querySelector("[data-strip]");
  if (location.protocol !== "file:") strip.hidden = false;
  strip.addEventListener("click", async () => {
    const shown = tiles.map((tile) => Object.assign(new Image(), { src: tile.querySelector("img").src }));
    await Promise.all(shown.map((picture) => picture.decode()));
    const side = shown[0].naturalWidth;
    const canvas = Object.assign(document.createElement("canvas"), { width: side * shown.length, height: side });
    shown.forEach((picture, place) => canvas.getContext("2d").drawImage(picture, side * place, 0));
    const link = Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: `unit-${page.dataset.unit}.png` });
    link.click();
  });

  const MODES = ["mask", "segmentation", "original"];
  window.addEventListener("hashchange", () => {
    const mode = window.dissect.address.chosen().get("mode");
    if (MODES.includes(mode)) setMode(mode);
  });
  let stored = null;
  try { stored = sessionStorage.getItem("dissect-mode"); } catch { /* as above */ }
  const wanted = window.dissect.address.chosen().get("mode") || stored;
  if (MODES.includes(wanted)) setMode(wanted);
})();
