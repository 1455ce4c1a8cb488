/* Edited images of a generator: intact and edited swap in place, one concept at a time.

   Every picture is a tile of a sheet that is already on the page, so a swap moves it and loads nothing. Words come
   from the page, too. Keys: arrows move over grids and lattices, Escape shows the intact picture. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect");
  if (!page) return;

  /* A picture that is pressed shows the intact one in its place; hovering does so while the pointer stays. */
  function swap(button) {
    const picture = button.querySelector("img");
    const edited = picture.style.getPropertyValue("--at");
    let pressed = false;
    const show = (intact) => {
      picture.style.setProperty("--at", intact ? "0" : edited);
      button.classList.toggle("intact", intact);
    };
    button.addEventListener("click", () => {
      pressed = !pressed;
      button.setAttribute("aria-pressed", pressed);
      show(pressed);
    });
    button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(true); });
    button.addEventListener("pointerleave", () => show(pressed));
  }
  page.querySelectorAll("[data-swap]").forEach(swap);

  /** Arrow keys, Home and End over cells that lie in rows; one of them can be tabbed to. */
  function rove(box, cells, columns, rows) {
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    cells.forEach((cell, i) => { cell.tabIndex = i === 0 ? 0 : -1; });
    const enter = (cell) => cells.forEach((other) => { other.tabIndex = other === cell ? 0 : -1; });
    box.addEventListener("focusin", (event) => { if (cells.includes(event.target)) enter(event.target); });
    box.addEventListener("keydown", (event) => {
      const at = cells.indexOf(event.target);
      const step = steps[event.key];
      if (at < 0 || !(step || event.key === "Home" || event.key === "End")) return;
      event.preventDefault();
      const row = Math.floor(at / columns), column = at % columns;
      const inside = (value, size) => Math.min(size - 1, Math.max(0, value));
      const next = step ? inside(row + step[0], rows) * columns + inside(column + step[1], columns)
        : row * columns + (event.key === "Home" ? 0 : columns - 1);
      enter(cells[next]);
      cells[next].focus();
    });
  }

  /* Before/after grid with its large picture. */
  function grid(section) {
    const stage = section.querySelector("[data-stage]");
    const table = section.querySelector("[data-edit-grid]");
    if (!stage || !table) return;
    const big = stage.querySelector("button");
    const picture = big.querySelector("img");
    const path = big.querySelector("path");
    const words = stage.querySelector("[data-words]");
    const slider = stage.querySelector("input");
    const cells = [...table.querySelectorAll("button")];
    const columns = Number(slider.max) + 1;
    let row = Number(stage.dataset.row);
    let column = columns - 1;
    let last = column;

    function show(newRow, newColumn) {
      [row, column] = [newRow, newColumn];
      if (column > 0) last = column;
      const cell = cells[row * columns + column];
      picture.style.setProperty("--at", column);
      picture.style.setProperty("--down", row);
      path.setAttribute("d", cell.querySelector("path").getAttribute("d"));
      words.textContent = cell.getAttribute("aria-label");
      big.setAttribute("aria-pressed", column === 0);
      slider.value = column;
      slider.setAttribute("aria-valuetext", `${cell.dataset.count} units removed`);
      cells.forEach((other) => other.removeAttribute("aria-current"));
      cell.setAttribute("aria-current", "true");
    }

    slider.closest(".steps-range").hidden = false;
    slider.addEventListener("input", () => show(row, Number(slider.value)));
    big.addEventListener("click", () => show(row, column === 0 ? last : 0));
    cells.forEach((cell, i) => {
      const choose = () => show(Math.floor(i / columns), i % columns);
      cell.addEventListener("click", choose);
      cell.addEventListener("focus", choose);
      cell.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") choose(); });
    });
    rove(table, cells, columns, cells.length / columns);
    show(row, column);
  }

  /* The lattice. */
  const lattices = [];
  const percent = (value) => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(2)}\u00a0%`;

  function lattice(box) {
    const data = JSON.parse(box.querySelector("script").textContent);
    const { concept, rows, columns } = data;
    const stage = box.querySelector(".lattice-stage");
    const sheets = [...stage.querySelectorAll(".frame")];
    const bases = [...stage.querySelectorAll(".base")];
    const words = box.querySelector("[data-words]");
    const choices = [...box.querySelectorAll("[data-latent]")];
    const group = stage.querySelector(".cells");
    const cells = Array.from({ length: rows * columns }, () => Object.assign(document.createElement("button"), { type: "button" }));
    let latent = 0;
    let pinned = null;

    function said(place) {
      const stood = data.on[latent][place].map((i) => data.names[i]).join(" and ") || "nothing named";
      const where = `Row ${Math.floor(place / columns) + 1}, column ${place % columns + 1}, on ${stood}`;
      return concept ? `${where}: ${concept} ${percent(data.added[latent][place])} of the image.` : `${where}.`;
    }

    function show(place) {
      cells.forEach((cell, i) => cell.classList.toggle("active", i === place));
      sheets.forEach((sheet, k) => sheet.classList.toggle("shown", k === latent && place !== null));
      if (place !== null) {
        const picture = sheets[latent].querySelector("img");
        picture.style.setProperty("--at", place % columns);
        picture.style.setProperty("--down", Math.floor(place / columns));
        if (data.outlines) sheets[latent].querySelector("path").setAttribute("d", data.outlines[latent][place]);
      }
      words.textContent = place === null ? data.intact[latent] : said(place);
      stage.dataset.place = place === null ? "" : place;
    }

    function choose(wanted) {
      latent = Math.min(wanted, sheets.length - 1);
      sheets.forEach((sheet, k) => { sheet.hidden = k !== latent; });
      bases.forEach((base, k) => { base.hidden = k !== latent; });
      choices.forEach((choice, k) => choice.setAttribute("aria-pressed", k === latent));
      cells.forEach((cell, place) => cell.setAttribute("aria-label", said(place)));
      show(pinned);
    }

    cells.forEach((cell, place) => {
      cell.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(place); });
      cell.addEventListener("focus", () => { pinned = place; show(place); });
      cell.addEventListener("click", () => { pinned = place; show(place); });
    });
    stage.addEventListener("pointerleave", () => show(pinned));
    stage.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      pinned = null;
      show(null);
    });
    box.querySelector("[data-intact]").addEventListener("click", () => { pinned = null; show(null); });
    choices.forEach((choice, k) => choice.addEventListener("click", () => lattices.forEach((other) => other(k))));
    group.append(...cells);
    rove(group, cells, columns, rows);
    lattices.push(choose);
    choose(0);
  }

  /* One concept at a time: the one in the address, else the first. */
  function tabs(section) {
    const chips = [...section.querySelectorAll(".concept-chips a")];
    const parts = [...section.querySelectorAll(".of-concept")];
    if (!parts.length) return;
    const named = () => parts.find((part) => part.id === window.dissect.address.place());
    function show(part) {
      parts.forEach((other) => other.toggleAttribute("data-off", other !== part));
      chips.forEach((chip) => {
        if (chip.hash === `#${part.id}`) chip.setAttribute("aria-current", "true");
        else chip.removeAttribute("aria-current");
      });
    }
    show(named() || parts.find((part) => "strongest" in part.dataset) || parts[0]);
    chips.forEach((chip) => chip.addEventListener("click", (event) => {
      event.preventDefault(); // the page stays where it is: nothing jumps
      window.dissect.address.choose({}, chip.hash.slice(1));
      show(parts.find((part) => `#${part.id}` === chip.hash));
    }));
    window.addEventListener("hashchange", () => {
      const part = named();
      if (part) { show(part); part.scrollIntoView(); }
    });
    const first = named();
    if (first) requestAnimationFrame(() => { if (named() === first) first.scrollIntoView(); }); // unless another was chosen
  }

  page.querySelectorAll(".of-concept").forEach(grid);
  page.querySelectorAll("[data-lattice]").forEach(lattice);
  page.querySelectorAll(".edited-layer").forEach(tabs);

  /* A cell of the side effects opens the grid of the concept that was removed. */
  if (page.matches(".side-effects-page")) {
    page.addEventListener("dissect:point", (event) => {
      const href = event.detail.data && event.detail.data[0];
      if (href) location.href = href;
    });
  }
})();
