/* The way about a layer page: filters folded on a phone, the way to the charts, and a link that opens at its result. */
(function () {
  "use strict";
  const page = document.querySelector(".dissect.layer-page");
  if (!page) return;
  const form = page.querySelector("[data-filter]");
  const folded = form.querySelector("[data-filters]");

  folded.addEventListener("click", () => {
    const open = folded.getAttribute("aria-expanded") !== "true";
    folded.setAttribute("aria-expanded", open);
    form.classList.toggle("open", open);
  });

  form.querySelector("[data-to-charts]").addEventListener("click", () => {
    const charts = page.querySelector("#charts");
    charts.focus({ preventScroll: true }); // the next Tab goes on from there
    charts.scrollIntoView({ behavior: "smooth" });
  });

  /* Once, when the cards that the address asks for are there. */
  page.querySelector("[data-cards]").addEventListener("dissect:cards", () => {
    if (window.dissect.address.chosen().size) page.querySelector("#units").scrollIntoView();
  }, { once: true });
})();
