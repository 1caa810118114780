// The Host view: pools, replication, VMs with their snapshots, GPUs and datasets, as
// the service sees them now. What the service does not say is not shown.

import { get } from "./api.js";
import { h, icon, replace, table, every, oneAtATime } from "./dom.js";
import { bytes, count, when } from "./format.js";
import { capacityBar, timeline } from "./draw.js";
import { changes } from "./plans.js";
import { replicationPart } from "./replication.js";
import { problemBox } from "./problems.js";
import { can, needs, onWho } from "./token.js";

const known = (n) => Number.isFinite(n);
const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null).map(([key, value]) => h("div", {},
  h("dt", {}, key), h("dd", { class: "wrap", dir: "auto" }, value))));

function poolCard(pool) {
  const share = pool.size > 0 ? Math.round((pool.allocated / pool.size) * 100) : 0;
  const fine = pool.health === "ONLINE";
  const words = `${bytes(pool.allocated)} of ${bytes(pool.size)} used (${share} %)`;
  return h("article", { class: "card" },
    h("div", { class: "card-head" },
      h("h3", { class: "wrap", dir: "auto" }, pool.name),
      h("span", { class: `badge ${fine ? "good" : "bad"}` }, icon(fine ? "check" : "warn"), pool.health)),
    capacityBar(pool.allocated, pool.size, `${pool.name}: ${words}`),
    h("p", { class: "between" }, h("span", {}, words), h("span", { class: "faint" }, `${bytes(pool.free)} free`)),
    known(pool.fragmentation) ? h("p", { class: "faint" }, `${pool.fragmentation} % fragmented`) : null,
    share >= 80 ? h("p", { class: "hint" }, icon("warn"), share >= 90 ? "Nearly full. It gets slow here, and writes fail when no space is left." : "Over 80 % full. A pool tends to get slower from here.") : null);
}

function guestCard(guest) {
  const on = guest.state === "running";
  const snapshots = guest.snapshots || [];
  return h("article", { class: "card" },
    h("div", { class: "card-head" },
      h("h3", { class: "wrap", dir: "auto" }, guest.name),
      h("span", { class: `badge wrap ${on ? "good" : ""}` }, guest.state.replaceAll("_", " "))),
    facts([
      ["Memory", known(guest.memory) ? bytes(guest.memory) : null],
      ["vCPUs", known(guest.vcpus) ? guest.vcpus : null],
      ["Volumes", guest.volumes?.length ? guest.volumes.map((volume) => h("code", { class: "wrap block" }, volume)) : null],
    ]),
    snapshots.length ? [
      timeline(snapshots, guest.name),
      h("details", { "data-key": `vm ${guest.name}` }, h("summary", {}, count(snapshots.length, "snapshot")),
        table([...snapshots].sort((a, b) => (a.created < b.created ? 1 : -1)), `Snapshots of ${guest.name}`, [
          { key: "name" },
          { key: "created", show: (one) => when(one.created) },
          { key: "used", number: true, show: (one) => bytes(one.used) },
        ])),
    ] : h("p", { class: "faint" }, "No snapshots."));
}

/** Draws `place` again: what is open stays open and where it was scrolled to, and what has the focus keeps it. */
function drawAgain(place, draw) {
  const at = document.activeElement;
  const before = [...place.querySelectorAll("details")].map((one) => ({
    key: one.dataset.key,
    open: one.open,
    left: one.querySelector(".table").scrollLeft,
    focused: one.contains(at) ? (at.localName === "summary" ? "summary" : ".table") : null,
  }));
  draw();
  for (const { key, open, left, focused } of before) {
    const now = place.querySelector(`details[data-key="${CSS.escape(key)}"]`);
    if (now) {
      now.open = open;
      if (left) now.querySelector(".table").scrollLeft = left;
    }
    if (focused) (now?.querySelector(focused) ?? document.getElementById("h-host")).focus({ preventScroll: true });
  }
}

export function createHost(root) {
  const missing = h("div");
  const trouble = h("div");
  const place = h("div");
  const copies = h("div");
  const title = h("h1", { id: "h-host", tabindex: "-1", class: "wrap", dir: "auto" }, "Host");
  const again = h("button", { type: "button", class: "quiet", onclick: () => { replace(trouble); load(); } }, "Read again");
  const head = h("div", { class: "between" }, title, again);
  replace(root, head, missing, trouble, place);
  let shown = false;
  let last = "";

  const load = oneAtATime(async () => {
    if (!can("plan")) return;
    if (!place.childElementCount) replace(place, h("p", { class: "status" }, icon("arc"), "Reading the host…"));
    try {
      const { replication = [], ...host } = await get("/v1/host");
      const text = JSON.stringify(host);
      if (!can("plan")) return; // the token went meanwhile, and what it showed with it
      if (text !== last) {
        last = text;
        drawAgain(place, () => render(host));
      }
      replace(copies, replicationPart(replication)); // it grows older all the time
      replace(trouble);
    } catch (error) {
      if (!last) replace(place);
      if (trouble.childElementCount && trouble.dataset.said === error.message) return;
      trouble.dataset.said = error.message;
      replace(trouble, problemBox(error, { lead: last ? "Not read again: below is what was read before" : undefined }));
    }
  });

  function render(host) {
    title.textContent = host.name || "Host";
    const { pools = [], guests = [], datasets = [], gpus = [] } = host;
    replace(place,
      facts([
        ["System", host.distribution || null],
        ["Memory available", known(host.memory_available) ? bytes(host.memory_available) : null],
        ["GPUs", gpus.length ? gpus.map((gpu) => h("span", { class: "block" }, gpu)) : null],
      ]),
      h("h2", {}, "Pools"),
      pools.length ? h("div", { class: "grid" }, pools.map(poolCard)) : h("p", { class: "faint" }, "No pools."),
      h("h2", {}, "Replication"),
      copies,
      h("h2", {}, "VMs"),
      guests.length ? h("div", { class: "grid" }, guests.map(guestCard)) : h("p", { class: "faint" }, "No VMs."),
      datasets.length ? h("details", { class: "card", "data-key": "datasets" }, h("summary", {}, h("strong", {}, count(datasets.length, "dataset"))),
        table(datasets, "Datasets", [
          { key: "name", show: (one) => h("code", { class: "wrap" }, one.name) },
          { key: "kind" },
          { key: "used", number: true, show: (one) => bytes(one.used) },
          { key: "available", number: true, show: (one) => (known(one.available) ? bytes(one.available) : "–") },
          { key: "snapshots" },
        ])) : null);
  }

  onWho(() => {
    const notice = needs("plan", "Seeing the host");
    replace(missing, notice);
    again.hidden = Boolean(notice);
    if (notice) { place.replaceChildren(); trouble.replaceChildren(); last = ""; } else if (shown) load();
  });
  changes.addEventListener("change", () => { if (shown) load(); });
  every(root, 30000, () => {
    if (shown && !document.hidden && !document.getElementById("token-dialog").open) load();
  });
  return {
    show() { shown = true; load(); },
    hide() { shown = false; },
  };
}
