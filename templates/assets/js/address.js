/* What a reader has chosen, kept in the address after "#": reload, back and a sent link show the same.

   "#" because a page opened from disk may change nothing else of its address. Before the choices may
   stand the name of a place on the page: #place&name=value&name=value. */
(function () {
  "use strict";
  function parts() {
    const all = location.hash.slice(1).split("&");
    const place = all[0].includes("=") ? "" : all.shift();
    return { place, chosen: new URLSearchParams(all.join("&")) };
  }

  /** Name of the place on the page; empty where there is none. */
  function place() {
    try { return decodeURIComponent(parts().place); } catch { return ""; } // somebody's own hash
  }

  /** The choices, as URLSearchParams. */
  function chosen() {
    return parts().chosen;
  }

  /** Changes some choices and leaves the others: a text, a list of texts, or nothing to take it out. */
  function choose(changes, at = parts().place) {
    const state = chosen();
    for (const [name, value] of Object.entries(changes)) {
      state.delete(name);
      for (const text of [value].flat()) if (text) state.append(name, text);
    }
    const hash = [at, state.toString()].filter(Boolean).join("&");
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  /* A browser looks for a place of that very name; with choices behind it, the page has to. */
  const named = place() && chosen().size ? document.getElementById(place()) : null;
  if (named) named.scrollIntoView();

  window.dissect.address = { place, chosen, choose };
})();
