// Replication for a simulated host: datasets with copies here and elsewhere, put into the file of its state.
// The file is changed as text, because its guids are larger than the numbers of JavaScript.
import { readFileSync, writeFileSync } from "node:fs";

const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);

const point = (guid, age, written = 4096) => ({ guid, txg: guid, created: now - age, content: "-", referenced: 1 << 30, written });
const dataset = (guid, age, rest) => ({ guid, txg: 1, created: now - age, content: "-", referenced: 1 << 30, ...rest });
const cursor = (guid, job) => `#zrepl_CURSOR_G_${guid.toString(16).padStart(16, "0")}_J_${job}`;

const datasets = {
  // Up to date, here.
  "tank/photos": dataset(101, 9000 * HOUR, { points: { "@monday": point(111, 30 * HOUR) } }),
  "rpool/photos": dataset(102, 20 * HOUR, { props: { readonly: "on" }, points: { "@monday": point(111, 30 * HOUR) } }),
  // Two days behind, here.
  "tank/mail": dataset(201, 9000 * HOUR, { written: 5 << 20, points: { "@old": point(211, 50 * HOUR), "@new": point(212, HOUR) } }),
  "rpool/mail": dataset(202, 40 * HOUR, { points: { "@old": point(211, 50 * HOUR) } }),
  // A transfer broke off.
  "tank/db": dataset(301, 9000 * HOUR, { written: 7 << 20, points: { "@base": point(311, 220 * HOUR) } }),
  "rpool/db": dataset(302, 219 * HOUR, { resume_token: "1-e95a0e87f-e0-789c", points: { "@base": point(311, 220 * HOUR) } }),
  // To and from other hosts.
  "tank/wiki": dataset(401, 9000 * HOUR, { written: 3 << 20, points: { "@z": point(411, HOUR / 2), [cursor(411, "offsite")]: point(411, HOUR / 2) } }),
  "rpool/hq": dataset(501, 99 * HOUR, { props: { "com.kai:replica": "hq1.example.net:fast/vms/accounting" }, points: { "@a": point(511, 5 * HOUR) } }),
};

export function replicate(file) {
  const inside = JSON.stringify(datasets).slice(1, -1);
  writeFileSync(file, readFileSync(file, "utf8").replace('"datasets": {', () => `"datasets": {${inside},`));
}
