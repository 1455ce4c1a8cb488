/* A picture as a PNG file that carries its recipe, in a text chunk of its own. */
(function () {
  "use strict";
  const TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
    for (let bit = 0; bit < 8; bit += 1) number = number & 1 ? 0xedb88320 ^ (number >>> 1) : number >>> 1;
    return number;
  });

  function checksum(bytes) {
    let sum = 0xffffffff;
    for (const byte of bytes) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  }

  /** The file with a text under a keyword; both Latin-1. */
  function withText(file, keyword, text) {
    const body = Uint8Array.from(`tEXt${keyword}\0${text}`, (character) => character.charCodeAt(0) & 255);
    const chunk = new Uint8Array(body.length + 8), view = new DataView(chunk.buffer);
    view.setUint32(0, body.length - 4);
    chunk.set(body, 4);
    view.setUint32(body.length + 4, checksum(body));
    const head = 33; // signature and IHDR
    const made = new Uint8Array(file.length + chunk.length);
    made.set(file.subarray(0, head));
    made.set(chunk, head);
    made.set(file.subarray(head), head + chunk.length);
    return made;
  }

  /** Saves a canvas, small ones enlarged, with its recipe. */
  async function save(canvas, name, recipe) {
    const times = Math.max(1, Math.ceil(512 / canvas.width)), large = document.createElement("canvas");
    large.width = canvas.width * times;
    large.height = canvas.height * times;
    const pen = large.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(canvas, 0, 0, large.width, large.height);
    const blob = await new Promise((resolve) => { large.toBlob(resolve, "image/png"); });
    const file = withText(new Uint8Array(await blob.arrayBuffer()), "Comment", recipe);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file], { type: "image/png" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  window.dissect.png = { withText, save };
})();
