// Markdown to nodes, for the part of Markdown that answers use. Markup in
// the text stays text; links go to http and https only; `[1]` becomes what
// the caller's `cite` makes of it. Work is bounded: no search is repeated
// once it has failed, and nesting ends at a fixed depth. The direction of the
// text is left to the style sheet: dir="auto" is slow on nodes that grow.

import { h, copyButton, isLong } from "./dom.js";

const DEEPEST = 6;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4}(?! )|\t| +|$)/;
const QUOTE = /^ {0,3}>\s?/;

const blank = (line) => line.trim() === "";

function cells(line) {
  let text = line.trim();
  if (text.startsWith("|")) text = text.slice(1);
  if (text.endsWith("|") && !text.endsWith("\\|")) text = text.slice(0, -1);
  const out = [""];
  for (let i = 0, code = false; i < text.length; i += 1) {
    if (text[i] === "\\" && text[i + 1] === "|") { out[out.length - 1] += "|"; i += 1; continue; }
    if (text[i] === "`") code = !code;
    if (text[i] === "|" && !code) out.push("");
    else out[out.length - 1] += text[i];
  }
  return out.map((cell) => cell.trim());
}

function alignments(line) {
  if (line === undefined || line.length > 2000 || !line.includes("-")) return null;
  const parts = cells(line);
  if (!line.includes("|") || !parts.every((part) => /^:?-+:?$/.test(part))) return null;
  return parts.map((part) => {
    if (part.endsWith(":")) return part.startsWith(":") ? "middle" : "num";
    return null;
  });
}

const interrupts = (line) =>
  FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || (ITEM.exec(line)?.[3] ?? "") !== "";

