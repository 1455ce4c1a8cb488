/* Which units fire in a photo, how far above their level and where: the run's levels and its upsampling.

   A value on the grid lies between four cells of the map and is computed in single precision and in the run's
   order, so that a mask here is the mask there wherever the maps are the same. */
(function () {
  "use strict";
  const OUTSIDE = 0.5, LINE = [255, 225, 26];

  /** A map with a ring of one cell around it: its edge again, or zeros. */
  function ringed(maps, unit, [height, width], outside) {
    const made = new Float32Array((height + 2) * (width + 2)), wide = width + 2;
    for (let y = 0; y < height; y += 1) {
      const from = (unit * height + y) * width;
      made.set(maps.subarray(from, from + width), (y + 1) * wide + 1);
    }
    if (outside === "border") {
      made.copyWithin(0, wide, 2 * wide);
      made.copyWithin((height + 1) * wide, height * wide, (height + 1) * wide);
      for (let y = 0; y < height + 2; y += 1) {
        made[y * wide] = made[y * wide + 1];
        made[y * wide + width + 1] = made[y * wide + width];
      }
    }
    return made;
  }

  /** A unit's map on the grid, float32 [grid, grid]. */
  function upsampled(maps, unit, size, { outside, taps }) {
    const cells = ringed(maps, unit, size, outside), wide = size[1] + 2, near = Math.fround;
    const grid = taps.y_index.length, made = new Float32Array(grid * grid);
    for (let y = 0; y < grid; y += 1) {
      const row = taps.y_index[y] * wide, wy = near(taps.y_weight[y]);
      for (let x = 0; x < grid; x += 1) {
        const at = row + taps.x_index[x], wx = near(taps.x_weight[x]);
        const top = near(cells[at] + near(wx * near(cells[at + 1] - cells[at])));
        const below = at + wide;
        const bottom = near(cells[below] + near(wx * near(cells[below + 1] - cells[below])));
        made[y * grid + x] = near(top + near(wy * near(bottom - top)));
      }
    }
    return made;
  }

  /** The largest number of a unit's raw map. */
  function peak(maps, unit, [height, width]) {
    let most = -Infinity;
    for (let at = unit * height * width, end = at + height * width; at < end; at += 1) if (maps[at] > most) most = maps[at];
    return most;
  }

  /** Units above their level, the furthest first: { unit, peak, far, area, values }.

      `far` is 0 at the level and 1 at the unit's strongest probe image; `area` a share of the photo. */
  function firing(maps, plan, units) {
    const found = [];
    units.forEach(({ level, maximum }, unit) => {
      if (level === null) return;
      const most = peak(maps, unit, plan.size);
      if (!(most > level)) return; // no value on the grid exceeds the largest cell
      const values = upsampled(maps, unit, plan.size, plan);
      let pixels = 0;
      for (const value of values) if (value > level) pixels += 1;
      if (!pixels) return;
      const far = maximum > level ? (most - level) / (maximum - level) : Infinity;
      found.push({ unit, peak: most, far, area: pixels / values.length, values });
    });
    return found.sort((a, b) => b.far - a.far || a.unit - b.unit);
  }

  /** Whether each of size x size points of the photo lies where the interpolated grid exceeds the level. */
  function lit(values, level, size) {
    const grid = Math.round(Math.sqrt(values.length)), made = new Uint8Array(size * size);
    const places = Array.from({ length: size }, (_, at) => {
      const source = Math.min(grid - 1, Math.max(0, ((at + 0.5) * grid) / size - 0.5));
      const index = Math.min(grid - 2, Math.floor(source));
      return [Math.max(0, index), source - index];
    });
    for (let y = 0; y < size; y += 1) {
      const [row, wy] = places[y], above = row * grid, below = Math.min(grid - 1, row + 1) * grid;
      for (let x = 0; x < size; x += 1) {
        const [column, wx] = places[x], next = Math.min(grid - 1, column + 1);
        const top = values[above + column] + wx * (values[above + next] - values[above + column]);
        const bottom = values[below + column] + wx * (values[below + next] - values[below + column]);
        made[y * size + x] = top + wy * (bottom - top) > level ? 1 : 0;
      }
    }
    return made;
  }

  /** Draws the photo lit inside the mask and dim outside, with the mask's outline. */
  function draw(canvas, photo, mask, line) {
    const size = canvas.width, context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, 0, size, size);
    if (!mask) return;
    const picture = context.getImageData(0, 0, size, size), { data } = picture;
    const inside = (y, x) => y < 0 || x < 0 || y >= size || x >= size || mask[y * size + x];
    for (let y = 0, at = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1, at += 1) {
        const edge = mask[at] && !(inside(y - line, x) && inside(y + line, x) && inside(y, x - line) && inside(y, x + line));
        for (let channel = 0; channel < 3; channel += 1) {
          if (edge) data[at * 4 + channel] = LINE[channel];
          else if (!mask[at]) data[at * 4 + channel] *= OUTSIDE;
        }
      }
    }
    context.putImageData(picture, 0, 0);
  }

  window.dissect.photo = { ...window.dissect.photo, firing, lit, draw };
})();
