// The Ask view: the questions and answers of one conversation, the field
// for the next question, and the conversations before it.

import { call, get, post, serviceNow } from "./api.js";
import { h, icon, replace, adrift } from "./dom.js";
import { ago, count } from "./format.js";
import { markdown } from "./markdown.js";
import { Turn, questionHead } from "./turn.js";
import { who, onWho, can, needs, refresh } from "./token.js";
import { problemBox } from "./problems.js";
import { fillSources } from "./sources.js";

const KEY = "kai-session";
const EXAMPLES = [
  "How do I replace a failed disk in a mirror?",
  "Why can a pool be slow when it is nearly full?",
  "Take a snapshot of a VM",
];

const TOOL = /^[a-z]+(?:_[a-z]+)+$/;
const WAITED = /^not done: plan \S+ waits for the person$/;

/** A conversation that is read again, as nodes. What was so then may not be so now. */
function past(entries) {
  let cites = false;
  const cite = (number) => { // its source is not kept
    cites = true;
    return h("span", { class: "faint" }, `[${number}]`);
  };
  const nodes = entries.map(({ role, text }) => {
    if (role === "user") return questionHead(text);
    if (role === "tool") return h("details", { class: "read" }, h("summary", {}, "What a tool said"), h("pre", { class: "wrap" }, text));
    if (role === "assistant" && TOOL.test(text)) return h("p", { class: "understood" }, "Tool: ", h("code", {}, text));
    if (WAITED.test(text)) return h("p", {}, "A plan was made then; see ", h("a", { href: "#/operations" }, "Operations"), ".");
    return text ? h("div", { class: "answer" }, markdown(text, cite)) : null;
  });
  return [nodes, cites ? h("p", { class: "faint" }, "The sources of earlier answers are not kept. Ask again to see them.") : null];
}

async function read(id, patience = 0) {
  try {
    return (await get(`/v1/sessions/${encodeURIComponent(id)}`)).entries;
  } catch (error) {
    // One that is being answered cannot be read. Where nobody listens any more, that ends soon.
    if (error.status !== 409 || !patience) throw error;
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    return read(id, patience - 1);
  }
}