/** Cuts text into blocks: { kind, from, to } count lines; the rest is what the kind needs. */
export function blocks(lines) {
  const out = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i];
    const from = i;
    let found;
    if (blank(line)) { i += 1; continue; }
    if ((found = FENCE.exec(line))) {
      const body = [];
      const end = new RegExp(`^ {0,3}${found[1][0] === "~" ? "~" : "`"}{${found[1].length},}\\s*$`);
      for (i += 1; i < lines.length && !end.test(lines[i]); i += 1) body.push(lines[i]);
      i += 1;
      out.push({ kind: "code", body, language: found[2], from, to: Math.min(i, lines.length) });
    } else if ((found = HEADING.exec(line))) {
      i += 1;
      out.push({ kind: "heading", level: found[1].length, text: (found[2] || "").replace(/[ \t]+#+[ \t]*$/, ""), from, to: i });
    } else if (RULE.test(line)) {
      i += 1;
      out.push({ kind: "rule", from, to: i });
    } else if (QUOTE.test(line)) {
      const body = [];
      for (; i < lines.length && QUOTE.test(lines[i]); i += 1) body.push(lines[i].replace(QUOTE, ""));
      out.push({ kind: "quote", body, from, to: i });
    } else if ((found = ITEM.exec(line))) {
      const ordered = /\d/.test(found[2]);
      const items = [];
      let loose = false;
      for (;;) {
        const start = ITEM.exec(lines[i] ?? "");
        if (!start || /\d/.test(start[2]) !== ordered || RULE.test(lines[i])) break;
        const width = start[0].length + (start[3] === "" ? 1 : 0);
        const body = [lines[i].slice(start[0].length)];
        for (i += 1; i < lines.length; i += 1) {
          const next = lines[i];
          const indent = next.length - next.trimStart().length;
          if (blank(next)) {
            const after = lines[i + 1];
            if (after === undefined || blank(after) || after.length - after.trimStart().length < Math.min(width, 2)) break;
            body.push("");
          } else if (indent >= Math.min(width, 2)) body.push(next.slice(Math.min(indent, width)));
          else if (ITEM.test(next) || interrupts(next)) break;
          else body.push(next);
        }
        items.push(body);
        let skip = i;
        while (skip < lines.length && blank(lines[skip])) skip += 1;
        if (skip > i && ITEM.test(lines[skip] ?? "")) { loose = true; i = skip; }
      }
      if (!items.length) { items.push([line]); i += 1; }
      out.push({ kind: "list", ordered, first: Number.parseInt(found[2], 10), items, loose, from, to: i });
    } else if (line.startsWith("    ")) {
      const body = [];
      for (; i < lines.length && (lines[i].startsWith("    ") || blank(lines[i])); i += 1) body.push(lines[i].slice(4));
      while (body.length && blank(body.at(-1))) body.pop();
      out.push({ kind: "code", body, language: "", from, to: i });
    } else if (line.includes("|") && (found = alignments(lines[i + 1])) && found.length === cells(line).length) {
      const rows = [];
      for (i += 2; i < lines.length && lines[i].includes("|") && !blank(lines[i]); i += 1) rows.push(cells(lines[i]));
      out.push({ kind: "table", head: cells(line), align: found, rows, from, to: i });
    } else {
      const body = [];
      for (; i < lines.length && !blank(lines[i]) && (i === from || !interrupts(lines[i])); i += 1) body.push(lines[i]);
      out.push({ kind: "text", text: body.map((part) => part.replace(/^[ \t]+/, "")).join("\n"), from, to: i });
    }
  }
  return out;
}

function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address, ...children) {
  const href = webAddress(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}

const LINK = /!?\[([^[\]\n]{1,400})\]\(\s*<?([^\s<>()]{1,1500}(?:\([^\s<>()]{0,200}\))?[^\s<>()]{0,300})>?(?:\s+"[^"\n]{0,300}")?\s*\)/y;
const CITES = /\[(\d{1,3}(?:\s{0,2},\s{0,2}\d{1,3}){0,9})\]/y;
const BARE = /https?:\/\/[^\s<>"'`\])]{3,1500}/y;
const TICKS = /`+/y;
const PLAIN = /[^\\`*_[!<h\n]+/y;

const at = (pattern, text, i) => {
  pattern.lastIndex = i;
  return pattern.exec(text);
};

/** Inline Markdown as a list of nodes and strings. */
export function inline(text, cite, depth = 0) {
  const out = [];
  const gone = new Set(); // closers known not to come again
  let said = "";
  const flush = () => {
    if (said) out.push(said);
    said = "";
  };
  const put = (node) => { flush(); out.push(node); };
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    let found;
    if ((found = at(PLAIN, text, i))) {
      said += found[0];
      i = PLAIN.lastIndex;
    } else if (c === "\\" && /[!-/:-@[-`{-~]/.test(text[i + 1] ?? "")) {
      said += text[i + 1];
      i += 2;
    } else if (c === "\n") {
      if (said.endsWith("  ")) { said = said.trimEnd(); put(h("br")); } else said += "\n";
      i += 1;
    } else if (c === "`") {
      const ticks = at(TICKS, text, i)[0];
      let end = gone.has(ticks) ? -1 : i + ticks.length;
      while (end >= 0) { // the same number of backticks, no more
        end = text.indexOf(ticks, end);
        if (end < 0) break;
        const run = at(TICKS, text, end)[0].length;
        if (run === ticks.length) break;
        end += run;
      }
      if (end < 0) {
        gone.add(ticks);
        said += ticks;
        i += ticks.length;
      } else {
        const code = text.slice(i + ticks.length, end).replaceAll("\n", " ");
        put(h("code", {}, /^ .*\S.* $/.test(code) ? code.slice(1, -1) : code));
        i = end + ticks.length;
      }
    } else if ((c === "[" || (c === "!" && text[i + 1] === "[")) && (found = at(LINK, text, i))) {
      put(link(found[2], depth < DEEPEST ? inline(found[1], null, depth + 1) : found[1]));
      i += found[0].length;
    } else if (c === "[" && cite && (found = at(CITES, text, i))) {
      const marks = found[1].split(",").map((number) => cite(Number(number)));
      if (marks.every(Boolean)) marks.forEach(put);
      else said += found[0];
      i += found[0].length;
    } else if ((c === "h" || c === "<") && (found = at(BARE, text, c === "<" ? i + 1 : i)) && (c === "<" || !/\w/.test(text[i - 1] ?? ""))) {
      const closed = c === "<" && text[BARE.lastIndex] === ">";
      const address = closed ? found[0] : found[0].replace(/[.,;:!?*_]+$/, "");
      if (c === "<" && !closed) said += "<";
      put(link(address, address));
      i += address.length + (c === "<" ? 1 : 0) + (closed ? 1 : 0);
    } else if (c === "*" || c === "_") {
      const mark = text[i + 1] === c ? c + c : c;
      const open = depth < DEEPEST && /\S/.test(text[i + mark.length] ?? " ") && !(c === "_" && /\w/.test(text[i - 1] ?? ""));
      let end = open && !gone.has(mark) ? i + mark.length + 1 : -1;
      while (end > 0) {
        end = text.indexOf(mark, end);
        if (end < 0) { gone.add(mark); break; }
        const inWord = c === "_" && /\w/.test(text[end + mark.length] ?? "");
        const doubled = mark.length === 1 && (text[end + 1] === c || text[end - 1] === c);
        if (/\S/.test(text[end - 1]) && !inWord && !doubled) break;
        end += mark.length;
      }
      if (end > 0) {
        put(h(mark.length === 2 ? "strong" : "em", {}, inline(text.slice(i + mark.length, end), cite, depth + 1)));
        i = end + mark.length;
      } else {
        said += mark;
        i += mark.length;
      }
    } else {
      said += c;
      i += 1;
    }
  }
  flush();
  return out;
}

/** One block as a node. */
export function draw(block, cite, depth = 0) {
  const text = (value) => inline(value, cite);
  const inner = (body) => (depth >= DEEPEST
    ? [h("p", {}, body.join("\n"))]
    : blocks(body).map((part) => draw(part, cite, depth + 1)));
  switch (block.kind) {
    case "heading": return h(`h${Math.min(6, block.level + 2)}`, {}, text(block.text));
    case "rule": return h("hr");
    case "code": {
      const body = block.body.join("\n");
      return h("div", { class: "code" },
        h("pre", { tabindex: "0", "aria-label": block.language ? `${block.language} code` : "code" }, h("code", {}, body)),
        copyButton(body));
    }
    case "quote": return h("blockquote", {}, inner(block.body));
    case "list": return h(block.ordered ? "ol" : "ul", { start: block.ordered && block.first !== 1 ? block.first : null },
      block.items.map((item) => {
        const parts = depth >= DEEPEST ? [] : blocks(item);
        const tight = !block.loose && parts[0]?.kind === "text";
        return h("li", {}, tight
          ? [text(parts[0].text), parts.slice(1).map((part) => draw(part, cite, depth + 1))]
          : inner(item));
      }));
    case "table": return h("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, h("table", {},
      h("thead", {}, h("tr", {}, block.head.map((cell, n) => h("th", { scope: "col", class: block.align[n] }, text(cell))))),
      h("tbody", {}, block.rows.map((row) => h("tr", {}, block.head.map((_, n) => h("td", { class: [block.align[n], isLong(row[n] ?? "") ? "long" : null].filter(Boolean).join(" ") || null }, text(row[n] ?? ""))))))));
    default: return h("p", {}, text(block.text));
  }
}

/** A whole text as a list of nodes. */
export const markdown = (text, cite) => blocks(text.split(/\r\n|\n|\r/)).map((block) => draw(block, cite));
