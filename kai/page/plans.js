// A plan as a card: what would be done, what would be lost, and the two
// buttons. Nothing is done before Approve; then the card shows the steps live.

import { call, post, get, serviceNow, Problem } from "./api.js";
import { h, icon, replace, every, copyButton, announce, coded, adrift } from "./dom.js";
import { bytes, duration } from "./format.js";
import { can } from "./token.js";
import { problemBox } from "./problems.js";
import { progress } from "./progress.js";

/** Told whenever a plan or an operation may not be what it was: here, or as the service's events say. */
export const changes = new EventTarget();
export const changed = () => changes.dispatchEvent(new Event("change"));

const open = new Set(); // what compares a card that can still be decided with the plans that wait
let serial = 0;

/** The plans that wait, newest first. Cards whose plan is not among them say so. */
export async function waiting() {
  const asked = performance.now();
  const { plans } = await get("/v1/plans");
  const ids = new Set(plans.map((one) => one.id));
  open.forEach((compare) => compare(ids, asked));
  return plans;
}

/** Brings a card into view, and the focus to it. */
export function goTo(card) {
  card.scrollIntoView({ block: "start" });
  card.querySelector("h3").focus({ preventScroll: true });
}

/** Where the plan is put that takes an operation back, unless the card's view says otherwise: under its steps. */
const underSteps = {
  known: () => null,
  show(made, button, node) {
    const card = planCard(made);
    button.remove();
    node.append(h("p", { class: "faint" }, "This plan takes it back. Nothing is done until you approve it."), card);
    goTo(card);
    changed();
  },
};

function losses(plan) {
  if (!plan.losses?.length) return null;
  const known = plan.losses.filter((loss) => Number.isFinite(loss.bytes));
  const sum = known.reduce((total, loss) => total + loss.bytes, 0);
  return h("div", { class: "losses" },
    h("h4", {}, icon("warn"), "This will be lost",
      known.length > 1 ? h("span", { class: "total" }, `${known.length < plan.losses.length ? "at least " : ""}${bytes(sum)} together`) : null),
    h("ul", {}, plan.losses.map((loss) => h("li", {},
      h("code", { class: "wrap", dir: "auto" }, loss.what),
      h("strong", { class: "size" }, bytes(loss.bytes)),
      loss.identity ? h("span", { class: "faint wrap" }, `identity ${loss.identity}`) : null))));
}

function commands(proposal) {
  const steps = proposal.plan.steps || [];
  return h("div", { class: "part to-run" },
    h("h4", {}, proposal.commands.length === 1 ? "This will run" : "These will run, in this order"),
    h("ol", { class: "commands" }, proposal.commands.map((line, n) => h("li", {},
      h("code", { class: "command wrap" }, line),
      steps[n]?.reason ? h("span", { class: "faint wrap" }, steps[n].reason) : null))),
    copyButton(proposal.commands.join("\n"), "Copy the commands"));
}

function list(title, items, sign) {
  return items?.length ? h("div", { class: "part" }, h("h4", {}, title),
    h("ul", { class: "signs" }, items.map((item) => h("li", { class: "wrap", dir: "auto" }, sign ? icon(sign) : null, h("span", { class: "wrap" }, coded(item)))))) : null;
}

/** The card of a Proposal. `gone` is called with its id when it is decided here or has expired: the card says what
    becomes of it. `undo` is as for undoButton. */
