// The side panel: the passage that a citation or a search hit points to,
// read again from the service, with the quoted words marked.

import { get, withQuery } from "./api.js";
import { h, icon, replace, announce } from "./dom.js";
import { link } from "./markdown.js";
import { problemBox } from "./problems.js";

const narrow = window.matchMedia("(max-width: 999px)");
const panel = () => document.getElementById("panel");
let opener = null;
let asked = null;

/** Only letters and digits, lower case, with the place where each stood. */
function bare(text) {
  let kept = "";
  const places = [];
  for (let i = 0; i < text.length;) {
    const c = String.fromCodePoint(text.codePointAt(i));
    if (/[\p{L}\p{N}]/u.test(c)) {
      const low = c.toLowerCase();
      kept += low;
      for (let n = 0; n < low.length; n += 1) places.push(i);
    }
    i += c.length;
  }
  return { kept, places };
}

/** Where `quote` stands in `text`, whatever lies between its letters; null if it does not. */
export function locate(text, quote) {
  const want = bare(quote).kept;
  if (want.length < 2) return null;
  const { kept, places } = bare(text);
  const start = kept.indexOf(want);
  if (start < 0) return null;
  const last = places[start + want.length - 1];
  let end = last + String.fromCodePoint(text.codePointAt(last)).length;
  while (end < text.length && /[.,;:!?)\]}"'`*]/.test(text[end])) end += 1;
  return [places[start], end];
}

function marked(text, quote) {
  const spans = [];
  for (const part of (quote || "").split(/\s*(?:…|\.\.\.)\s*/)) {
    const span = locate(text, part);
    if (span) spans.push(span);
  }
  spans.sort((a, b) => a[0] - b[0]);
  const out = [];
  let upTo = 0;
  for (const [from, to] of spans) {
    if (from < upTo) continue;
    out.push(text.slice(upTo, from), h("mark", {}, text.slice(from, to)));
    upTo = to;
  }
  out.push(text.slice(upTo));
  return { nodes: out, found: spans.length > 0 };
}

export const isOpen = () => !panel().hidden;

function cover() {
  const on = isOpen() && narrow.matches;
  document.getElementById("main").inert = on;
  document.getElementById("top").inert = on;
}
narrow.addEventListener("change", cover);

export function close() {
  if (!isOpen()) return;
  asked?.abort();
  panel().hidden = true;
  document.getElementById("body").classList.remove("with-panel");
  cover();
  if (opener?.isConnected) opener.focus({ preventScroll: !narrow.matches });
  opener = null;
}

/** Opens the panel for a source: { page, title, heading, source, url, quote? }. */
export async function open(source, from) {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  opener = from || document.activeElement;
  const body = h("div", { class: "panel-body" }, h("p", { class: "status" }, icon("arc"), "Reading the passage…"));
  const title = h("h2", { id: "panel-title", tabindex: "-1", dir: "auto" }, source.title || source.page);
  const same = source.heading && source.heading !== source.title;
  replace(panel(),
    h("div", { class: "panel-head" },
      title,
      h("button", { type: "button", class: "quiet", onclick: close, "aria-label": "Close the passage" }, icon("cross"), "Close")),
    h("p", { class: "faint wrap" }, [source.source, same ? source.heading : null].filter(Boolean).join(" · ")),
    source.url ? h("p", { class: "wrap" }, link(source.url, icon("out"), " ", source.url)) : null,
    body);
  panel().hidden = false;
  document.getElementById("body").classList.add("with-panel");
  cover();
  title.focus({ preventScroll: true });
  try {
    const answer = await get(withQuery("/v1/page", { page: source.page, heading: source.heading }), { signal });
    let any = false;
    const parts = answer.passages.map((passage) => {
      const { nodes, found } = marked(passage.text, source.quote);
      any ||= found;
      const head = passage.heading && passage.heading !== source.heading && passage.heading !== passage.title;
      return h("article", { class: "passage" },
        head ? h("h3", { dir: "auto" }, passage.heading) : null,
        h("div", { class: "passage-text", dir: "auto" }, nodes));
    });
    replace(body,
      source.quote && !any ? h("div", { class: "box warn" },
        h("p", {}, "The quoted words are not in the passage as it stands now:"),
        h("blockquote", { dir: "auto" }, source.quote)) : null,
      answer.note ? h("p", { class: "faint" }, answer.note) : null,
      parts.length ? parts : h("p", {}, "This page has no passage under that heading now."));
    announce(`Passage opened: ${source.title || source.page}`);
    body.querySelector("mark")?.scrollIntoView({ block: "center" });
  } catch (error) {
    if (signal.aborted) return;
    replace(body, problemBox(error, { retry: () => open(source, opener) }));
  }
}
