/* The picture that is painted on: pixels, the strokes' outlines over it, pointer and keys.

   The board tells what a reader does: begin(cell), go(cell), end(). It knows nothing of networks. */
(function () {
  "use strict";
  const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  /** The border of cells as SVG path data, in units of a cell. */
  function outline(cells, [rows, columns]) {
    const inside = new Set(cells), parts = [];
    for (const cell of cells) {
      const row = Math.floor(cell / columns), column = cell % columns;
      if (row === 0 || !inside.has(cell - columns)) parts.push(`M${column} ${row}h1`);
      if (row === rows - 1 || !inside.has(cell + columns)) parts.push(`M${column} ${row + 1}h1`);
      if (column === 0 || !inside.has(cell - 1)) parts.push(`M${column} ${row}v1`);
      if (column === columns - 1 || !inside.has(cell + 1)) parts.push(`M${column + 1} ${row}v1`);
    }
    return parts.join("");
  }

  function board(place, data, hands) {
    const [rows, columns] = data.map, canvas = place.querySelector("canvas");
    const paths = { add: place.querySelector(".adds"), remove: place.querySelector(".removes"), at: place.querySelector(".at") };
    let cell = Math.floor(rows / 2) * columns + Math.floor(columns / 2), held = false, width = 1;

    function cellOf(event) {
      const box = place.getBoundingClientRect();
      const row = Math.floor((event.clientY - box.top) / box.height * rows);
      const column = Math.floor((event.clientX - box.left) / box.width * columns);
      return Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column));
    }

    function mark(shown) {
      paths.at.setAttribute("d", shown ? outline(window.dissect.strokes.brushed({ path: [cell], width }, data.map), data.map) : "");
    }

    place.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      place.focus({ preventScroll: true });
      place.setPointerCapture(event.pointerId);
      cell = cellOf(event);
      held = true;
      hands.begin(cell);
      mark(true);
    });
    place.addEventListener("pointermove", (event) => {
      cell = cellOf(event);
      if (held) hands.go(cell);
      mark(true);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      place.addEventListener(name, () => {
        if (held) hands.end();
        held = false;
      });
    }
    place.addEventListener("pointerleave", () => mark(held || place.matches(":focus-visible")));
    place.addEventListener("blur", () => mark(false));
    place.addEventListener("focus", () => mark(place.matches(":focus-visible")));

    /* Arrows move the brush, space paints where it is; held with shift, the arrows paint as they go. */
    place.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (KEYS[event.key]) {
        event.preventDefault();
        const [down, right] = KEYS[event.key];
        const row = Math.floor(cell / columns) + down, column = cell % columns + right;
        const next = row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : cell;
        if (event.shiftKey) {
          if (!held) { held = true; hands.begin(cell); }
          hands.go(next);
        }
        cell = next;
        mark(true);
        hands.over(Math.floor(cell / columns), cell % columns);
      } else if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        if (event.repeat) return;
        hands.begin(cell);
        hands.end();
      }
    });
    place.addEventListener("keyup", (event) => {
      if (event.key === "Shift" && held) { held = false; hands.end(); }
    });

    return {
      canvas,
      /** An image [3, y, x] in the network's range, as pixels. */
      pixels(values, [low, high]) {
        const size = data.side * data.side, made = new ImageData(data.side, data.side);
        for (let at = 0; at < size; at += 1) {
          for (let color = 0; color < 3; color += 1) {
            made.data[4 * at + color] = Math.round((values[color * size + at] - low) / (high - low) * 255); // clamped
          }
          made.data[4 * at + 3] = 255;
        }
        return made;
      },
      show(pixels) {
        canvas.getContext("2d").putImageData(pixels, 0, 0);
        canvas.hidden = false;
      },
      hide() { canvas.hidden = true; },
      /** Where strokes went: two outlines, what is added and what is removed. */
      strokes(all) {
        const cells = { add: new Set(), remove: new Set() };
        for (const stroke of all) {
          for (const one of window.dissect.strokes.brushed(stroke, data.map)) cells[stroke.adds ? "add" : "remove"].add(one);
        }
        for (const way of ["add", "remove"]) paths[way].setAttribute("d", outline([...cells[way]], data.map));
      },
      brush(cells) { width = cells; },
    };
  }

  window.dissect.board = board;
})();
