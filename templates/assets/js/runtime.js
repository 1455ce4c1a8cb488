/* A network that runs in the reader's browser: dissect.runtime.start(root) gives one in a worker.

   The library lies once a site in one script (assets/runtime/onnxruntime.js) and is loaded when a reader begins.
   Every way to fail ends in an Error whose message is one sentence for the reader. */
(function () {
  "use strict";
  const NAME = "assets/runtime/onnxruntime";
  const SAID = {
    memory: "The network needs more memory than this browser has left: close other tabs and load the page again.",
    damaged: "A file of the network arrived damaged: load the page again.",
    missing: "A file of the network is missing: load the page again, or copy the whole site.",
    wasm: "This browser has no WebAssembly, or does not allow it here: the network cannot run in it.",
    old: "This browser is too old to unpack the network: one of 2023 or later can.",
    worker: "This browser does not let a page from here start a worker: open the site from a web address.",
    other: "The network could not be run in this browser",
  };

  function failure(kind, said) {
    return Object.assign(new Error(kind === "other" && said ? `${SAID.other}: ${said}` : SAID[kind]), { kind });
  }

  /* A page opened from disk has a stand-in for Worker, for the search: it is no thread of its own. */
  function worker(source) {
    const Thread = (window.IFrameWorker && window.IFrameWorker.native) || window.Worker;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try { return new Thread(address); } catch { throw failure("worker"); }
  }

  /** A data file of the site, or a sentence why it cannot be had. */
  async function file(root, name) {
    try { return await window.dissect.load(root, name); } catch (error) {
      throw failure(error.damaged ? "damaged" : "missing");
    }
  }

  /** The running library: ask(kind, values) does what the worker knows, see assets/runtime/worker.js. */
  async function start(root) {
    if (typeof WebAssembly !== "object") throw failure("wasm");
    if (typeof DecompressionStream !== "function") throw failure("old");
    const parts = await file(root, NAME);
    if (!parts || !parts.program || !parts.wasm) throw failure("damaged");
    const thread = worker(parts.program), waiting = new Map();
    let count = 0, broken = null;
    const fail = (error) => {
      broken = error;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    thread.addEventListener("error", (event) => {
      event.preventDefault();
      fail(failure(/memory/i.test(event.message) ? "memory" : "worker"));
    });
    thread.addEventListener("message", ({ data }) => {
      const { resolve, reject } = waiting.get(data.id) || {};
      waiting.delete(data.id);
      if (!resolve) return;
      if (data.fault) reject(failure(/WebAssembly/.test(data.said) && data.fault === "other" ? "wasm" : data.fault, data.said));
      else resolve(data.result);
    });
    const ask = (kind, values = {}) => new Promise((resolve, reject) => {
      if (broken) { reject(broken); return; }
      count += 1;
      waiting.set(count, { resolve, reject });
      thread.postMessage({ ...values, id: count, kind });
    });
    await ask("start", { wasm: parts.wasm });
    return {
      /** Opens a packed graph under a name. */
      open: (name, graph) => ask("open", { name, graph }),
      /** Runs it: { outputs, milliseconds }. */
      run: (name, inputs) => ask("run", { name, inputs }),
      /** A packed array as Float32Array. */
      numbers: (text, type) => ask("numbers", { text, type }),
      stop: () => { fail(failure("other", "it was stopped")); thread.terminate(); },
    };
  }

  window.dissect.runtime = { start, file };
})();
