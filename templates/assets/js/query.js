/* What a reader types into the search of a layer's units. */
(function () {
  "use strict";
  /** A query is a unit's number, or words of a concept; in quotes it is the whole name. */
  function matcher(query) {
    const text = query.trim().toLowerCase();
    if (!text) return () => true;
    if (/^\d+$/.test(text)) return (u) => String(u.number) === text || u.name.toLowerCase().includes(text);
    if (text.length > 2 && text.startsWith('"') && text.endsWith('"')) return (u) => u.name.toLowerCase() === text.slice(1, -1);
    return (u) => u.name.toLowerCase().includes(text);
  }

  window.dissect.matcher = matcher;
})();
