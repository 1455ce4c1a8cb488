/* The slider of a layer page: what the layer finds at another iou_threshold.

   Headline, bars and cards follow. What takes more than the units' own numbers (concepts by
   chance, the tables) stays as measured, and the page says so. The value is in the address as "t". */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.layer-page");
  if (!page) return;
  const box = page.querySelector("[data-slider]");
  const slider = box.querySelector("input");
  const back = box.querySelector("[data-measured]");
  const note = box.querySelector("[data-slider-note]");
  const figure = page.querySelector("[data-figure=concepts]");
  const texts = ["detectors", "concepts", "concepts-word", "threshold", "chance", "chance-high", "chance-p"];
  const graded = page.querySelectorAll("[data-grade]");
  const places = Object.fromEntries(texts.map((name) => [name, page.querySelector(`[data-${name}]`)]));

  page.addEventListener("dissect:units", (event) => {
    const { data, form } = event.detail;
    const written = Object.fromEntries(texts.map((name) => [name, places[name].textContent]));
    const drawn = figure && figure.querySelector("script").textContent;
    const measured = data.steps.findIndex(([at]) => at === data.iou_threshold);

    /** The bars of pages/layer.py, of the units that exceed the slider's value. */
    function bars() {
      const found = JSON.parse(drawn);
      const counts = new Map();
      for (const u of data.all) {
        if (!data.detects(u)) continue;
        const key = `${u.category}/${u.name}`;
        if (!counts.has(key)) counts.set(key, [u.name, u.category, 0]);
        counts.get(key)[2] += 1;
      }
      const all = [...counts.values()];
      found.data = Object.keys(data.letters).map((category) => {
        const group = all.filter((bar) => bar[1] === category).sort((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1));
        return {
          type: "bar", name: category, x: group.map((bar) => bar[0]), y: group.map((bar) => bar[2]),
          marker: { color: `--${category}` }, hovertemplate: "%{x}: %{y} units<extra></extra>",
        };
      }).filter((trace) => trace.x.length);
      if (Math.max(0, ...all.map((bar) => bar[2])) > 6) delete found.layout.yaxis.dtick;
      else found.layout.yaxis.dtick = 1;
      return found;
    }

    function show(step) {
      const [at, chance, high, p] = data.steps[step];
      data.at = at;
      const same = step === measured;
      const units = data.all.filter(data.detects);
      const concepts = new Set(units.map((u) => `${u.category}/${u.name}`)).size;
      const shown = same ? written : {
        detectors: units.length.toLocaleString("en"), concepts: concepts.toLocaleString("en"),
        "concepts-word": concepts === 1 ? "concept" : "concepts", threshold: String(at), chance: String(Number(chance.toPrecision(3))),
        "chance-high": String(Number(high.toPrecision(3))), "chance-p": String(p),
      };
      for (const place of graded) place.textContent = units.filter((u) => data.grade(u) === place.dataset.grade).length.toLocaleString("en");
      for (const name of texts) places[name].textContent = shown[name];
      slider.value = step;
      slider.setAttribute("aria-valuetext", `IoU above ${at}`);
      back.disabled = same;
      note.textContent = same ? "" : `Headline, grades, bars and cards are for IoU > ${at}; concepts by chance and tables for ${data.iou_threshold}, as measured.`;
      if (!figure) return;
      const wanted = same ? drawn : JSON.stringify(bars());
      const script = figure.querySelector("script");
      if (script.textContent === wanted) return;
      script.textContent = wanted;
      figure.dispatchEvent(new CustomEvent("dissect:changed"));
    }

    function move(step) {
      show(step);
      form.elements.t.value = step === measured ? "" : data.at;
      page.dispatchEvent(new CustomEvent("dissect:threshold"));
    }

    /** The step that the address asks for; of a value between two, the nearest. */
    function asked() {
      const wanted = form.elements.t.value === "" ? NaN : Number(form.elements.t.value);
      if (!(wanted > 0)) return measured;
      const gap = (step) => Math.abs(data.steps[step][0] - wanted);
      return data.steps.reduce((best, _, step) => gap(step) < gap(best) ? step : best, 0);
    }

    slider.disabled = false;
    slider.addEventListener("input", () => move(Number(slider.value)));
    back.addEventListener("click", () => { move(measured); slider.focus(); });
    form.addEventListener("dissect:read", () => show(asked()));
    show(asked());
  });
})();
