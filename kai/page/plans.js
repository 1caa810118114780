// A plan as a card: what would be done, what would be lost, and the two
// buttons. Nothing is done before Approve; then the card shows the steps live.

import { call, post, get, serviceNow, Problem } from "./api.js";
import { h, icon, replace, every, copyButton, announce } from "./dom.js";
import { bytes, duration } from "./format.js";
import { can } from "./token.js";
import { problemBox } from "./problems.js";
import { progress } from "./progress.js";

/** Told whenever a plan was made, approved or declined here. */
export const changes = new EventTarget();
const changed = () => changes.dispatchEvent(new Event("change"));

let serial = 0;

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
    h("ul", { class: "signs" }, items.map((item) => h("li", { class: "wrap", dir: "auto" }, sign ? icon(sign) : null, h("span", {}, item))))) : null;
}

/** The card of a Proposal. `gone` is called when it no longer waits: the card then says why. */
export function planCard(proposal, { gone = () => {} } = {}) {
  const { plan } = proposal;
  const destroys = plan.effect === "destroy";
  const uid = `plan-${(serial += 1)}`;
  const badge = h("span", { class: `badge ${destroys ? "bad" : "soft"}` }, destroys ? "Destroys data" : "Changes the host");
  const left = h("span", { class: "expiry" });
  const actions = h("div", { class: "actions" });
  const trouble = h("div", { class: "trouble-place" });
  const card = h("article", { class: `card plan ${destroys ? "destroys" : ""}`, "aria-labelledby": `${uid}-t`, "data-plan": proposal.id },
    h("div", { class: "card-head" }, badge, left),
    h("h3", { id: `${uid}-t`, class: "wrap", dir: "auto" }, plan.summary),
    proposal.reverses ? h("p", { class: "faint wrap" }, `Takes back the operation ${proposal.reverses}.`) : null,
    losses(plan),
    commands(proposal),
    list("Checks", plan.checks, "check"),
    list("Notes", plan.notes),
    h("p", { class: "undo wrap" }, icon(plan.undo ? "undo" : "warn"),
      plan.undo ? h("span", {}, h("strong", {}, "Undo: "), plan.undo) : h("strong", {}, "This cannot be undone.")),
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
  let state = "open"; // open, busy, over
  let stopClock = () => {};

  const rightName = () => !destroys || (Boolean(plan.object) && field.value === plan.object);
  function settle() {
    approve.disabled = state !== "open" || !can("approve") || !rightName();
    decline.disabled = state !== "open" || !can("plan");
    if (field) field.disabled = state !== "open";
  }

  function over(text, { again = false, error = null, node = null } = {}) {
    state = "over";
    stopClock();
    left.textContent = "";
    card.classList.add("over");
    gone();
    replace(trouble, error ? problemBox(error) : null);
    replace(actions, text ? h("p", { role: "status" }, text) : null, node,
      again && can("plan") ? h("button", { type: "button", onclick: remake }, "Make the plan again") : null);
  }

  async function remake(event) {
    event.currentTarget.disabled = true;
    try {
      const made = await post("/v1/plans", { request: plan.request });
      if (!made.plan) throw new Problem({ title: "No plan", detail: "The service made no plan of this request now." });
      card.replaceWith(planCard(made, { gone }));
      announce("A new plan waits for approval.");
      changed();
    } catch (error) {
      over(null, { error, again: true });
    }
  }

  function failed(error) {
    state = "open";
    if (error.status === 409 || error.status === 410 || error.status === 404) {
      over("Nothing was started by this card.", { error, again: true });
      changed();
      return;
    }
    const unsure = error.status === 0
      ? new Problem({ title: "No answer came", detail: "It is not known whether the plan was started. Look in Operations before you approve again." }) : error;
    replace(trouble, problemBox(unsure, {
      lead: error.status === 422 ? "Not approved" : undefined,
    }));
    settle();
    field?.focus();
  }

  async function doApprove() {
    if (state !== "open") return;
    if (!rightName()) {
      replace(trouble, problemBox(new Problem({ title: "That is not the name", detail: `Type ${plan.object} exactly to approve.` })));
      return;
    }
    state = "busy";
    settle();
    approve.textContent = "Starting…";
    replace(trouble);
    try {
      const started = await post(`/v1/plans/${encodeURIComponent(proposal.id)}/approve`,
        destroys ? { digest: proposal.digest, name: field.value } : { digest: proposal.digest });
      badge.after(h("span", { class: "badge good" }, "Approved"));
      over(null, { node: progress(started.operation, {
        events: started.events, commands: proposal.commands, undoCard: (made) => planCard(made), finished: changed,
      }) });
      card.classList.add("started"); // the steps now show the commands
      actions.scrollIntoView({ block: "nearest" });
      announce("Approved. The steps follow.");
      changed();
    } catch (error) {
      approve.textContent = destroys ? "Approve and destroy" : "Approve";
      failed(error);
    }
  }

  async function doDecline() {
    if (state !== "open") return;
    state = "busy";
    settle();
    try {
      await call("DELETE", `/v1/plans/${encodeURIComponent(proposal.id)}`);
      over("Declined. Nothing was done.");
      changed();
    } catch (error) {
      failed(error);
    }
  }

  approve.addEventListener("click", doApprove);
  decline.addEventListener("click", doDecline);
  field?.addEventListener("input", settle);
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && can("approve")) doApprove();
  });

  const missing = can("plan") && can("approve") ? null : h("p", { class: "box note", id: `${uid}-m` },
    `This page's token cannot ${can("plan") ? "approve" : "approve or decline"}. On the host, `,
    h("code", { class: "command" }, "kai token add NAME --scope ask,plan,approve"),
    " makes one that can; give it to this page under Token.");
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
    settle(); // another token may allow more
    if (missing) missing.hidden = can("plan") && can("approve");
    const seconds = (new Date(proposal.expires).getTime() - serviceNow()) / 1000;
    if (!Number.isFinite(seconds)) return false;
    if (seconds > 0) {
      left.textContent = `expires in ${duration(Math.ceil(seconds))}`;
      left.classList.toggle("soon", seconds < 60);
      return true;
    }
    if (state === "busy") return true;
    over("This plan has expired. Nothing was done.", { again: true });
    return false;
  });
  return card;
}

/** The plans that wait, newest first. */
export const waiting = async () => (await get("/v1/plans")).plans;
