/* Data on demand, also from disk.

   A page opened with file:// may not fetch() its neighbours, but it may add a <script> tag. So data
   lies in .js files that call dissect.register(name, data), and dissect.load(root, name) adds the tag
   for <root><name>.js once and gives a promise of the data. */
(function () {
  "use strict";
  const waiting = new Map();
  const loaded = new Map();

  function register(name, data) {
    const entry = waiting.get(name);
    if (entry) entry.resolve(data);
  }

  function load(root, name) {
    if (loaded.has(name)) return loaded.get(name);
    const promise = new Promise((resolve, reject) => {
      waiting.set(name, { resolve });
      const script = document.createElement("script");
      script.src = root + name.split("/").map(encodeURIComponent).join("/") + ".js";
      script.onerror = () => reject(new Error("cannot load " + script.src));
      // A file that was cut short has run by now without handing anything over.
      script.onload = () => reject(Object.assign(new Error("damaged: " + script.src), { damaged: true }));
      document.head.append(script);
    });
    loaded.set(name, promise);
    return promise;
  }

  /** Whether a key press is meant for a field, the search dialog or the browser. */
  function typing(event) {
    const target = event.target;
    const field = target instanceof HTMLElement && target.closest("input:not([type=radio]), select, textarea");
    const search = document.getElementById("__search");
    return Boolean(field || (search && search.checked) || event.ctrlKey || event.metaKey || event.altKey);
  }

  window.dissect = { register, load, typing };
})();
