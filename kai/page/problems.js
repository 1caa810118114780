// A failure in words: what happened, what helps, and a way to try again.

import { h, icon, coded } from "./dom.js";

export function hintList(hints) {
  return hints?.length ? h("ul", { class: "hints" }, hints.map((hint) => h("li", { class: "wrap" },
    /^(kai|zfs|zpool|systemctl|journalctl)\s/.test(hint) ? h("code", {}, hint) : coded(hint)))) : null;
}

/** A box for an error; `retry` gives it a button. */
export function problemBox(error, { retry, lead, again = "Try again" } = {}) {
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  const box = h("div", { class: "box bad", role: "alert" },
    h("p", {}, icon("warn"), h("strong", {}, lead || error.title || "This did not work"), " "),
    h("p", { class: "wrap" }, coded((error.message || String(error)) + wait)),
    hintList(error.hints),
    error.requestId ? h("p", { class: "faint wrap" }, `Request ${error.requestId}`) : null);
  if (retry) {
    const button = h("button", { type: "button" }, again);
    button.addEventListener("click", () => { button.disabled = true; retry(); });
    box.append(h("p", { class: "buttons" }, button));
  }
  return box;
}
