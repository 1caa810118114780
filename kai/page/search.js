// The Search view: the documents' passages that fit some words, best first.

import { get, withQuery, isAbort } from "./api.js";
import { h, icon, replace, announce } from "./dom.js";
import { count } from "./format.js";
import { open as openPassage } from "./passages.js";
import { problemBox } from "./problems.js";
import { fillSources } from "./sources.js";
import { can, needs, onWho } from "./token.js";

const LENGTH = 420;

const wordsOf = (query) => (query.toLowerCase().match(/[\p{L}\p{N}_-]{2,}/gu) || []).slice(0, 20);

/** The part of the text around the first of the words, the words marked. */
function snippet(text, query) {
  const words = wordsOf(query);
  const flat = text.replace(/\s+/g, " ").trim();
  const low = flat.toLowerCase();
  const places = words.map((word) => low.indexOf(word)).filter((place) => place >= 0);
  const first = places.length ? Math.min(...places) : 0;
  const from = first > LENGTH / 2 ? flat.indexOf(" ", first - 80) + 1 : 0;
  const part = flat.slice(from, from + LENGTH);
  const out = [from > 0 ? "… " : ""];
  let upTo = 0;
  if (words.length) {
    const any = new RegExp(words.map((word) => word.replace(/[-/\\^$*+?.()|[\]{}]/g, "\\$&")).join("|"), "giu");
    for (const match of part.matchAll(any)) {
      out.push(part.slice(upTo, match.index), h("mark", {}, match[0]));
      upTo = match.index + match[0].length;
    }
  }
  out.push(part.slice(upTo), from + LENGTH < flat.length ? " …" : "");
  return out;
}

export function createSearch(root) {
  const field = h("input", { id: "search-field", type: "search", autocomplete: "off", dir: "auto", placeholder: "Words to look for" });
  const source = h("select", { "aria-label": "Documents to search" }, h("option", { value: "" }, "All documents"));
  const results = h("div", { class: "results" });
  const missing = h("div");
  let running = null;

  const address = () => withQuery("#/search", { q: field.value.trim(), source: source.value });
  const submit = (event) => {
    event.preventDefault();
    if (location.hash === address()) search();
    else location.hash = address();
  };
  replace(root,
    h("h1", { id: "h-search", tabindex: "-1" }, "Search the documents"), missing,
    h("form", { class: "line", role: "search", onsubmit: submit },
      h("label", { for: "search-field", class: "unseen" }, "Words to look for"),
      field, source, h("button", { type: "submit", class: "main" }, "Search")),
    results);

  async function search() {
    running?.abort();
    const query = field.value.trim();
    if (!query) { replace(results); return; }
    running = new AbortController();
    const { signal } = running;
    replace(results, h("p", { class: "status" }, icon("arc"), "Searching…"));
    try {
      const found = await get(withQuery("/v1/search", { q: query, limit: 12, source: source.value }), { signal });
      const how = { words: "by words", partial: "by words, and by meaning where it is ready", hybrid: "by words and meaning" }[found.mode] || found.mode;
      replace(results,
        h("p", { class: "faint", role: "status" }, `${count(found.hits.length, "passage")}, found ${how}`),
        found.note ? h("p", { class: "note wrap" }, found.note) : null,
        found.answerable === false && found.hits.length ? h("p", { class: "box note" }, "The documents do not seem to answer this; these are the nearest passages.") : null,
        h("ol", { class: "hits" }, found.hits.map((hit) => h("li", {},
          h("h2", {}, h("button", { type: "button", class: "link wrap", dir: "auto", onclick: (event) => openPassage(hit, event.currentTarget) },
            hit.title || hit.page, hit.heading && hit.heading !== hit.title ? ` – ${hit.heading}` : "")),
          h("p", { class: "faint wrap" }, hit.source, " · ", hit.page),
          h("p", { class: "snippet wrap", dir: "auto" }, snippet(hit.text || "", query))))));
      announce(count(found.hits.length, "passage"));
    } catch (error) {
      if (!isAbort(error)) replace(results, problemBox(error, { retry: search }));
    }
  }

  onWho(async () => {
    replace(missing, needs("ask", "Searching"));
    if (!can("ask")) return;
    await fillSources(source);
  });

  return {
    show(params) {
      const query = params.get("q") || "";
      const wanted = params.get("source") || "";
      if (wanted && ![...source.options].some((option) => option.value === wanted)) source.append(h("option", { value: wanted }, wanted));
      source.value = wanted;
      field.value = query;
      if (window.matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
      search();
    },
  };
}
