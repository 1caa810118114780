// Building nodes. Text from outside only ever becomes text nodes or plain
// attributes here; there is no way to pass markup or a style attribute.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined) continue;
    if (key.startsWith("on")) {
      if (typeof value !== "function") throw new TypeError(`${key} must be a function`);
      node.addEventListener(key.slice(2), value);
    } else if (key === "style" || key === "innerHTML" || key === "srcdoc") {
      throw new TypeError(`${key} is not allowed`);
    } else if (key === "value") {
      node.value = value;
    } else if (value === false && !key.startsWith("aria-")) {
      continue;
    } else {
      node.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value));
    }
  }
  add(node, children);
  return node;
}

/** Appends strings, numbers, nodes and nested lists of them; skips null and false. */
export function add(node, ...children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(node, ...child);
    else node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);
export const replace = (node, ...children) => {
  node.replaceChildren();
  return add(node, children);
};

/** Text in which `backticks` mark code. Nothing else in it is markup: it may hold names from anywhere. */
export const coded = (text) => String(text).split(/`([^`]+)`/).map((part, n) => (n % 2 ? h("code", {}, part) : part));

/** Whether nothing has the focus: what had it was disabled, or has gone. */
export const adrift = () => !document.activeElement || document.activeElement === document.body;

/** `work`, never twice at once: asked for meanwhile, it is done once more. */
export function oneAtATime(work) {
  let going = null;
  let wanted = false;
  async function round() {
    try {
      while (wanted) {
        wanted = false;
        await work();
      }
    } finally {
      going = null;
    }
  }
  return () => {
    wanted = true;
    going ??= round();
    return going;
  };
}

const ICONS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  warn: "M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.7v.1",
  undo: "M5.5 3L2.5 6l3 3M3 6h6.5a3.7 3.7 0 010 7.4H6",
  send: "M8 13V3.5M4 7.3l4-4 4 4",
  stop: "M4.5 4.5h7v7h-7z",
  out: "M6 3.5H3.5v9h9V10M9 3h4v4M13 3L7.5 8.5",
  ring: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11z",
  arc: "M8 2.5A5.5 5.5 0 0113.5 8",
};

/** A small drawn sign; it is hidden from assistive technology, so say the same in words. */
export function icon(name) {
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 16 16", "aria-hidden": true, focusable: "false" },
    svg("path", { d: ICONS[name] }));
}

/** Says something once through the page's polite live region. */
export function announce(text) {
  const region = document.getElementById("announcer");
  const said = h("div", {}, text);
  region.append(said);
  while (region.childElementCount > 12) region.firstChild.remove();
  setTimeout(() => said.remove(), 20000);
}

/** Calls `work` every `ms` while `node` is in the document; ends when it has left it. */
export function every(node, ms, work) {
  let seen = false;
  const timer = setInterval(() => {
    if (node.isConnected) {
      seen = true;
      if (work() === false) clearInterval(timer);
    } else if (seen) clearInterval(timer);
  }, ms);
  work();
  return () => clearInterval(timer);
}

/** A button that copies; nothing where the browser does not let a page copy (plain http off loopback). */
export function copyButton(text, what = "Copy") {
  if (!navigator.clipboard) return null;
  const button = h("button", { type: "button", class: "quiet small copy" }, what);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed";
    }
    setTimeout(() => { button.textContent = what; }, 1600);
  });
  return button;
}

/** Holds a word that must be broken to fit a narrow column. */
export const isLong = (text) => /\S{25}/.test(text);

const titled = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");

/** Rows (objects with the same keys) as a table that scrolls inside itself. */
export function table(rows, label, columns) {
  const keys = columns || [...new Set(rows.flatMap((row) => Object.keys(row)))].map((key) => ({ key }));
  return h("div", { class: "table", tabindex: "0", role: "group", "aria-label": label },
    h("table", {},
      h("thead", {}, h("tr", {}, keys.map((c) => h("th", { scope: "col", class: c.number || rows.some((row) => typeof row[c.key] === "number" && !c.show) ? "num" : null },
        c.title || titled(c.key))))),
      h("tbody", {}, rows.map((row) => h("tr", {}, keys.map((c) => {
        const value = c.show ? c.show(row) : row[c.key];
        const shown = value instanceof Node ? value : plain(value);
        const tone = typeof value === "number" || c.number ? "num" : isLong(shown.textContent ?? shown) ? "long" : null;
        return h("td", { class: tone, dir: "auto" }, shown);
      }))))));
}

/** Any JSON value as short text. */
export function plain(value) {
  if (value === null || value === undefined) return "–";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length ? value.map(plain).join(", ") : "–";
  if (typeof value === "object") return Object.entries(value).map(([k, v]) => `${k}: ${plain(v)}`).join("; ");
  return String(value);
}
