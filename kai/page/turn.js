// One question and its answer, from the first event to the last: what is
// going on, the growing text, its sources, and whatever else the service sends.

import { events, isAbort, Problem } from "./api.js";
import { h, icon, replace, add, table, announce, coded } from "./dom.js";
import { doing, count } from "./format.js";
import { LiveText } from "./live.js";
import { open as openPassage } from "./passages.js";
import { planCard, changed } from "./plans.js";
import { problemBox, hintList } from "./problems.js";
import { needs } from "./token.js";

const nearBottom = () => window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 160;

/** Keeps the end of the page in view while `work` adds to it, if it was in view. */
function following(work) {
  const stay = nearBottom();
  work();
  if (stay) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}

const sourceLine = (source) => [source.title || source.page,
  source.heading && source.heading !== source.title ? ` – ${source.heading}` : ""];

/** What was asked. One that is too long for its place can be scrolled, also by keys. */
export function questionHead(text) {
  const node = h("h2", { class: "question wrap", dir: "auto" }, text);
  new ResizeObserver(() => {
    if (node.scrollHeight > node.clientHeight) node.tabIndex = 0;
    else node.removeAttribute("tabindex");
  }).observe(node);
  return node;
}

export function sourceList(sources, numbered) {
  return h("ol", { class: numbered ? "sources" : "sources plain" }, sources.map((source) => h("li", {},
    numbered ? h("span", { class: "number", "aria-hidden": true }, source.number) : null,
    h("span", { class: "wrap" },
      h("button", { type: "button", class: "link wrap", dir: "auto", onclick: (event) => openPassage(source, event.currentTarget) }, sourceLine(source)),
      source.source ? h("span", { class: "faint" }, ` ${source.source}`) : null))));
}

export class Turn {
  /** `ask(text)` sends another question (candidates, retry). */
  constructor(question, { ask, retry }) {
    this.ask = ask;
    this.retry = retry;
    this.citations = new Map();
    this.seen = new Set();
    this.status = h("p", { class: "status" });
    this.before = h("div", { class: "before" });
    this.body = h("div", { class: "answer" });
    this.after = h("div", { class: "after" });
    this.live = new LiveText(this.body, { cite: (number) => this.#cite(number), around: following });
    this.node = h("article", { class: "turn", "aria-label": "Question and answer", "aria-busy": true },
      questionHead(question),
      this.before, this.body, this.status, this.after);
    this.#working("Sending the question…");
  }

  #cite(number) {
    const source = this.citations.get(number);
    if (!source) return null;
    const label = `Source ${number}: ${source.title || source.page}`;
    return h("button", {
      type: "button", class: "cite", "aria-label": label, title: label,
      onclick: (event) => openPassage(source, event.currentTarget),
    }, `[${number}]`);
  }

  #working(text) {
    replace(this.status, text ? [icon("arc"), h("span", {}, text)] : null);
    this.status.hidden = !text;
  }

