/* From a file to the pixels that the run would have measured: the resize and the crop of the run, to the bit.

   Only decoding is the browser's own: JPEG, colour profiles, orientation. Everything else is whole-number
   arithmetic as Pillow does it: one row of weights for every target, in 1 / 2^22, columns first, then rows. */
(function () {
  "use strict";
  const BITS = 22;
  /** Longer than this many times its width, a picture is refused, as by the run. */
  const LONGEST = 50;
  /** Pixels that every browser's canvas holds; a larger picture is made smaller by the browser first. */
  const MOST = 16e6;

  const said = (text) => Object.assign(new Error(text), { said: true });

  /** RGBA of a file: { data, width, height, shrunk }. */
  async function decoded(file) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      throw said(`${file.name || "This"} is not a picture that this browser can read: try a JPEG, PNG or WebP file.`);
    }
    const { width, height } = bitmap;
    if (Math.max(width, height) > LONGEST * Math.min(width, height)) {
      throw said(`This picture of ${width} × ${height} pixels is too thin to crop.`);
    }
    const scale = Math.min(1, Math.sqrt(MOST / (width * height)));
    const [wide, high] = [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))];
    const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff"; // what is transparent lies over white
    context.fillRect(0, 0, wide, high);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, wide, high);
    bitmap.close();
    return { data: context.getImageData(0, 0, wide, high).data, width: wide, height: high, shrunk: scale < 1 };
  }

  /** To the nearest whole number, halves to the even one. */
  function round(value) {
    const low = Math.floor(value), rest = value - low;
    return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
  }

  /** Size after resizing, then left and top of the crop. */
  function frame(width, height, { resize, mode, side }) {
    let wide = resize, high = resize;
    if (mode !== "squash") {
      if (width <= height) high = Math.trunc((resize * height) / width);
      else wide = Math.trunc((resize * width) / height);
    }
    return { wide, high, left: round((wide - side) / 2), top: round((high - side) / 2) };
  }

  /** Of the targets `first` to `first + count`: the first source pixel, and whole-number weights from there on. */
  function taps(size, target, first, count) {
    const scale = size / target, reach = Math.max(scale, 1), found = [];
    for (let at = first; at < first + count; at += 1) {
      const centre = (at + 0.5) * scale;
      const from = Math.max(0, Math.trunc(centre - reach + 0.5));
      const to = Math.min(size, Math.trunc(centre + reach + 0.5));
      const weights = [];
      let sum = 0;
      for (let x = from; x < to; x += 1) {
        const weight = Math.max(0, 1 - Math.abs((x - centre + 0.5) * (1 / reach)));
        weights.push(weight);
        sum += weight;
      }
      const whole = weights.map((weight) => Math.trunc(0.5 + (sum ? weight / sum : weight) * 2 ** BITS));
      found.push({ from, weights: Int32Array.from(whole) });
    }
    return found;
  }

  /** One axis resized: every target a weighted sum of pixels that lie `step` apart in `source`. */
  function along(source, target, { lines, starts, step, write }, plan) {
    const half = 2 ** (BITS - 1);
    for (let line = 0; line < lines; line += 1) {
      const begin = starts(line);
      for (let place = 0; place < plan.length; place += 1) {
        const { from, weights } = plan[place];
        let at = begin + from * step, [r, g, b] = [half, half, half];
        for (let k = 0; k < weights.length; k += 1, at += step) {
          const weight = weights[k];
          r += source[at] * weight;
          g += source[at + 1] * weight;
          b += source[at + 2] * weight;
        }
        const to = write(line, place);
        target[to] = r >> BITS;
        target[to + 1] = g >> BITS;
        target[to + 2] = b >> BITS;
        target[to + 3] = 255;
      }
    }
  }

  /** Columns or rows of a picture resized and cut: `count` of them from `first`. */
  function resized(picture, axis, target, first, count) {
    const { data, width, height } = picture, wide = axis === "x" ? count : width, high = axis === "y" ? count : height;
    const made = new Uint8ClampedArray(wide * high * 4);
    const ways = axis === "x"
      ? { lines: height, starts: (y) => y * width * 4, step: 4, write: (y, x) => (y * wide + x) * 4 }
      : { lines: width, starts: (x) => x * 4, step: width * 4, write: (x, y) => (y * wide + x) * 4 };
    along(data, made, ways, taps(axis === "x" ? width : height, target, first, count));
    return { data: made, width: wide, height: high };
  }

  /** The crop of a decoded picture, RGBA [side, side]: resized only along axes whose size changes. */
  function cropped(picture, options) {
    const { width, height } = picture, { side } = options, { wide, high, left, top } = frame(width, height, options);
    const axes = [["x", wide, left, wide !== width], ["y", high, top, high !== height]];
    // Pillow 13 begins with the rows where that saves more; before it always began with the columns.
    if (high < height && height - high > 2 * (width - wide)) axes.reverse();
    let made = picture;
    for (const [axis, target, first, changes] of axes) {
      made = changes ? resized(made, axis, target, first, side) : cut(made, axis, first, side);
    }
    return made.data;
  }

  /** Columns or rows of a picture, `count` of them from `first`. */
  function cut({ data, width, height }, axis, first, count) {
    const wide = axis === "x" ? count : width, high = axis === "y" ? count : height;
    const [left, top] = axis === "x" ? [first, 0] : [0, first];
    const made = new Uint8ClampedArray(wide * high * 4);
    for (let y = 0; y < high; y += 1) {
      const from = ((top + y) * width + left) * 4;
      made.set(data.subarray(from, from + wide * 4), y * wide * 4);
    }
    return { data: made, width: wide, height: high };
  }

  /** What the network is given: float32 [3, side, side] of 0 to 255. */
  function planes(pixels, side) {
    const made = new Float32Array(3 * side * side);
    for (let at = 0; at < side * side; at += 1) {
      for (let channel = 0; channel < 3; channel += 1) made[channel * side * side + at] = pixels[at * 4 + channel];
    }
    return made;
  }

  /** The made-up photo by which the browser is checked, as findings.photo.pattern_photo draws it. */
  function pattern(side) {
    const made = new Float32Array(3 * side * side);
    for (let channel = 0, at = 0; channel < 3; channel += 1) {
      for (let y = 0; y < side; y += 1) {
        for (let x = 0; x < side; x += 1, at += 1) made[at] = (y * y * (3 + channel) + 7 * x * (channel + 1) + x * y) % 256;
      }
    }
    return made;
  }

  window.dissect.photo = { ...window.dissect.photo, decoded, cropped, planes, pattern, said };
})();
