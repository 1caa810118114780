// One operation as it runs: its steps, then how it ended, with stop and
// undo. The service replays what happened, so a lost connection is taken up again.

import { events, get, post, isAbort } from "./api.js";
import { h, icon, replace, plain, announce, adrift } from "./dom.js";
import { duration } from "./format.js";
import { can } from "./token.js";
import { problemBox, hintList } from "./problems.js";

const STATES = {
  waiting: ["ring", "waiting"],
  begun: ["arc", "running"],
  done: ["check", "done"],
  failed: ["cross", "failed"],
  taken_back: ["undo", "taken back"],
  left: ["warn", "left as it is"],
};

export const OUTCOMES = {
  done: ["good", "Done."],
  taken_back: ["warn", "Not done. What had been done was taken back."],
  left: ["bad", "Stopped partway. Not everything could be taken back."],
};

function stepNode(step) {
  const [sign, word] = STATES[step.state] || ["ring", step.state];
  const took = step.state !== "begun" && Number.isFinite(step.seconds) ? ` in ${duration(step.seconds)}` : "";
  return h("li", { class: `step ${step.state}` },
    icon(sign),
    h("code", { class: "wrap" }, step.action),
    h("span", { class: "state" }, `${word}${took}`),
    step.why ? h("span", { class: "why wrap", dir: "auto" }, step.why) : null);
}

/** How it ended, with everything the service says about it. It can be given the focus. */
export function ending(end) {
  const [tone, words] = OUTCOMES[end.outcome] || ["warn", "Cut off: kai does not know how this ended."];
  const rows = (title, items) => (items?.length
    ? [h("p", {}, h("strong", {}, title)), h("ul", {}, items.map((item) => h("li", { class: "wrap" }, plain(item))))] : null);
  return h("div", { class: `box ${tone}`, tabindex: "-1" },
    h("p", {}, icon(tone === "good" ? "check" : "warn"), h("strong", {}, words)),
    end.error ? h("p", { class: "wrap" }, plain(end.error)) : null,
    end.message && end.message !== end.error ? h("p", { class: "wrap" }, end.message) : null,
    hintList(end.hints),
    rows("Left behind", end.left),
    rows("Left out", end.left_out),
    end.report?.length ? h("dl", { class: "report" }, end.report.map(([key, value]) => [
      h("dt", {}, key), h("dd", { class: "wrap", dir: "auto" }, plain(value))])) : null);
}

/** A node that follows the operation `id`. `undo` is as for undoButton. */
export function progress(id, { events: path, commands = [], undo, finished = () => {} } = {}) {
  const base = `/v1/operations/${encodeURIComponent(id)}`;
  const steps = new Map(commands.map((action, n) => [n + 1, { number: n + 1, action, state: "waiting" }]));
  const shown = new Map();
  const list = h("ol", { class: "steps", "aria-label": "Steps" });
  const tail = h("div", { class: "tail" });
  const buttons = h("div", { class: "buttons" });
  const node = h("div", { class: "progress", "data-operation": id }, list, tail, buttons);
  const stream = new AbortController();
  let over = false;
  let stopping = false;
  let tries = 0;

  function show(step) {
    const fresh = stepNode(step);
    const old = shown.get(step.number);
    if (old) old.replaceWith(fresh);
    else list.append(fresh);
    shown.set(step.number, fresh);
  }
  steps.forEach(show);

  async function stop(event) {
    const button = event.currentTarget;
    button.disabled = stopping = true;
    try {
      await post(`${base}/stop`, {});
      if (over) return;
      const said = h("p", { class: "status", role: "status", tabindex: "-1" }, "Stopping at the next safe place; what was done is then taken back.");
      replace(tail, said);
      if (adrift()) said.focus({ preventScroll: true });
    } catch (error) {
      if (over) return;
      button.disabled = stopping = false;
      replace(tail, problemBox(error, { lead: "Not stopped" }));
      if (adrift()) button.focus();
    }
  }

  async function offerUndo() {
    let operation;
    try {
      operation = await get(base);
    } catch {
      return;
    }
    const button = undoButton(operation, node, undo);
    if (button) buttons.append(button);
  }

  async function follow() {
    replace(buttons, h("button", { type: "button", disabled: !can("approve"), onclick: stop }, icon("stop"), "Stop"),
      can("approve") ? null : h("span", { class: "faint" }, "Stopping needs the scope approve."));
    for (;;) {
      try {
        for await (const { event, data } of events("GET", path || `${base}/events`, { signal: stream.signal })) {
          tries = 0;
          if (event === "step") {
            const before = steps.get(data.number);
            steps.set(data.number, { ...before, ...data });
            show(steps.get(data.number));
            if (data.state !== "begun") announce(`Step ${data.number} ${STATES[data.state]?.[1] ?? data.state}`);
          } else if (event === "ended") {
            over = true;
            const lost = node.contains(document.activeElement) || (stopping && adrift());
            const end = ending(data);
            replace(tail, end);
            replace(buttons);
            if (lost) end.focus({ preventScroll: true });
            announce((OUTCOMES[data.outcome] || ["", "The operation ended."])[1]);
            finished(data);
            await offerUndo();
            return;
          }
        }
      } catch (error) {
        if (isAbort(error)) return;
        if (error.status >= 400 && error.status < 500 && error.status !== 429) {
          replace(tail, problemBox(error));
          return;
        }
      }
      if (over) return;
      tries += 1;
      if (tries > 5) {
        replace(tail, problemBox(new Error("The operation goes on at the host; only this view of it was lost."), {
          lead: "The connection was lost", again: "Connect again", retry: () => { tries = 0; replace(tail); follow(); buttons.querySelector("button").focus(); },
        }));
        return;
      }
      replace(tail, h("p", { class: "status", role: "status" }, icon("arc"), "The connection was lost; connecting again. The operation goes on at the host."));
      await new Promise((done) => { setTimeout(done, Math.min(8000, 150 * 2 ** tries)); });
      if (stream.signal.aborted) return;
      replace(tail);
    }
  }
  follow();
  node.close = () => stream.abort();
  return node;
}

/** A button that has the undoing of an operation planned. `known` gives the plan for it that waits already, if any;
    `show` puts the plan where it is decided. What goes wrong is said at the end of `node`. */
export function undoButton(operation, node, { known, show }) {
  if (!operation.undoable || operation.reversed_by || operation.running) return null;
  const button = h("button", { type: "button", disabled: !can("plan") }, icon("undo"), "Undo…");
  let trouble = null;
  button.addEventListener("click", async () => {
    button.disabled = true;
    trouble?.remove();
    try {
      const plan = known(operation) || await post(`/v1/operations/${encodeURIComponent(operation.id)}/undo`, {});
      announce("A plan to undo waits for approval.");
      await show(plan, button, node);
    } catch (error) {
      node.append(trouble = problemBox(error, { lead: "No plan to undo" }));
    }
    button.disabled = false;
    if (adrift()) button.focus();
  });
  return button;
}
