/* Strokes of a brush over a layer's maps: their cells, what they do to the maps, how an address writes them.

   A stroke is { adds, set, percent, width, path }: set is "c12" (a concept's units) or "u7" (one unit), path holds
   cells as row * columns + column, each a step from the last. Its text: a.c12.100.3.2k.2233, see
   dissect_report/analysis/painting/strokes.py, which computes the same. */
(function () {
  "use strict";
  const STEPS = [[-1, 0], [-1, 1], [0, 1], [1, 1], [1, 0], [1, -1], [0, -1], [-1, -1]]; // up, then clockwise
  const FORM = /^([ar])\.([cu]\d+)\.(\d{1,3})\.(\d{1,3})\.([0-9a-z]{1,6})\.([0-7]*)$/;

  /** What does the steps between two cells, neither of them included but the last. */
  function line(from, to, columns) {
    let row = Math.floor(from / columns), column = from % columns;
    const down = Math.floor(to / columns) - row, right = to % columns - column;
    const count = Math.max(Math.abs(down), Math.abs(right)), cells = [];
    for (let step = 1; step <= count; step += 1) {
      cells.push((row + Math.round(down * step / count)) * columns + column + Math.round(right * step / count));
    }
    return cells;
  }

  function write(stroke, [, columns]) {
    const moves = stroke.path.slice(1).map((cell, place) => {
      const before = stroke.path[place];
      const down = Math.floor(cell / columns) - Math.floor(before / columns), right = cell % columns - before % columns;
      return STEPS.findIndex(([y, x]) => y === down && x === right);
    });
    const way = stroke.adds ? "a" : "r";
    return [way, stroke.set, stroke.percent, stroke.width, stroke.path[0].toString(36), moves.join("")].join(".");
  }

  /** The stroke of a text; null for what is none, or none of this map. */
  function read(text, [rows, columns]) {
    const found = FORM.exec(text);
    if (!found) return null;
    const [, way, set, percent, width, start, moves] = found;
    let cell = parseInt(start, 36);
    const path = [cell];
    for (const move of moves) {
      const [down, right] = STEPS[Number(move)], column = cell % columns + right;
      if (column < 0 || column >= columns) return null;
      cell += down * columns + right;
      path.push(cell);
    }
    if (path.some((one) => one < 0 || one >= rows * columns)) return null;
    return { adds: way === "a", set, percent: Number(percent), width: Number(width), path };
  }

  /** Cells under the brush along a path, ascending: middles within half its width. */
  function brushed({ path, width }, [rows, columns]) {
    const cells = new Set(), reach = Math.floor(width / 2);
    for (const cell of path) {
      const row = Math.floor(cell / columns), column = cell % columns;
      for (let y = Math.max(0, row - reach); y <= Math.min(rows - 1, row + reach); y += 1) {
        for (let x = Math.max(0, column - reach); x <= Math.min(columns - 1, column + reach); x += 1) {
          if (4 * ((y - row) ** 2 + (x - column) ** 2) <= width ** 2) cells.add(y * columns + x);
        }
      }
    }
    return [...cells].sort((a, b) => a - b);
  }

  /** What a stroke moves: [unit, value, how far] each; empty for a set that is not known here. */
  function moved(stroke, data) {
    const number = Number(stroke.set.slice(1));
    let shares = [];
    if (stroke.set[0] === "u") shares = number < data.levels.length ? [[number, 1]] : [];
    else if (data.sets[stroke.set]) {
      const own = data.sets[stroke.set];
      shares = stroke.adds ? own.adds.map((unit, place) => [unit, own.strengths[place]]) : own.removes.map((unit) => [unit, 1]);
    }
    if (!stroke.adds) return shares.map(([unit, share]) => [unit, 0, share]);
    return shares.filter(([unit]) => data.levels[unit] !== null).map(([unit, share]) => [unit, data.levels[unit], share]);
  }

  /** A copy of the maps (units one after the other, each row by row) with every stroke, in order. */
  function applied(maps, strokes, data) {
    const made = maps.slice(), size = data.map[0] * data.map[1];
    for (const stroke of strokes) {
      const cells = brushed(stroke, data.map);
      for (const [unit, value, share] of moved(stroke, data)) {
        const far = Math.fround(stroke.percent / 100 * share), rest = Math.fround(1 - far);
        for (const cell of cells) {
          const at = unit * size + cell;
          made[at] = Math.fround(rest * made[at]) + Math.fround(far * Math.fround(value));
        }
      }
    }
    return made;
  }

  window.dissect.strokes = { line, write, read, brushed, moved, applied };
})();
