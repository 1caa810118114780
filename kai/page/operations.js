// The Operations view: plans that wait for approval, what runs now, and
// what was done before.

import { get, serviceNow } from "./api.js";
import { h, icon, replace, every, oneAtATime } from "./dom.js";
import { ago, when } from "./format.js";
import { planCard, waiting, goTo, changes, changed } from "./plans.js";
import { progress, ending, undoButton, OUTCOMES } from "./progress.js";
import { problemBox } from "./problems.js";
import { can, needs, onWho } from "./token.js";

const SIGNS = { waiting: "ring", begun: "arc", done: "check", failed: "cross", taken_back: "undo", left: "warn" };

function outcomeBadge(operation) {
  if (operation.running) return h("span", { class: "badge soft" }, "Running");
  const tone = OUTCOMES[operation.outcome]?.[0] || "warn";
  const word = { done: "Done", taken_back: "Taken back", left: "Partly done" }[operation.outcome] || "Cut off";
  return h("span", { class: `badge ${tone}` }, word);
}

/** Keeps nodes of things that are still there, so that what is typed or open in them stays. */
function keepNodes(place, things, make, key, sameAs = () => "", first = []) {
  const old = new Map([...place.children].filter((node) => node.dataset.key).map((node) => [node.dataset.key, node]));
  const nodes = first.concat(things.map((thing) => {
    const before = old.get(key(thing));
    if (before && before.dataset.same === sameAs(thing)) return before;
    const node = make(thing, before);
    node.dataset.key = key(thing);
    node.dataset.same = sameAs(thing);
    return node;
  }));
  if (nodes.length !== place.childNodes.length || nodes.some((node, n) => node !== place.childNodes[n])) {
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    const within = [...place.children].find((node) => node.contains(focused))?.dataset.key;
    place.replaceChildren(...nodes);
    if (!focused) return;
    const instead = nodes.find((node) => node.dataset.key === within)?.querySelector("summary, h3");
    const to = focused.isConnected ? focused : instead ?? document.getElementById("h-operations");
    to.focus({ preventScroll: true });
  }
}

const since = (operation) => ago(operation.started, serviceNow());

/** `undo` is as for undoButton. */
function operationNode(operation, before, undo) {
  const detail = h("div", { class: "detail" });
  const node = h("details", { class: "card operation", ontoggle: () => node.open && load() },
    h("summary", {},
      h("span", { class: "summary-head" }, outcomeBadge(operation),
        operation.effect === "destroy" ? h("span", { class: "badge bad" }, "Destroys data") : null,
        operation.reversed_by ? h("span", { class: "badge" }, "Undone") : null),
      h("strong", { class: "wrap", dir: "auto" }, operation.summary),
      h("span", { class: "faint wrap" }, h("time", { datetime: operation.started, title: when(operation.started) }, since(operation)),
        operation.by ? ` by ${operation.by}` : "")),
    detail);
  let loaded = false;

  async function load() {
    if (loaded) return;
    loaded = true;
    replace(detail, h("p", { class: "status" }, icon("arc"), "Reading…"));
    try {
      const full = await get(`/v1/operations/${encodeURIComponent(operation.id)}`);
      if (full.running) {
        const live = progress(operation.id, {
          commands: (full.steps || []).map((step) => step.action),
          undo,
          finished: changed,
        });
        replace(detail, live);
        return;
      }
      replace(detail,
        h("ol", { class: "steps" }, (full.steps || []).map((step) => h("li", { class: `step ${step.state}` },
          icon(SIGNS[step.state] || "ring"), h("code", { class: "wrap" }, step.action),
          h("span", { class: "state" }, step.state.replaceAll("_", " "))))),
        ending({ outcome: full.outcome, message: full.message }),
        h("p", { class: "faint wrap" }, `Started ${when(full.started)} · operation ${full.id}`,
          full.reversed_by ? ` · undone by ${full.reversed_by}` : ""));
      const button = undoButton(full, detail, undo);
      if (button) detail.append(h("div", { class: "buttons" }, button));
    } catch (error) {
      loaded = false;
      replace(detail, problemBox(error, { retry: load }));
    }
  }
  const followed = document.querySelector(`#view-operations [data-operation="${CSS.escape(operation.id)}"]`);
  if ((operation.running && !followed) || before?.open) {
    node.open = true;
    load();
  }
  return node;
}

export function createOperations(root) {
  const missing = h("div");
  const trouble = h("div");
  const plans = h("div", { class: "stack" });
  const history = h("div", { class: "stack" });
  const noPlans = h("p", { class: "faint" }, "No plan waits. Ask for a change under Ask, for example “take a snapshot of web1”.");
  const noHistory = h("p", { class: "faint" }, "Nothing has been done through kai yet.");
  const parts = h("div", { hidden: true },
    h("h2", {}, "Waiting for approval"), noPlans, plans,
    h("h2", {}, "Operations"), noHistory, history);
  replace(root, h("h1", { id: "h-operations", tabindex: "-1" }, "Operations"), missing, trouble, parts);
  const acted = new Set(); // plans handled in this view keep their card until the view is left
  const count = document.getElementById("waiting-count");
  let open = [];
  let shown = false;

  // A plan that takes an operation back is one among those that wait, and stays there when the operation's row changes.
  const undo = {
    known: (operation) => open.find((one) => one.reverses === operation.id),
    async show(made) {
      await refresh();
      const card = [...plans.children].find((node) => node.dataset.key === made.id);
      if (card) goTo(card);
    },
  };

  const refresh = oneAtATime(async () => {
    if (!can("plan")) return;
    try {
      const [now, { operations }] = await Promise.all([waiting(), get("/v1/operations?limit=20")]);
      if (!can("plan")) return; // the token went meanwhile, and what it showed with it
      open = now;
      count.hidden = open.length === 0;
      count.textContent = open.length;
      count.setAttribute("aria-label", `${open.length} waiting`);
      parts.hidden = false;
      if (shown) {
        const ids = new Set(open.map((one) => one.id));
        const kept = [...plans.children].filter((node) => acted.has(node.dataset.key) && !ids.has(node.dataset.key));
        keepNodes(plans, open, (one) => planCard(one, { gone: (id) => acted.add(id), undo }), (one) => one.id, undefined, kept);
        keepNodes(history, operations, (one, before) => operationNode(one, before, undo), (one) => one.id,
          (one) => `${one.running} ${one.outcome} ${one.reversed_by}`);
        operations.forEach((one, n) => { // kept ones, too, grow older
          const time = history.children[n].querySelector("summary time");
          if (time.textContent !== since(one)) time.textContent = since(one);
        });
        noPlans.hidden = plans.childElementCount > 0;
        noHistory.hidden = operations.length > 0;
      }
      replace(trouble);
    } catch (error) {
      if (shown) replace(trouble, problemBox(error, { retry: refresh }));
    }
  });

  changes.addEventListener("change", refresh);
  onWho(() => {
    const notice = needs("plan", "Seeing operations");
    replace(missing, notice);
    parts.hidden = Boolean(notice);
    if (notice) {
      count.hidden = true;
      open = [];
      replace(plans);
      replace(history);
    }
    refresh();
  });
  every(root, 8000, () => {
    if (shown && !document.hidden && !document.getElementById("token-dialog").open) refresh();
  });
  return {
    show() { shown = true; refresh(); },
    hide() { shown = false; acted.clear(); },
  };
}
