/* The network, in a thread of its own: the page never waits for it.

   Stands behind the library's module, which is ``ort`` here. A message is { id, kind, ... } and is answered
   with { id, result } or { id, fault }: "memory", "damaged" or "other", and what was said.
   Files come as base64 of gzip: a page opened from disk may load nothing but scripts. */
const sessions = new Map();

async function unpacked(text) {
  try {
    const characters = atob(text), bytes = new Uint8Array(characters.length);
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = characters.charCodeAt(place);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw Object.assign(new Error(String(error)), { fault: "damaged" });
  }
}

const work = {
  /** Begins: the library's own program. One thread: more would need headers that GitHub Pages does not send. */
  async start({ wasm }) {
    ort.env.wasm.wasmBinary = (await unpacked(wasm)).buffer;
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
  },

  /** Opens a graph under a name; gives the names of its inputs and outputs. */
  async open({ name, graph }) {
    const bytes = await unpacked(graph);
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    sessions.set(name, session);
    return { inputs: session.inputNames, outputs: session.outputNames };
  },

  /** Runs a graph: inputs are { name: { data, dims } } with data in a typed array, and so are the outputs. */
  async run({ name, inputs }) {
    const feeds = {};
    for (const [key, { data, dims }] of Object.entries(inputs)) {
      feeds[key] = new ort.Tensor(data instanceof Int32Array ? "int32" : "float32", data, dims);
    }
    const begun = performance.now();
    const made = await sessions.get(name).run(feeds);
    const outputs = {};
    for (const [key, tensor] of Object.entries(made)) outputs[key] = { data: tensor.data.slice(), dims: [...tensor.dims] };
    return { outputs, milliseconds: performance.now() - begun };
  },

  /** A packed array, little-endian: "float16" is widened. */
  async numbers({ text, type }) {
    const bytes = await unpacked(text);
    return type === "float16" ? widened(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
  },
};

/** Half-precision numbers as float32, exactly. */
function widened(halves) {
  const values = new Float32Array(halves.length);
  for (let place = 0; place < halves.length; place += 1) {
    const bits = halves[place], exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
    values[place] = bits & 0x8000 ? -size : size;
  }
  return values;
}

function fault(error) {
  if (error && error.fault) return error.fault;
  const said = String((error && error.message) || error);
  if (error instanceof RangeError || /memory|alloc|OOM/i.test(said)) return "memory";
  return /protobuf|parse|invalid model|No graph/i.test(said) ? "damaged" : "other";
}

self.onmessage = async ({ data }) => {
  const { id, kind } = data;
  try {
    postMessage({ id, result: await work[kind](data) });
  } catch (error) {
    postMessage({ id, fault: fault(error), said: String((error && error.message) || error) });
  }
};
