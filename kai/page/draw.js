// Drawings of the host: how full a pool is, when a VM's snapshots were made, and how far copies are behind.

import { h, svg } from "./dom.js";
import { bytes, onDay, ago, count, when } from "./format.js";
import { serviceNow } from "./api.js";

/** A bar of how much is used; the words beside it say the same. */
export function capacityBar(used, size, label) {
  const share = size > 0 ? Math.min(1, Math.max(0, used / size)) : 0;
  const tone = share >= 0.9 ? "bad" : share >= 0.8 ? "warn" : "good";
  return svg("svg", { class: "bar", width: "100%", height: "14", role: "img", "aria-label": label },
    svg("rect", { class: "track", x: "0", y: "0", width: "100%", height: "14", rx: "4" }),
    svg("rect", { class: `fill ${tone}`, x: "0", y: "0", width: `${share * 100}%`, height: "14", rx: "4" }),
    svg("line", { class: "tick", x1: "80%", x2: "80%", y1: "1", y2: "13" }));
}

/** Snapshots on a line from the oldest to now; near ones become one larger dot. */
export function timeline(snapshots, name) {
  const now = serviceNow();
  const points = snapshots.map((one) => ({ ...one, time: new Date(one.created).getTime() }))
    .filter((one) => Number.isFinite(one.time)).sort((a, b) => a.time - b.time);
  if (!points.length) return null;
  const first = points[0].time;
  const span = Math.max(1, now - first);
  const groups = [];
  for (const point of points) {
    const place = 2 + 94 * Math.min(1, (point.time - first) / span);
    const last = groups.at(-1);
    if (last && place - last.place < 2.2) last.of.push(point);
    else groups.push({ place, of: [point] });
  }
  const dots = groups.map(({ place, of }) => svg("circle", {
    class: "dot", cx: `${place.toFixed(2)}%`, cy: "14", r: Math.min(10, 4.5 + 1.6 * Math.log2(of.length)).toFixed(1),
  }, svg("title", {}, of.length === 1 ? `${of[0].name}, ${when(of[0].created)}, ${bytes(of[0].used)}`
    : `${count(of.length, "snapshot")}: ${of[0].name} to ${of.at(-1).name}`)));
  const label = `${count(points.length, "snapshot")} of ${name}, the oldest ${ago(points[0].created, now)}, the newest ${ago(points.at(-1).created, now)}`;
  return h("figure", { class: "timeline" },
    svg("svg", { width: "100%", height: "28", role: "img", "aria-label": label },
      svg("line", { class: "axis", x1: "2%", x2: "98%", y1: "14", y2: "14" }),
      svg("line", { class: "axis", x1: "98%", x2: "98%", y1: "7", y2: "21" }),
      dots),
    h("figcaption", { class: "faint", "aria-hidden": true }, h("span", {}, onDay(first)), h("span", {}, "now")));
}

// A common axis of time for all copies: near its beginning minutes can be told apart, at its end weeks.
const MARKS = [[3600, "1 h"], [86400, "1 d"], [604800, "1 w"]];
const LONGEST = 4 * 604800;
const place = (seconds) => 100 * Math.min(1, Math.log10(1 + seconds / 60) / Math.log10(1 + LONGEST / 60));
const percent = (seconds) => `${place(seconds).toFixed(2)}%`;

/** How far one copy is behind; the words beside it say the same. `bound`: that is the most it can be. */
export function lagBar(seconds, { tone, bound, label }) {
  const known = Number.isFinite(seconds);
  return svg("svg", { class: "bar lag-bar", width: "100%", height: "14", role: "img", "aria-label": label },
    svg("rect", { class: "track", x: "0", y: "0", width: "100%", height: "14", rx: "4" }),
    known ? svg("rect", { class: `fill ${tone}${bound ? " bound" : ""}`, x: "0", y: "0", width: percent(seconds), height: "14", rx: "4" }) : null,
    known && !seconds ? svg("rect", { class: `fill ${tone}`, x: "0", y: "0", width: "6", height: "14", rx: "3" }) : null,
    MARKS.map(([at]) => svg("line", { class: "tick", x1: percent(at), x2: percent(at), y1: "1", y2: "13" })));
}

/** The axis over such bars. */
export function lagAxis() {
  return svg("svg", { class: "lag-axis", width: "100%", height: "16", "aria-hidden": true, focusable: "false" },
    svg("text", { x: "0", y: "12" }, "now"),
    MARKS.map(([at, text]) => svg("text", { x: percent(at), y: "12", "text-anchor": "middle" }, text)));
}
