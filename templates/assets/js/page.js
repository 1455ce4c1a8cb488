/* What any page may need: sortable tables, filtered tables, jump box, j/k, copy link, random unit. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect");
  if (!page) return;

  /* Pictures say their numbers in the alt text; a pointer gets them as a tooltip. */
  page.addEventListener("pointerover", (event) => {
    const picture = event.target;
    if (picture instanceof HTMLImageElement && picture.alt && !picture.closest(".tile")) picture.title = picture.alt;
  });

  /* What a unit's numbers mean, said once a run: thousands of pages would repeat it. */
  const told = page.querySelectorAll("[data-tip]");
  if (told.length) {
    window.dissect.load(page.dataset.root, `${page.dataset.run}/terms`).then((terms) => {
      for (const place of told) place.title = terms[place.dataset.tip];
    });
  }

  /* Tables: every heading becomes a button. Numbers sort as numbers, undefined (a dash) last. */
  function value(row, column) {
    const letter = row.cells[column].querySelector(".letter"); // of the category, before a concept's name
    const text = row.cells[column].textContent.replace(letter ? letter.textContent : "", "").trim();
    if (text === "–") return null;
    const number = Number(text.replace(/[,%\s]/g, "").replace("<", "").replace("\u2212", "-"));
    return text === "" || Number.isNaN(number) ? text.toLowerCase() : number;
  }

  function sort(table, column, descending) {
    const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const numbers = typeof a === "number" && typeof b === "number";
      const order = numbers ? a - b : String(a).localeCompare(String(b));
      return descending ? -order : order;
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }

  /* In the address, "order" is table.column, with a minus for descending. */
  page.querySelectorAll("table[data-sortable]").forEach((table, number) => {
    const headings = [...table.tHead.rows[0].cells];
    function order(column, descending) {
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      headings[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    }
    function read() {
      for (const text of window.dissect.address.chosen().getAll("order")) {
        const [, of, minus, column] = text.match(/^(\d+)\.(-?)(\d+)$/) || [];
        if (Number(of) === number && Number(column) < headings.length) order(Number(column), minus === "-");
      }
    }
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const first = table.tBodies[0].rows[0];
        const numeric = first && column > 0 && typeof value(first, column) !== "string";
        const was = heading.getAttribute("aria-sort");
        const descending = was ? was === "ascending" : Boolean(numeric);
        order(column, descending);
        const others = window.dissect.address.chosen().getAll("order").filter((text) => !text.startsWith(`${number}.`));
        window.dissect.address.choose({ order: [...others, `${number}.${descending ? "-" : ""}${column}`] });
      });
    });
    window.addEventListener("hashchange", read);
    read();
  });

  /* Tables with a toolbar: rows are hidden, the table stays. The toolbar's state is in the address. */
  page.querySelectorAll("form[data-rows]").forEach((form) => {
    const rows = [...document.getElementById(form.dataset.rows).tBodies[0].rows];
    const apply = () => {
      const wanted = new FormData(form);
      const query = String(wanted.get("q") || "").trim().toLowerCase();
      const categories = wanted.getAll("category");
      for (const row of rows) {
        row.hidden = !row.dataset.name.includes(query)
          || (categories.length > 0 && !categories.includes(row.dataset.category))
          || (wanted.get("found") === "1" && row.dataset.found !== "1");
      }
    };
    const read = () => {
      const state = window.dissect.address.chosen();
      for (const field of form.elements) {
        if (field.type === "checkbox") field.checked = state.getAll(field.name).includes(field.value);
        else if (field.name) field.value = state.get(field.name) || "";
      }
      apply();
    };
    form.addEventListener("input", () => {
      apply();
      const values = new FormData(form);
      const names = [...form.elements].map((field) => field.name).filter(Boolean);
      window.dissect.address.choose(Object.fromEntries(names.map((name) => [name, values.getAll(name)])));
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", read);
    read();
  });

  /* A strip of many layers shows the one that the reader is on. */
  const current = page.querySelector(".strip [aria-current]");
  if (current) {
    const strip = current.closest(".strip");
    strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
  }

  const jump = page.querySelector("[data-jump]");
  if (jump) {
    const open = (unit) => {
      if (Number.isInteger(unit) && unit >= 0 && unit < Number(page.dataset.units)) location.href = unit + ".html";
    };
    jump.addEventListener("submit", (event) => {
      event.preventDefault();
      open(Number(jump.elements.unit.value));
    });
    /* In the capture phase: mkdocs-material has keys of its own. */
    window.addEventListener("keydown", (event) => {
      const step = { j: 1, k: -1 }[event.key];
      if (!step || window.dissect.typing(event)) return;
      event.stopImmediatePropagation();
      open(Number(page.dataset.unit) + step);
    }, true);
  }

  page.querySelectorAll("[data-copy-link]").forEach((button) => {
    button.addEventListener("click", async () => {
      const before = button.textContent;
      try {
        await navigator.clipboard.writeText(location.href);
        button.textContent = "copied";
      } catch {
        window.prompt("Copy this link", location.href); // no clipboard: not allowed, or opened from disk
      }
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  });

  page.querySelectorAll("[data-random]").forEach((link) => {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const layers = JSON.parse(link.dataset.random);
      let place = Math.floor(Math.random() * layers.reduce((sum, [, units]) => sum + units, 0));
      for (const [folder, units] of layers) {
        if (place < units) { location.href = `${folder}/${place}.html`; return; }
        place -= units;
      }
    });
  });
})();
