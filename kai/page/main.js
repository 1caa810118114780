// Starts the page: the views and which of them the address asks for, the
// keys, the theme and the token button.

import { createChat } from "./chat.js";
import { createSearch } from "./search.js";
import { createOperations } from "./operations.js";
import { createHost } from "./host.js";
import { createCorpus } from "./corpus.js";
import { createInterface } from "./interface.js";
import * as passages from "./passages.js";
import { events, getToken } from "./api.js";
import { h, replace } from "./dom.js";
import { changed } from "./plans.js";
import { can, openDialog, refresh, onWho, who } from "./token.js";

const byId = (id) => document.getElementById(id);
const views = {
  ask: createChat(byId("view-ask")),
  search: createSearch(byId("view-search")),
  operations: createOperations(byId("view-operations")),
  host: createHost(byId("view-host")),
  index: createCorpus(byId("view-index")),
  interface: createInterface(byId("view-interface")),
};
let current = null;

function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const name = Object.hasOwn(views, path) ? path : "ask";
  const link = document.querySelector(`#nav [data-view="${name}"]`);
  if (name !== current) {
    passages.close();
    if (current) {
      byId(`view-${current}`).hidden = true;
      views[current].hide?.();
    }
    byId(`view-${name}`).hidden = false;
    document.querySelectorAll("#nav a").forEach((one) => one.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "page");
    document.title = `${link.firstChild.textContent} – kai`;
    window.scrollTo(0, 0);
    if (current) byId(`h-${name}`).focus({ preventScroll: true });
    current = name;
  }
  views[name].show?.(new URLSearchParams(query));
}
window.addEventListener("hashchange", route);

byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address stays the view's
  byId("main").focus();
});

document.addEventListener("keydown", (event) => {
  if (byId("token-dialog").open || event.isComposing) return;
  if (event.key === "Escape") {
    if (passages.isOpen()) passages.close();
    else if (current === "ask") views.ask.stop();
    return;
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    passages.close();
    if (current !== "ask") location.hash = "#/ask";
    requestAnimationFrame(() => views.ask.focus());
  }
});

const themeButton = byId("theme-button");
const nameTheme = () => {
  replace(themeButton, h("span", { class: "long" }, "Theme: "), window.kaiTheme.get());
  themeButton.setAttribute("aria-label", `Theme: ${window.kaiTheme.get()}`);
};
themeButton.addEventListener("click", () => { window.kaiTheme.next(); nameTheme(); });
nameTheme();

byId("token-button").addEventListener("click", () => openDialog());
onWho(() => {
  const me = who();
  replace(byId("token-button"), getToken() ? ["Token: ", me?.name || (me ? "set" : "not valid")] : "No token");
  byId("host-name").textContent = me?.host || "";
  byId("host-name").title = me?.version ? `kai ${me.version}` : "";
});

new ResizeObserver(() => {
  document.documentElement.style.setProperty("--head", `${byId("top").offsetHeight}px`);
}).observe(byId("top"));

// What others do - in a terminal, on another page - shows at once.
let watching = null;
async function watch() {
  watching?.abort();
  if (!can("plan")) return;
  const { signal } = (watching = new AbortController());
  while (!signal.aborted) {
    try {
      // What happened before it was connected was missed.
      for await (const { event } of events("GET", "/v1/events", { signal, opened: changed })) {
        if (event !== "index") changed();
      }
    } catch { /* the service may be away for a while */ }
    await new Promise((resolve) => { setTimeout(resolve, 5000); });
  }
}
onWho(watch);

route();
refresh();
