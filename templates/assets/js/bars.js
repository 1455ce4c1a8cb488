/* Bars without plotly: what a page shows first has not to wait for several MB.

   A figure marked data-plain holds the same description as any other; its bars are buttons here, and its
   SVG is still drawn by plotly when it is asked for. */
(function () {
  "use strict";
  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /** The smallest of 1, 2, 5, 10, 20 ... that divides the height into at most five steps. */
  function stepOf(most) {
    for (let power = 1; ; power *= 10) for (const digit of [1, 2, 5]) if (digit * power * 5 >= most) return digit * power;
  }

  function words(trace, place) {
    const strong = trace.customdata ? `, ${trace.customdata[place]} strong` : "";
    return `${trace.x[place]}: ${trace.y[place]} ${trace.y[place] === 1 ? "unit" : "units"}${strong}`;
  }

  function draw(figure, { data, layout }) {
    const most = Math.max(1, ...data.flatMap((trace) => trace.y));
    const step = stepOf(most);
    const top = Math.ceil(most / step) * step;
    const legend = element("ul", "bars-legend");
    const frame = element("div", "bars-frame");
    for (let at = 0; at <= top; at += step) {
      const line = element("span", "bars-line num", at);
      line.style.bottom = `${100 * at / top}%`;
      line.setAttribute("aria-hidden", "true");
      frame.append(line);
    }
    const row = element("div", "bars-row");
    for (const trace of data) {
      const colour = `var(${trace.marker.color})`;
      const entry = element("li", "", trace.name);
      entry.style.setProperty("--c", colour);
      legend.append(entry);
      trace.x.forEach((name, place) => {
        const bar = element("button", "bar");
        bar.type = "button";
        bar.title = words(trace, place);
        bar.setAttribute("aria-label", words(trace, place));
        bar.style.cssText = `--c:${colour};--h:${100 * trace.y[place] / top}%`;
        bar.append(element("i", ""), element("span", "bar-name", name));
        bar.addEventListener("click", () => figure.dispatchEvent(
          new CustomEvent("dissect:point", { bubbles: true, detail: { x: name, data: undefined } })));
        row.append(bar);
      });
    }
    frame.append(row);
    const side = element("span", "bars-side", layout.yaxis.title.text);
    side.setAttribute("aria-hidden", "true");
    figure.querySelector(".plot").replaceChildren(legend, side, frame);
  }

  window.dissect.bars = draw;
})();