export function createChat(root) {
  let session = null;
  let running = null;
  let back = null; // the reading of what was said before a reload
  try {
    session = sessionStorage.getItem(KEY);
  } catch { /* storage may be off: the conversation then lasts for this page */ }

  function keep(id) {
    session = id;
    try {
      if (id) sessionStorage.setItem(KEY, id);
      else sessionStorage.removeItem(KEY);
    } catch { /* see above */ }
  }

  const missing = h("div");
  const turns = h("div", { class: "turns" });
  const welcome = h("div", { class: "welcome" },
    h("p", { class: "lead" }, "kai answers from the documents it has read and shows where each answer comes from. A change to the host is only planned; it runs when a person approves it."),
    h("ul", { class: "examples" }, EXAMPLES.map((text) => h("li", {}, h("button", { type: "button", onclick: () => send(text) }, text)))));
  const earlier = h("details", { class: "earlier", ontoggle: () => earlier.open && listEarlier() },
    h("summary", {}, "Earlier conversations"), h("div"));
  const field = h("textarea", { id: "question", rows: "1", dir: "auto", placeholder: "Ask, or say what to do", "aria-keyshortcuts": "/" });
  const source = h("select", { "aria-label": "Documents to search" }, h("option", { value: "" }, "All documents"));
  const go = h("button", { type: "submit", class: "main" }, icon("send"), "Ask");
  const stop = h("button", { type: "button", class: "stop", hidden: true, onclick: () => running?.abort() }, icon("stop"), "Stop");
  const fresh = h("button", { type: "button", class: "quiet small", hidden: true, onclick: startOver }, "New conversation");
  const engine = h("span", { class: "faint engine wrap" });
  const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); send(field.value); } },
    h("label", { for: "question", class: "unseen" }, "Your question"),
    h("div", { class: "line" }, field, go, stop),
    h("div", { class: "below" }, source, fresh, engine,
      h("span", { class: "faint keys" }, h("kbd", {}, "Enter"), " sends, ", h("kbd", {}, "Shift+Enter"), " new line, ", h("kbd", {}, "Esc"), " stops")));
  replace(root, h("h1", { id: "h-ask", class: "unseen", tabindex: "-1" }, "Ask"), missing, welcome, earlier, turns, form);

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, window.innerHeight * 0.4)}px`;
  }
  function put(text) {
    field.value = text;
    grow();
  }
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(field.value);
    }
  });

  const before = h("div");
  if (session) turns.append(before);

  function busy(on) {
    go.hidden = on;
    stop.hidden = !on;
    fresh.hidden = on || !turns.childElementCount;
    welcome.hidden = turns.childElementCount > 0;
    earlier.hidden = turns.childElementCount > 0;
  }

  async function ask(text, old) {
    const controller = new AbortController();
    running = controller;
    const turn = new Turn(text, { ask: send, retry: (again) => { if (!running) ask(text, again); } });
    if (old) old.node.replaceWith(turn.node);
    else turns.append(turn.node);
    busy(true);
    turn.node.scrollIntoView({ block: "start" });
    if (field.value.trim() === text) put("");
    await back; // only then it is known whether the conversation still is
    let ended = "failed";
    try {
      if (!session) keep((await post("/v1/sessions", {}, { signal: controller.signal })).id);
    } catch { /* the question goes without memory then, and says itself what is wrong */ }
    const body = { question: text };
    if (session) body.session = session;
    if (source.value) body.source = source.value;
    try {
      ended = await turn.run(body, controller.signal);
    } finally {
      running = null;
      busy(false);
    }
    if (ended === "forgotten") { // the service has lost the conversation: begin another
      keep(null);
      if (!old?.again) { turn.again = true; ask(text, turn); }
    }
    if (ended === "refused" && !field.value) {
      put(text);
      // The field may be high now: why it was refused is to be seen above it.
      if (!root.hidden) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    }
    if (adrift() || document.activeElement === stop) {
      field.focus({ preventScroll: true });
      field.select();
    }
  }

  function send(text) {
    const question = text.trim();
    if (question && !running) ask(question);
  }

  function startOver() {
    keep(null);
    turns.replaceChildren();
    busy(false);
    if (earlier.open) listEarlier();
    field.focus();
  }

  async function listEarlier() {
    const place = earlier.lastChild;
    replace(place, h("p", { class: "status" }, icon("arc"), "Reading…"));
    try {
      const { sessions } = await get("/v1/sessions");
      const used = sessions.filter((one) => one.turns > 0);
      replace(place, used.length ? h("ul", { class: "rows" }, used.map((one) => {
        const row = h("li", {},
          h("button", { type: "button", class: "link wrap", dir: "auto", onclick: () => openEarlier(one.id) }, one.title || one.id),
          h("span", { class: "faint" }, `${ago(one.begun, serviceNow())}, ${count(one.turns, "turn")}`),
          h("button", {
            type: "button", class: "quiet small", "aria-label": `Delete the conversation ${one.title || one.id}`,
            onclick: async () => {
              try {
                await call("DELETE", `/v1/sessions/${encodeURIComponent(one.id)}`);
                if (session === one.id) keep(null);
                row.remove();
                if (adrift()) earlier.firstChild.focus();
              } catch (error) {
                row.append(problemBox(error));
              }
            },
          }, "Delete"));
        return row;
      })) : h("p", { class: "faint" }, "None yet."));
    } catch (error) {
      replace(place, problemBox(error, { retry: listEarlier }));
    }
  }

  const toLast = () => [...turns.querySelectorAll(".question")].at(-1)?.scrollIntoView({ block: "start" });

  async function openEarlier(id) {
    try {
      const entries = await read(id);
      if (running) return; // asked something else meanwhile
      replace(turns, past(entries));
      keep(id);
      busy(false);
      field.focus({ preventScroll: true });
      toLast();
    } catch (error) {
      replace(earlier.lastChild, problemBox(error, { retry: () => openEarlier(id) }));
    }
  }

  /** After a reload: draws what was said, since it is gone on with. What cannot be drawn is forgotten. */
  async function comeBack() {
    replace(before, h("p", { class: "status" }, icon("arc"), "Reading the conversation…"));
    try {
      replace(before, past(await read(session, 10)));
      if (!running) toLast();
    } catch {
      if (before.isConnected) keep(null);
      replace(before);
    }
    if (!before.childElementCount) before.remove();
    busy(Boolean(running));
  }

  onWho(async (error) => {
    const me = who();
    replace(missing, error && error.status !== 401 ? problemBox(error, { retry: refresh }) : null, me ? needs("ask", "Asking") : null);
    go.disabled = field.disabled = Boolean(me) && !can("ask");
    engine.textContent = me?.engine ? `Engine: ${me.engine}` : "";
    if (!can("ask")) return;
    if (before.isConnected) back ??= comeBack();
    await fillSources(source);
  });

  busy(false);
  return {
    show() {
      if (window.matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
    },
    focus: () => field.focus(),
    /** Stops a running answer; true if there was one. */
    stop() {
      if (!running) return false;
      running.abort();
      return true;
    },
  };
}
