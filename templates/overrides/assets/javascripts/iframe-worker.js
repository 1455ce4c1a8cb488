/* Search from disk: browsers refuse to start a worker for a page opened as file://. This stands in for
 * Worker there, and runs the worker's script in a hidden frame instead; over http it does nothing.
 * The search worker looks for `IFrameWorker` in its parent to know where it is. */
(function () {
  "use strict";
  if (location.protocol !== "file:") return;

  class IFrameWorker extends EventTarget {
    constructor(address) {
      super();
      this.waiting = [];
      this.ready = false;
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "search";
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      // Writing a document of our own keeps some browsers from replacing the empty one later.
      inside.document.open();
      inside.document.write("<!doctype html><title>search</title><body></body>");
      inside.document.close();
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...addresses) =>
        addresses.reduce((before, next) => before.then(() => this.load(next)), Promise.resolve());
      this.load(address).then(
        () => {
          this.ready = true;
          this.waiting.splice(0).forEach((data) => this.postMessage(data));
        },
        () => this.dispatchEvent(new Event("error"))
      );
    }

    /* Runs a script inside the frame; settles when it has run or failed. */
    load(address) {
      return new Promise((resolve, reject) => {
        const script = this.frame.contentDocument.createElement("script");
        script.src = address;
        script.onload = resolve;
        script.onerror = reject;
        this.frame.contentDocument.body.append(script);
      });
    }

    postMessage(data) {
      if (!this.ready) {
        this.waiting.push(data);
        return;
      }
      const inside = this.frame.contentWindow;
      inside.dispatchEvent(new inside.MessageEvent("message", { data }));
    }

    terminate() {
      this.frame.remove();
    }
  }

  IFrameWorker.native = window.Worker; // a worker made of a script in hand (a Blob) starts from disk, too
  window.IFrameWorker = IFrameWorker;
  window.Worker = IFrameWorker;
})();
