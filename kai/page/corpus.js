// The Index view: which documents kai has read, and the reading itself.

import { get, post } from "./api.js";
import { h, icon, replace, table, every, coded } from "./dom.js";
import { count } from "./format.js";
import { problemBox } from "./problems.js";
import { can, needs, onWho } from "./token.js";

const STATES = { idle: "No reading under way", running: "Reading", done: "The last reading is complete", failed: "The last reading failed" };
const PHASES = { words: "Reading the documents", vectors: "Working out the meaning of the passages" };

function runBox(run) {
  if (!run || (run.state === "idle" && !run.message && !run.problems?.length)) return null;
  const known = run.state === "running" && Number.isFinite(run.total) && run.total > 0;
  return h("div", { class: `box ${run.state === "failed" ? "bad" : run.state === "done" ? "good" : "note"}` },
    h("p", {}, icon(run.state === "running" ? "arc" : run.state === "failed" ? "cross" : "check"),
      h("strong", {}, run.state === "running" && run.phase ? `${PHASES[run.phase] || run.phase}…` : `${STATES[run.state] || run.state}.`)),
    run.state === "running" ? [
      h("progress", known ? { max: run.total, value: run.done, "aria-label": "Reading" } : { "aria-label": "Reading" }),
      h("p", { class: "faint" }, known ? `${run.done.toLocaleString()} of ${run.total.toLocaleString()}` : run.done ? `${run.done.toLocaleString()} so far` : ""),
    ] : null,
    run.message ? h("p", { class: "wrap" }, coded(run.message)) : null,
    run.problems?.length ? h("details", {}, h("summary", {}, count(run.problems.length, "problem")),
      h("ul", {}, run.problems.map((text) => h("li", { class: "wrap" }, text)))) : null);
}

export function createCorpus(root) {
  const missing = h("div");
  const place = h("div");
  const run = h("div");
  const trouble = h("div");
  const dir = h("input", { id: "index-dir", type: "text", autocomplete: "off", spellcheck: "false", placeholder: "/srv/documents" });
  const urls = h("textarea", { id: "index-urls", rows: "2", spellcheck: "false", placeholder: "https://… (one a line)" });
  const start = h("button", { type: "submit", class: "main" }, "Read everything again");
  const form = h("form", { class: "card", onsubmit: submit },
    h("h2", {}, "Read documents"),
    h("p", { class: "faint" }, "With both fields empty, everything is read anew. Questions can be asked meanwhile."),
    h("label", { for: "index-dir" }, "Folder on the host"), dir,
    h("label", { for: "index-urls" }, "Addresses"), urls,
    h("p", { class: "buttons" }, start));
  const formPlace = h("div");
  replace(root, h("h1", { id: "h-index", tabindex: "-1" }, "Index"), missing, run, place, trouble, formPlace);
  let shown = false;
  let busy = false;
  let running = false;

  const label = () => { start.textContent = dir.value.trim() || urls.value.trim() ? "Read these" : "Read everything again"; };
  dir.addEventListener("input", label);
  urls.addEventListener("input", label);

  async function load() {
    if (busy || !can("ask")) return;
    busy = true;
    try {
      const index = await get("/v1/index");
      running = index.run?.state === "running";
      start.disabled = running;
      const open = run.querySelector("details")?.open;
      replace(run, runBox(index.run));
      if (open) run.querySelector("details")?.setAttribute("open", "");
      replace(place,
        h("dl", { class: "facts" }, [
          ["Pages", index.pages.toLocaleString()],
          ["Passages", index.passages.toLocaleString()],
          ["Found by meaning", index.embedder ? `${Math.round((index.vectors || 0) * 100)} %` : "not set up: search goes by words"],
          ["Embedder", index.embedder],
        ].filter(([, value]) => value).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", { class: "wrap" }, value)))),
        h("h2", {}, "Sources"),
        index.sources.length ? table(index.sources, "Sources", [
          { key: "name" }, { key: "kind" },
          { key: "pages", number: true, show: (one) => one.pages.toLocaleString() },
          { key: "location", show: (one) => h("span", { class: "wrap" }, one.location ?? "–") },
        ]) : h("p", {}, "Nothing has been read yet."));
      replace(trouble);
    } catch (error) {
      replace(trouble, problemBox(error, { retry: load }));
    } finally {
      busy = false;
    }
  }

  async function submit(event) {
    event.preventDefault();
    start.disabled = true;
    const body = {};
    if (dir.value.trim()) body.source_dir = dir.value.trim();
    const list = urls.value.split(/\s+/).filter(Boolean);
    if (list.length) body.urls = list;
    try {
      await post("/v1/index", body);
      dir.value = urls.value = "";
      label();
      await load();
    } catch (error) {
      start.disabled = false;
      replace(trouble, problemBox(error, { lead: "Not started" }));
    }
  }

  onWho(() => {
    replace(missing, needs("ask", "Seeing the index"));
    replace(formPlace, can("admin") ? form : needs("admin", "Having documents read"));
    if (shown) load();
  });
  let beat = 0;
  every(root, 1500, () => {
    beat += 1;
    if (shown && !document.hidden && (running || beat % 10 === 0) && !document.getElementById("token-dialog").open) load();
  });
  return {
    show() { shown = true; load(); },
    hide() { shown = false; },
  };
}