export function planCard(proposal, { gone = () => {}, undo = underSteps } = {}) {
  const { plan } = proposal;
  const destroys = plan.effect === "destroy";
  const uid = `plan-${(serial += 1)}`;
  const badge = h("span", { class: `badge ${destroys ? "bad" : "soft"}` }, destroys ? "Destroys data" : "Changes the host");
  const left = h("span", { class: "expiry" });
  const actions = h("div", { class: "actions" });
  const trouble = h("div", { class: "trouble-place" });
  const title = h("h3", { id: `${uid}-t`, class: "wrap", dir: "auto", tabindex: "-1" }, plan.summary);
  const card = h("article", {
    class: `card plan ${destroys ? "destroys" : ""}`, "aria-labelledby": `${uid}-t`, "data-key": proposal.id, "data-same": "",
  },
    h("div", { class: "card-head" }, badge, left),
    title,
    proposal.reverses ? h("p", { class: "faint wrap" }, `Takes back the operation ${proposal.reverses}.`) : null,
    losses(plan),
    commands(proposal),
    list("Checks", plan.checks, "check"),
    list("Notes", plan.notes),
    h("p", { class: "undo wrap" }, icon(plan.undo ? "undo" : "warn"),
      plan.undo ? h("span", { class: "wrap" }, h("strong", {}, "Undo: "), coded(plan.undo)) : h("strong", {}, "This cannot be undone.")),
    h("p", { class: "faint wrap" }, [
      plan.host ? `On ${plan.host}` : null,
      Number.isFinite(plan.seconds) ? `about ${duration(plan.seconds)}` : null,
      `plan ${proposal.id}`,
      proposal.by ? `proposed by ${proposal.by}` : null,
    ].filter(Boolean).join(" · ")),
    trouble,
    actions);

  const approve = h("button", { type: "button", class: destroys ? "danger" : "main" }, destroys ? "Approve and destroy" : "Approve");
  const decline = h("button", { type: "button" }, "Decline");
  const field = destroys ? h("input", {
    id: `${uid}-n`, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", "aria-describedby": `${uid}-h`,
  }) : null;
  const born = performance.now();
  let state = "open"; // open, busy, over
  let tried = false; // an approval was sent, and no answer came
  let misnamed = null;
  let stopClock = () => {};

  const lacking = h("span");
  const missing = h("p", { class: "box note" }, "This page's token cannot ", lacking, ". On the host, ",
    h("code", { class: "command" }, "kai token add NAME --scope ask,plan,approve"),
    " makes one that can; give it to this page under Token.");
  const secondsLeft = () => (new Date(proposal.expires).getTime() - serviceNow()) / 1000;
  const rightName = () => !destroys || (Boolean(plan.object) && field.value === plan.object);
  function settle() {
    approve.disabled = state !== "open" || !can("approve") || !rightName();
    decline.disabled = state !== "open" || !can("plan");
    if (field) field.disabled = state !== "open";
    // Another token may allow more, or less.
    const cannot = [can("approve") ? null : "approve", can("plan") ? null : "decline"].filter(Boolean).join(" or ");
    missing.hidden = !cannot;
    if (cannot && lacking.textContent !== cannot) lacking.textContent = cannot;
  }
  /** Whether the focus is here, or was on what is disabled now. */
  const focused = () => adrift() || card.contains(document.activeElement);

  function over(text, { again = false, error = null, node = null } = {}) {
    const lost = state === "open" ? actions.contains(document.activeElement) : focused();
    state = "over";
    stopClock();
    open.delete(compare);
    left.textContent = "";
    card.classList.add("over");
    replace(trouble, error ? problemBox(error) : null);
    replace(actions, text ? h("p", { role: "status" }, text) : null, node,
      again && can("plan") ? h("button", { type: "button", onclick: remake }, "Make the plan again") : null);
    if (lost) title.focus({ preventScroll: true });
  }

  function decided(text, options) {
    gone(proposal.id);
    over(text, options);
  }

  /** Told which plans wait, as the service saw it when it was asked at `asked`. */
  function compare(ids, asked) {
    if (!card.isConnected) open.delete(compare);
    else if (state === "open" && asked > born && !ids.has(proposal.id) && !(secondsLeft() < 5)) {
      over([tried ? "It waits no longer: it was approved or declined. " : "Approved or declined elsewhere. ",
        h("a", { href: "#/operations" }, "See Operations")]);
    }
  }
  open.add(compare);

  async function remake(event) {
    event.currentTarget.disabled = true;
    try {
      // What takes an operation back has the request of that operation: made again, that would do it again.
      const made = proposal.reverses
        ? await post(`/v1/operations/${encodeURIComponent(proposal.reverses)}/undo`, {})
        : await post("/v1/plans", { request: plan.request });
      if (!made.plan) throw new Problem({ title: "No plan", detail: "The service made no plan of this request now." });
      const lost = focused();
      const next = planCard(made, { gone, undo });
      card.replaceWith(next);
      if (lost) goTo(next);
      announce("A new plan waits for approval.");
      changed();
    } catch (error) {
      decided(null, { error, again: true });
    }
  }

  function failed(error, button) {
    if (error.status === 409 || error.status === 410 || error.status === 404) {
      decided(tried ? "It may have been started before: look in Operations." : "Nothing was started by this card.", { error, again: true });
      changed();
      return;
    }
    const lost = focused();
    state = "open";
    tried ||= error.status === 0;
    const unsure = error.status === 0
      ? new Problem({ title: "No answer came", detail: "It is not known whether the plan was started. Look in Operations before you approve again." }) : error;
    replace(trouble, problemBox(unsure, {
      lead: error.status === 422 ? "Not approved" : undefined,
    }));
    if (error.status === 422) misnamed = trouble.firstChild;
    settle();
    if (lost) (button === approve && field ? field : button).focus();
  }

  async function doApprove() {
    if (state !== "open") return;
    if (!rightName()) {
      misnamed = problemBox(new Problem({ title: "That is not the name", detail: `Type ${plan.object} exactly to approve.` }));
      replace(trouble, misnamed);
      return;
    }
    state = "busy";
    settle();
    gone(proposal.id); // its news may be faster than the answer
    approve.textContent = "Starting…";
    replace(trouble);
    try {
      const started = await post(`/v1/plans/${encodeURIComponent(proposal.id)}/approve`,
        destroys ? { digest: proposal.digest, name: field.value } : { digest: proposal.digest });
      badge.after(h("span", { class: "badge good" }, "Approved"));
      decided(null, { node: progress(started.operation, {
        events: started.events, commands: proposal.commands, undo, finished: changed,
      }) });
      card.classList.add("started"); // the steps now show the commands
      actions.scrollIntoView({ block: "nearest" });
      announce("Approved. The steps follow.");
      changed();
    } catch (error) {
      approve.textContent = destroys ? "Approve and destroy" : "Approve";
      failed(error, approve);
    }
  }

  async function doDecline() {
    if (state !== "open") return;
    state = "busy";
    settle();
    gone(proposal.id); // its news may be faster than the answer
    try {
      await call("DELETE", `/v1/plans/${encodeURIComponent(proposal.id)}`);
      decided("Declined. Nothing was done.");
      changed();
    } catch (error) {
      failed(error, decline);
    }
  }

  approve.addEventListener("click", doApprove);
  decline.addEventListener("click", doDecline);
  field?.addEventListener("input", () => { misnamed?.remove(); settle(); });
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && can("approve")) doApprove();
  });

  replace(actions,
    field ? h("div", { class: "name" },
      h("label", { for: `${uid}-n`, id: `${uid}-h` }, plan.object
        ? ["Type ", h("code", { class: "wrap" }, plan.object), " to allow this"] : "The plan names no object, so it cannot be approved here."),
      field) : null,
    missing,
    h("div", { class: "buttons" }, approve, decline));
  settle();

  stopClock = every(card, 1000, () => {
    if (state === "over") return false;
    settle();
    const seconds = secondsLeft();
    if (!Number.isFinite(seconds)) return true;
    if (seconds > 0) {
      left.textContent = `expires in ${duration(Math.ceil(seconds))}`;
      left.classList.toggle("soon", seconds < 60);
      return true;
    }
    if (state === "busy") return true;
    decided("This plan has expired. Nothing was done.", { again: true });
    return false;
  });
  return card;
}
