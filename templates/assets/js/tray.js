/* Two to six units of a layer, picked from their cards and looked at side by side.

   Which ones, and whether they are shown, is part of the address ("compare", "beside"), so a copied link
   opens the same view. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.layer-page");
  if (!page) return;
  const MOST = 6;
  const GRADES = { chance: "no better than chance", none: "no detector" }; // the others are words already
  const grid = page.querySelector("[data-cards]");
  const tray = page.querySelector("[data-tray]");
  const list = tray.querySelector("[data-tray-units]");
  const open = tray.querySelector("[data-tray-open]");
  const dialog = page.querySelector("[data-beside]");
  const columns = dialog.querySelector("[data-beside-columns]");

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  page.addEventListener("dissect:units", (event) => {
    const { data, form, write, pictured } = event.detail;
    const byNumber = new Map(data.all.map((u) => [u.number, u]));
    let picked = [];

    function marks() {
      grid.querySelectorAll("[data-pick]").forEach((button) => {
        const on = picked.includes(Number(button.dataset.pick));
        button.setAttribute("aria-pressed", on);
        button.textContent = on ? "\u2713" : "+";
        button.disabled = !on && picked.length >= MOST;
      });
    }

    function name(u) { return u.name || "no concept"; }
    function score(value) { return value === null ? "\u2013" : value.toFixed(3); }

    function facts(u) {
      const rows = [["IoU", score(u.iou)], ["held-out IoU", score(u.heldout)], ["by chance", score(u.chance)]];
      const grade = data.grade(u);
      rows.unshift(["grade", GRADES[grade] || grade]);
      if (u.sharing) rows.push(["saturates in", `${u.sharing.toLocaleString("en")} images`]);
      if (data.served) rows.push(["classes served", String(u.served)]);
      if (data.changed) rows.push(["removing changes", u.changed === null ? "\u2013" : `${(100 * u.changed).toFixed(2)}\u00a0%`]);
      const made = element("dl", "facts");
      for (const [term, text] of rows) {
        const row = element("div");
        row.append(element("dt", "", term), element("dd", "num", text));
        made.append(row);
      }
      return made;
    }

    function column(u) {
      const made = element("article", `beside-unit ${data.detects(u) ? u.category : "none"}`);
      const title = element("h3");
      const link = element("a", "", `unit ${u.number}`);
      link.href = `${u.number}.html`;
      title.append(link, ` ${name(u)}`);
      made.append(title);
      if (pictured) {
        const wall = element("div", "beside-tiles");
        u.images.forEach((image, at) => {
          const frame = element("span", "frame");
          const picture = element("img");
          picture.alt = `top image ${at + 1} of unit ${u.number}`;
          picture.src = `../thumbnails/${image}.webp`;
          frame.append(picture);
          wall.append(frame);
        });
        made.append(wall);
      }
      made.append(facts(u));
      return made;
    }

    function show() {
      list.replaceChildren(...picked.map((number) => {
        const item = element("li", "", `${number} ${name(byNumber.get(number))} `);
        const out = element("button", "pick-out", "\u00d7");
        out.type = "button";
        out.setAttribute("aria-label", `Take unit ${number} out`);
        out.addEventListener("click", () => { change(picked.filter((other) => other !== number)); open.focus(); });
        item.append(out);
        return item;
      }));
      tray.hidden = !picked.length;
      open.disabled = picked.length < 2;
      open.title = picked.length < 2 ? "Pick another unit" : "";
      marks();
    }

    function state() {
      form.elements.compare.value = picked.join(",");
      form.elements.beside.value = dialog.open ? "1" : "";
      write(); // the cards stay as they are, and what has the focus keeps it
    }

    function change(wanted) {
      picked = wanted;
      show();
      state();
    }

    function beside() {
      columns.replaceChildren(...picked.map((number) => column(byNumber.get(number))));
      if (!dialog.open) dialog.showModal();
    }

    function read() {
      const asked = form.elements.compare.value.split(",").filter((text) => /^\d+$/.test(text)).map(Number);
      picked = [...new Set(asked)].filter((number) => byNumber.has(number)).slice(0, MOST);
      const opened = form.elements.beside.value === "1" && picked.length > 1;
      show();
      if (opened) beside();
      else if (dialog.open) dialog.close();
    }

    grid.addEventListener("click", (click) => {
      const button = click.target.closest("[data-pick]");
      if (!button) return;
      const number = Number(button.dataset.pick);
      change(picked.includes(number) ? picked.filter((other) => other !== number) : [...picked, number]);
    });
    grid.addEventListener("dissect:cards", marks);
    open.addEventListener("click", () => { beside(); state(); });
    tray.querySelector("[data-tray-clear]").addEventListener("click", () => change([]));
    dialog.querySelector("[data-beside-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { if (form.elements.beside.value) state(); });
    form.addEventListener("dissect:read", read);
    read();
  });
})();
