/* One loader for every plotly figure.

   A figure is drawn when it comes near the window, so plotly (several MB) is loaded only by pages
   whose reader scrolls to a figure. Colours are names of custom properties of dissect.css; they are
   looked up when drawing, and again when the reader changes the colour scheme. */
(function () {
  "use strict";
  const here = document.currentScript.src;
  const figures = document.querySelectorAll(".dissect .figure");
  if (!figures.length) return;
  let plotly = null;

  function library() {
    plotly = plotly || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL("plotly.min.js", here).href;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("cannot load " + script.src));
      const start = () => setTimeout(() => document.head.append(script)); // after pictures and cards
      if (document.readyState === "complete") start();
      else window.addEventListener("load", start);
    });
    return plotly;
  }

  function color(name) {
    return getComputedStyle(document.body).getPropertyValue(name).trim();
  }

  /** A copy of a figure with "--name" replaced by that colour, everywhere but in texts. */
  function painted(value, key) {
    if (typeof value === "string") return key === "color" && value.startsWith("--") ? color(value) : value;
    if (key === "colorscale") return value.map(([at, name]) => [at, color(name)]);
    if (Array.isArray(value)) return value.map((item) => painted(item, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, painted(item, name)]));
    }
    return value;
  }

  const axis = () => ({
    color: color("--quiet"), gridcolor: color("--hair"), linecolor: color("--faint"), zeroline: false,
    ticks: "", automargin: true, fixedrange: true,
  });

  /** Names out of label files may hold what plotly takes for markup. */
  function plain(text) {
    return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  }

  function looks(layout) {
    const x = Object.assign(axis(), { showgrid: false, showline: true }, layout.xaxis);
    const y = Object.assign(axis(), layout.yaxis);
    for (const one of [x, y]) if (one.title) one.title = { text: one.title.text, font: { size: 12 }, standoff: 8 };
    const annotations = (layout.annotations || []).map((note) =>
      Object.assign({ font: { size: 11, color: color("--quiet") }, xanchor: "left" }, note));
    /* A finger that drags means to scroll. */
    const drag = matchMedia("(pointer: coarse)").matches ? false : layout.dragmode || false;
    return Object.assign({}, layout, {
      dragmode: drag,
      xaxis: x, yaxis: y, annotations,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: color("--ink") },
      margin: { l: 48, r: 12, t: layout.showlegend ? 34 : 22, b: 42 },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", xanchor: "left", font: { size: 12 }, traceorder: "normal", itemclick: false, itemdoubleclick: false },
      hoverlabel: { bgcolor: color("--ink"), bordercolor: color("--ink"), font: { color: color("--page"), size: 12 } },
    });
  }

  /* Long names would take the room of the figure: the tick shows their beginning, hovering all. */
  function shortened(data, layout) {
    for (const [name, axis] of [["x", layout.xaxis], ["y", layout.yaxis]]) {
      if (!axis || axis.type !== "category") continue;
      const names = [...new Set((axis.categoryarray || data.flatMap((trace) => trace[name] || [])).map(String))];
      if (!names.length) continue;
      axis.tickmode = "array";
      axis.tickvals = names;
      axis.ticktext = names.map((text) => plain(text.length > 22 ? text.slice(0, 21) + "…" : text));
    }
  }

  const begun = new WeakSet();

  const written = (figure) => JSON.parse(figure.querySelector("script").textContent);

  /** By plotly, into `plot`. */
  async function plotted(figure, plot) {
    const stored = painted(written(figure), "");
    const layout = looks(stored.layout);
    shortened(stored.data, layout);
    const Plotly = await library();
    await Plotly.react(plot, stored.data, layout, {
      responsive: true, displaylogo: false, displayModeBar: false,
    });
  }

  async function draw(figure) {
    begun.add(figure);
    if ("plain" in figure.dataset) {
      window.dissect.bars(figure, written(figure));
      return;
    }
    const plot = figure.querySelector(".plot");
    await plotted(figure, plot);
    plot.dataset.scheme = document.body.dataset.mdColorScheme || "default";
    if (plot.dataset.ready) return;
    plot.dataset.ready = "true";
    plot.on("plotly_selected", (event) => {
      if (!event || !event.range) return;
      const [x, y] = ["x", "y"].map((name) => [...event.range[name]].sort((a, b) => a - b));
      figure.dispatchEvent(new CustomEvent("dissect:box", { bubbles: true, detail: { x, y } }));
    });
    plot.on("plotly_click", (event) => {
      const point = event.points[0];
      figure.dispatchEvent(new CustomEvent("dissect:point", { bubbles: true, detail: { x: point.x, data: point.customdata } }));
    });
  }

  /* Download: the figure as it stands, in the reader's colours. Nothing leaves the page. */
  async function save(figure) {
    let plot = figure.querySelector(".plot");
    const { scrollWidth, scrollHeight } = plot;
    if ("plain" in figure.dataset) {
      plot = Object.assign(document.createElement("div"), { hidden: true });
      Object.assign(plot.style, { width: `${scrollWidth}px`, height: `${scrollHeight}px` });
      figure.append(plot);
      await plotted(figure, plot);
    } else if (!plot.dataset.ready) await draw(figure);
    const Plotly = await library();
    const name = [...location.pathname.split("/").slice(-2), figure.dataset.figure].map((part) =>
      decodeURIComponent(part).replace(/\.html$/, "").replace(/[^\w.-]+/g, "-")).join("-");
    /* At least as wide as the plot, which may be wider than its frame. */
    await Plotly.downloadImage(plot, { format: "svg", filename: name, width: scrollWidth, height: scrollHeight });
    if (plot.hidden) plot.remove();
  }

  figures.forEach((figure) => {
    const button = figure.querySelector("[data-svg]");
    button.hidden = false;
    button.addEventListener("click", () => save(figure));
    /* Its numbers were replaced by a control of the page. */
    figure.addEventListener("dissect:changed", () => { if (begun.has(figure)) draw(figure); });
  });

  /* A frame that scrolls sideways scrolls by keyboard, too. */
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth;
      for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", "Figure, scrolls sideways"]]) {
        if (scrolls) target.setAttribute(name, value);
        else target.removeAttribute(name);
      }
    }
  });
  figures.forEach((figure) => sizes.observe(figure.querySelector(".plot-frame")));

  /* One figure a task: between two of them the page answers to its reader. */
  let queue = Promise.resolve();
  function enqueue(figure) {
    begun.add(figure);
    queue = queue.then(() => new Promise((next) => setTimeout(next))).then(() => draw(figure));
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      enqueue(entry.target);
    }
  }, { rootMargin: "300px" });
  figures.forEach((figure) => seen.observe(figure));
  window.addEventListener("beforeprint", () => { // paper shows all of the page
    document.querySelectorAll(".dissect details").forEach((more) => { more.open = true; });
    figures.forEach((figure) => { if (!begun.has(figure)) draw(figure); });
    document.querySelectorAll(".dissect img[loading=lazy]").forEach((picture) => { picture.loading = "eager"; });
  });

  new MutationObserver(() => {
    figures.forEach((figure) => { if (figure.querySelector(".plot").dataset.ready) draw(figure); });
  }).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
})();
