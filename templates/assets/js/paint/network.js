/* The network behind the painted layer: what a scene looks like after strokes, and what is in it.

   One image is made at a time; what is asked for meanwhile waits, and only the last of it is made. */
(function () {
  "use strict";
  /** Part of the output range, in 255ths, by which the first image may differ from the network's own. */
  const MOST = 2;

  async function network(root, data) {
    const file = (name) => window.dissect.runtime.file(root, `${data.folder}/${name}`);
    const graph = file("graph"); // on its way while the library starts
    graph.catch(() => {});
    const runtime = await window.dissect.runtime.start(root);
    await runtime.open("tail", (await graph).graph);
    const scenes = new Map();
    let counts = null;

    async function read(scene) {
      const packed = await file(`scene-${scene}`), [maps, ...kept] = packed.arrays;
      const numbers = async ([text, type, dims]) => ({ data: await runtime.numbers(text, type), dims });
      const found = { maps: await numbers(maps), kept: await Promise.all(kept.map(numbers)) };
      found.image = (await drawn(found, found.maps.data)).image;
      check(found.image, packed.samples);
      return found;
    }

    /* What a faulty graph or browser would draw is not shown as the network's. */
    function check(image, samples) {
      const [low, high] = data.range, side = Math.round(Math.sqrt(samples.length / 3));
      const clamp = (value) => Math.min(high, Math.max(low, value));
      const pixel = (cell) => Math.floor((2 * cell + 1) * data.side / (2 * side));
      samples.forEach((truth, place) => {
        const color = Math.floor(place / side ** 2), row = pixel(Math.floor(place / side) % side), column = pixel(place % side);
        const made = image[(color * data.side + row) * data.side + column];
        if (!(Math.abs(clamp(made) - clamp(truth)) / (high - low) * 255 <= MOST)) {
          throw new Error("This browser draws another picture than the network itself: painting in it would mislead.");
        }
      });
    }

    async function drawn(scene, maps) {
      const inputs = { maps: { data: maps, dims: scene.maps.dims } };
      scene.kept.forEach((value, place) => { inputs[`kept${place}`] = value; });
      const { outputs, milliseconds } = await runtime.run("tail", inputs);
      return { image: outputs.image.data, milliseconds };
    }

    return {
      scene(number) {
        if (!scenes.has(number)) scenes.set(number, read(number));
        return scenes.get(number);
      },
      /** The image after strokes, and how long it took. */
      async paint(number, strokes) {
        const scene = await this.scene(number);
        return drawn(scene, window.dissect.strokes.applied(scene.maps.data, strokes, data));
      },
      /** Grid cells of every concept of the exported segmenter, by its id; null without one. */
      async count(image) {
        if (!data.labels) return null;
        counts = counts || file("labels").then(({ graph: text }) => runtime.open("labels", text));
        await counts;
        const inputs = { image: { data: image, dims: [1, 3, data.side, data.side] } };
        const { outputs } = await runtime.run("labels", inputs), { data: labels, dims } = outputs.labels;
        const found = new Map(), cells = dims[2] * dims[3];
        for (let cell = 0; cell < cells; cell += 1) { // a concept counts once a cell, in however many channels
          const here = new Set();
          for (let depth = 0; depth < dims[1]; depth += 1) here.add(labels[depth * cells + cell]);
          for (const label of here) if (label) found.set(label + data.labels.first, (found.get(label + data.labels.first) || 0) + 1);
        }
        return found;
      },
    };
  }

  window.dissect.network = network;
})();