  #put(...nodes) {
    following(() => add(this.after, nodes));
  }

  /** Runs the question; resolves to "done", "refused" (also by the service, before it began), "stopped", "failed" or
      "forgotten", where the conversation is. */
  async run(body, signal) {
    let ended = "failed";
    try {
      for await (const { event, data } of events("POST", "/v1/ask", { body, signal })) {
        if (this.take(event, data)) { ended = event === "done" ? "done" : "failed"; break; }
      }
      if (this.seen.has("refused") && !this.live.text) ended = "refused";
      if (ended === "failed" && !this.seen.has("problem")) {
        throw new Problem({ title: "The answer was cut off", detail: "The connection ended before the answer was complete." });
      }
    } catch (error) {
      this.live.finish();
      if (isAbort(error)) {
        ended = "stopped";
        const retry = h("button", { type: "button", class: "small" }, "Ask again");
        retry.addEventListener("click", () => this.retry(this));
        this.#put(h("div", { class: "box note" }, h("p", {}, this.live.text ? "Stopped. The answer above is not complete." : "Stopped."), h("p", { class: "buttons" }, retry)));
      } else if (error.status === 404 && body.session) {
        ended = "forgotten";
      } else {
        if (!this.seen.size) ended = "refused";
        this.#put(problemBox(error, {
          lead: this.live.text ? "The answer was cut off" : undefined, again: "Ask again", retry: () => this.retry(this),
        }));
      }
    }
    this.#working("");
    this.node.removeAttribute("aria-busy");
    return ended;
  }

  /** Takes one event; true when it was the last. */
  take(event, data) {
    this.seen.add(event);
    switch (event) {
      case "working": this.#working(doing(data.what)); break;
      case "waiting": this.#working(`Waiting for ${data.what}${data.seconds ? ` (${data.seconds} s)` : ""}…`); break;
      case "understood":
        if (data.lines?.length) add(this.before, h("p", { class: "understood wrap" }, "Understood as ", data.lines.map((line) => [h("code", {}, line), " "])));
        break;
      case "passages":
        if (data.passages?.length) {
          add(this.before, h("details", { class: "read" }, h("summary", {}, `Looked at ${count(data.passages.length, "passage")}`), sourceList(data.passages)));
        }
        break;
      case "engine": this.#working(`${data.kind === "model" ? data.name : "kai"} is writing…`); break;
      case "thinking": this.#think(data.text); break;
      case "token": this.live.push(data.text); break;
      case "citation": this.citations.set(data.number, data); break;
      case "fallback": this.#fallback(data); break;
      case "asks": this.#asks(data); break;
      case "refused": this.#refused(data); break;
      case "found": this.#found(data); break;
      case "plan":
        this.#working("");
        this.#put(h("p", { class: "faint" }, "Nothing is done before you approve this plan."), planCard(data));
        announce("A plan waits for approval.");
        changed();
        break;
      case "note": this.#put(h("p", { class: "note wrap" }, coded(data.text))); break;
      case "done": this.#done(data); return true;
      case "problem":
        this.live.finish();
        this.#put(problemBox(new Problem(data), { again: "Ask again", retry: () => this.retry(this) }));
        return true;
      default: // a newer service may send more; what is not known is not shown
    }
    return false;
  }

  #think(text) {
    if (!this.thought) {
      this.thought = document.createTextNode("");
      add(this.before, h("details", { class: "read" }, h("summary", {}, "Thinking"), h("div", { class: "thought", dir: "auto" }, this.thought)));
      this.#working("Thinking…");
    }
    this.thought.appendData(text);
  }

  #fallback(data) {
    this.seen.add("fallback");
    add(this.before, h("div", { class: "box warn" },
      h("p", { class: "wrap" }, icon("warn"), coded(`${data.from || "The model"} ${data.broken_off ? "broke off" : "was not used"}: ${data.reason} The built-in engine answers instead.`)),
      data.hint ? hintList([data.hint]) : null));
  }

  #asks(data) {
    this.seen.add("asks");
    const buttons = (data.candidates || []).map((name) => h("button", { type: "button", dir: "auto", onclick: () => this.ask(name) }, name));
    this.#put(h("div", { class: "box ask", role: "group", "aria-label": data.text },
      h("p", { class: "wrap", dir: "auto" }, data.text),
      buttons.length ? h("div", { class: "buttons" }, buttons) : h("p", { class: "faint" }, "Type the answer below.")));
    announce(data.text);
  }

  #refused(data) {
    this.seen.add("refused");
    const lacking = /\bscope plan\b/.test(data.message); // a question can be refused, too
    this.#put(
      h("div", { class: "box bad" }, h("p", { class: "wrap", dir: "auto" }, icon("cross"), h("strong", {}, "Not possible: "), coded(data.message)), hintList(data.hints)),
      lacking ? needs("plan", "Seeing or changing the host") : null);
    announce(`Not possible: ${data.message}`);
  }

  #found(data) {
    const rows = data.rows || [];
    const name = data.request?.tool ? `Result of ${data.request.tool}` : "Result";
    this.#put(h("div", { class: "found" },
      h("p", { class: "faint wrap" }, `${name}: ${count(rows.length, "row")}`),
      rows.length ? table(rows, name) : null,
      (data.notes || []).map((note) => h("p", { class: "note wrap" }, coded(note)))));
    announce(`${name}: ${count(rows.length, "row")}`);
  }

  #done(data) {
    let newer = false;
    for (const citation of data.citations || []) {
      newer ||= !this.citations.has(citation.number);
      this.citations.set(citation.number, citation);
    }
    this.live.finish(data.text || this.live.text, newer);
    if (data.fallback && !this.seen.has("fallback")) this.#fallback({ ...data.fallback, broken_off: false });
    if (data.asked && !this.seen.has("asks")) this.#asks(data.asked);
    if (data.refused && !this.seen.has("refused")) this.#refused(data.refused);
    const acted = ["asks", "refused", "found", "plan"].some((name) => this.seen.has(name));
    const nodes = [];
    if (data.citations?.length) nodes.push(h("section", { class: "cited" }, h("h3", {}, "Sources"), sourceList(data.citations, true)));
    if (data.answerable === false && !acted) {
      nodes.push(h("div", { class: "box note" }, h("p", {}, "The documents do not seem to answer this."),
        data.nearest?.length ? [h("p", {}, "Nearest to it:"), sourceList(data.nearest)] : null));
    } else if (data.grounded === false && data.text && !acted) {
      nodes.push(h("div", { class: "box warn" }, h("p", {}, icon("warn"), "This answer is not backed by the documents. Check it before you act on it.")));
    }
    if (!this.seen.has("note")) for (const note of data.notes || []) nodes.push(h("p", { class: "note wrap" }, coded(note)));
    if (data.engine && data.text) nodes.push(h("p", { class: "faint wrap" }, data.engine.kind === "model" ? `Answered by ${data.engine.name}` : "Answered by the built-in engine"));
    this.#put(nodes);
  }
}
