// An answer that grows. Blocks that are complete are drawn once and left
// alone; only the last one is drawn again, at most once a frame, and less
// often when drawing has become slow.

import { blocks, draw } from "./markdown.js";
import { announce } from "./dom.js";

export class LiveText {
  /** `cite` makes a node of a citation number, `around` wraps each drawing (scrolling). */
  constructor(node, { cite, around = (work) => work() }) {
    this.node = node;
    this.cite = cite;
    this.around = around;
    this.reset();
  }

  reset() {
    this.text = "";
    this.kept = 0;       // characters drawn for good
    this.keptNodes = 0;
    this.cost = 0;
    this.asked = false;
    this.again = false;
    this.node.replaceChildren();
  }

  push(text) {
    this.text += text;
    if (this.asked) return;
    this.asked = true;
    const pause = this.cost > 8 ? Math.min(150, this.cost * 2) : 0;
    const next = () => requestAnimationFrame(() => {
      if (this.asked) this.drawNow();
    });
    // A hidden tab gets no frames: draw from a timer there, slowly.
    if (document.hidden) setTimeout(() => this.asked && this.drawNow(), 500);
    else if (pause) setTimeout(next, pause);
    else next();
  }

  /** Draws what is left; with a text that differs from what came, draws that instead. */
  finish(text = this.text, again = false) {
    if (text !== this.text || again) {
      this.reset();
      this.text = text;
      this.again = true; // drawn before: not to be read aloud twice
    }
    this.drawNow(true);
  }

  /** Draws at once what has come so far. */
  drawNow(last = false) {
    const began = performance.now();
    this.around(() => this.#draw(last)); // with the layout that following the text needs
    this.cost = performance.now() - began;
  }

  #draw(last) {
    this.asked = false;
    const rest = this.text.slice(this.kept);
    const lines = rest.split("\n").map((line) => line.replace(/\r$/, ""));
    // Only whole lines decide what is complete: half a line may turn into anything.
    const whole = last ? lines : lines.slice(0, -1);
    const parts = blocks(whole);
    const sure = last ? parts : parts.slice(0, -1);
    while (this.node.childNodes.length > this.keptNodes) this.node.lastChild.remove();
    for (const part of sure) {
      const node = draw(part, this.cite);
      this.node.append(node);
      if (!this.again) announce(node.textContent);
    }
    this.keptNodes += sure.length;
    if (!last) {
      const upTo = sure.length ? sure.at(-1).to : 0;
      this.kept += rest.split("\n").slice(0, upTo).reduce((sum, line) => sum + line.length + 1, 0);
      for (const part of blocks(lines.slice(upTo))) this.node.append(draw(part, this.cite));
    } else {
      this.kept = this.text.length;
    }
  }
}
