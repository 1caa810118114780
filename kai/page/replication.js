// The Host view's part on replication: a row for each dataset and copy, with how far the copy is behind. What
// the host cannot see is said to be unknown.

import { h, icon } from "./dom.js";
import { bytes, duration, when } from "./format.js";
import { lagAxis, lagBar } from "./draw.js";

const DAY = 86400;
const name = (text) => h("code", { class: "wrap" }, text);
/** A tool's own mark says less than when it was made. */
const point = ({ name: full, created }, tool) => (tool && tool !== "kai" ? when(created) : `${full.replace(/^[^@#]*/, "")} of ${when(created)}`);
const REACHED = { here: "both have", undecided: "both have", out: "sent up to", in: "has" };

function standing(row) {
  if (row.state === "current") return "up to date";
  if (row.state === "unknown") return "nothing has arrived yet";
  return `${row.state === "at_most" ? "at most " : ""}${duration(row.lag)} behind`;
}

function tone(row) {
  if (row.unfinished) return "bad";
  if (row.state === "current") return "good";
  if (row.state === "unknown" || row.lag >= DAY) return "warn";
  return "soft";
}

function between(row) {
  const { dataset, peer } = row;
  switch (row.direction) {
    case "here": return [name(dataset), " to ", name(peer)];
    case "out": return [name(dataset), " to another host"];
    case "in": return [name(dataset), " from ", peer ? name(peer) : "a place that is not seen here"];
    default: return peer ? [name(dataset), " and ", name(peer), ": one is a copy of the other, and which cannot be told"]
      : [name(dataset), ": sent or received, and which cannot be told"];
  }
}

function details(row) {
  const said = [
    row.job ? `${row.tool}, job ${row.job}` : row.tool,
    row.base ? `${REACHED[row.direction]} ${point(row.base, row.direction === "out" && row.tool)}` : null,
    row.perhaps ? `perhaps up to ${point(row.perhaps, row.tool)}` : null,
    row.waiting ? `${bytes(row.waiting)} written since` : null,
  ];
  return said.filter(Boolean).join("; ");
}

function line(row) {
  const stand = standing(row);
  const colour = tone(row);
  const words = h("span", {}, between(row));
  const sign = { good: "check", warn: "warn", bad: "warn" }[colour];
  return h("li", { class: "lag" },
    h("p", { class: "lag-names", dir: "auto" }, words),
    h("p", { class: "lag-state" }, h("span", { class: `badge ${colour}` }, sign ? icon(sign) : null, row.unfinished ? `unfinished, ${stand}` : stand)),
    lagBar(row.lag, { tone: colour, bound: row.state === "at_most", label: `${words.textContent}: ${stand}` }),
    h("p", { class: "faint lag-more wrap", dir: "auto" }, details(row)),
    row.unfinished ? h("p", { class: "hint lag-more" }, "A transfer is under way, or broke off and can be gone on with.") : null,
    row.changed ? h("p", { class: "hint lag-more" }, "The copy was changed, too: the next transfer will be refused unless that is thrown away.") : null);
}

/** The worst first. */
const worse = (a, b) => b.unfinished - a.unfinished || (b.lag ?? Infinity) - (a.lag ?? Infinity);

export function replicationPart(rows) {
  if (!rows.length) {
    return h("p", { class: "faint" }, "No replication is seen: no two datasets here have a snapshot in common, no replication tool has left its marks, and nothing says that it is a replica.");
  }
  return h("div", { class: "card" },
    h("div", { class: "lag-head" }, h("p", { class: "faint" }, "How far each copy is behind"), lagAxis()),
    h("ul", { class: "lags" }, [...rows].sort(worse).map(line)),
    rows.some((row) => row.state === "at_most") ? h("p", { class: "faint" }, "Outlined: at most that far. Whether something was written since is not seen from here.") : null);
}
