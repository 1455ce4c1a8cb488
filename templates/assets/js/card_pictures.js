/* Pictures of a layer's cards, when they come near the screen: thousands of cards stay smooth. */
(function () {
  "use strict";
  window.dissect = window.dissect || {};
  const PAUSE = 120; // milliseconds without a new filter until pictures load: most cards are gone by the next letter

  window.dissect.cardPictures = function (grid) {
    const waiting = new Set(); // cards near the screen that lack their pictures
    let pause = 0;

    /** Pictures of one more card every other frame: decoding eighty stalls the page. */
    function load() {
      const [next] = waiting;
      if (next) show(next);
      pause = waiting.size ? setTimeout(load, 30) : 0;
    }

    function show(slot) {
      waiting.delete(slot);
      near.unobserve(slot);
      slot.querySelectorAll(".quad > img").forEach((picture) => { picture.src = `../thumbnails/${picture.dataset.image}.webp`; });
    }

    /* The first screen has its pictures at once; later a card that is passed in a hurry loads none. */
    const near = new IntersectionObserver((entries) => {
      const first = !grid.querySelector(".quad > img[src]");
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) waiting.delete(target);
        else if (first) show(target);
        else waiting.add(target);
      }
      if (!pause) load();
    }, { rootMargin: "300px" });
    window.addEventListener("beforeprint", () => grid.querySelectorAll(".slot").forEach(show));

    return {
      await: (slot) => near.observe(slot),
      wait() {
        clearTimeout(pause);
        pause = setTimeout(load, PAUSE);
      },
    };
  };
})();
