// Who this page speaks as: the token, its scopes, the dialog that takes a
// token, and the explanation shown where a scope is missing.

import { get, getToken, setToken, hooks, Problem } from "./api.js";
import { h, replace } from "./dom.js";

export const SCOPES = {
  ask: "ask questions, search and read the documents",
  plan: "see the host and its operations, and have changes planned",
  approve: "approve plans and stop operations",
  admin: "have the documents read again",
};

const watchers = new Set();
let me = null;

export const who = () => me;
export const can = (scope) => Boolean(me?.scopes?.includes(scope));
export function onWho(work) {
  watchers.add(work);
}

/** Asks the service who we are and tells everybody who wants to know. */
export async function refresh() {
  try {
    me = await get("/v1/me");
  } catch (error) {
    me = null;
    watchers.forEach((work) => work(error));
    return error;
  }
  watchers.forEach((work) => work(null));
  return null;
}

// What a scope is of use with: nothing can be approved by whoever cannot see it.
const TOGETHER = { ask: "ask", approve: "ask,plan,approve" };
const command = (scope) => h("code", { class: "command" }, `kai token add NAME --scope ${TOGETHER[scope] || `ask,${scope}`}`);

/** What to show where `scope` is missing; null where it is there. */
export function needs(scope, what) {
  if (can(scope)) return null;
  return h("div", { class: "box note" },
    h("p", {}, `${what} needs a token with the scope “${scope}”.`),
    h("p", {}, "On the host, run ", command(scope), " and give the token to this page."),
    h("p", { class: "buttons" }, h("button", { type: "button", onclick: () => openDialog() }, "Use a token")));
}

function scopeList() {
  return h("ul", { class: "scopes" }, Object.entries(SCOPES).map(([scope, what]) => h("li", {},
    h("span", { class: `badge ${can(scope) ? "good" : ""}` }, can(scope) ? "yes" : "no"),
    h("span", {}, h("strong", {}, scope), `: ${what}. `,
      can(scope) ? null : [h("br"), command(scope)]))));
}

/** Opens the token dialog; `reason` says why it came by itself. */
export function openDialog(reason) {
  const dialog = document.getElementById("token-dialog");
  if (dialog.open) return;
  const trouble = h("p", { class: "trouble", role: "alert", id: "token-trouble" }, reason || "");
  const field = h("input", {
    id: "token-field", type: "password", autocomplete: "off", spellcheck: "false", autocapitalize: "off",
    placeholder: "kai_…", "aria-describedby": "token-help token-trouble",
  });
  const use = h("button", { type: "submit", class: "main" }, "Use this token");

  async function submit(event) {
    event.preventDefault();
    const value = field.value.trim();
    if (!value) { trouble.textContent = "Paste a token first."; field.focus(); return; }
    if (/[^\x21-\x7e]/.test(value)) { trouble.textContent = "That is not a token: it holds spaces or signs that no token has."; return; }
    use.disabled = true;
    try {
      await get("/v1/me", { withToken: value });
      setToken(value);
      await refresh();
      dialog.close();
    } catch (error) {
      trouble.textContent = error instanceof Problem && error.status === 401
        ? "The service does not know this token, or it has expired." : error.message;
    }
    use.disabled = false;
  }

  const named = me?.name ? `the token “${me.name}”` : "a token";
  replace(dialog,
    h("form", { method: "dialog", onsubmit: submit },
      h("h2", { id: "token-title" }, "Token"),
      trouble,
      me ? h("p", { class: "wrap" }, getToken() ? `This page uses ${named}.` : "This page uses no token.") : null,
      me ? scopeList() : h("p", {}, "On the host, ", command("ask"), " makes a token."),
      h("label", { for: "token-field" }, "Paste a token"),
      field,
      h("p", { class: "faint", id: "token-help" }, "Kept in this tab only, until you close it."),
      h("p", { class: "buttons" },
        use,
        getToken() ? h("button", {
          type: "button",
          onclick: () => { setToken(""); dialog.close(); refresh(); },
        }, "Forget the token") : null,
        h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Close"))));
  dialog.showModal();
  field.focus();
}

hooks.unauthorized = (problem) => {
  if (me) { // it was good before: from here on nothing is asked for until there is another
    me = null;
    watchers.forEach((work) => work(problem));
  }
  openDialog(getToken()
    ? "The service does not know this token, or it has expired."
    : problem.message || "The service asks for a token.");
};
