// The interface, to try it: every endpoint of /v1/openapi.json with a form for what it takes, and the
// answer as it comes.

import { getToken, get } from "./api.js";
import { h, replace } from "./dom.js";
import { problemBox } from "./problems.js";

const METHODS = ["get", "post", "delete"];

/** What a body may look like, from its schema: the fields that it must have. */
function example(schema, schemas) {
  const at = schema?.$ref ? schemas[schema.$ref.split("/").pop()] : schema;
  const fields = at?.required ?? [];
  return Object.fromEntries(fields.map((name) => [name, at.properties?.[name]?.type === "array" ? [] : ""]));
}

/** Parts of an answer as they arrive, so that events show at once. */
async function read(response, out) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const got = await reader?.read();
    if (!got || got.done) break;
    text += got.value;
    out.textContent = text;
  }
  try {
    out.textContent = JSON.stringify(JSON.parse(text), null, 2);
  } catch { /* events and text stay as they are */ }
}

function endpoint(path, method, about, schemas) {
  const inputs = (about.parameters ?? []).map((one) => ({
    name: one.name, in: one.in,
    field: h("input", { type: "text", "aria-label": one.name, placeholder: one.description ?? one.name, autocomplete: "off" }),
  }));
  const schema = about.requestBody?.content?.["application/json"]?.schema;
  const body = schema ? h("textarea", { rows: 4, spellcheck: "false", "aria-label": "Body" }, JSON.stringify(example(schema, schemas), null, 2)) : null;
  const streams = JSON.stringify(about.responses ?? {}).includes("text/event-stream");
  const events = streams ? h("input", { type: "checkbox" }) : null;
  const status = h("p", { class: "faint", role: "status" });
  const out = h("pre", { class: "wrap", hidden: true });
  let running = null;

  async function send(event) {
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    let address = path;
    const query = new URLSearchParams();
    for (const { name, in: where, field } of inputs) {
      if (where === "path") address = address.replace(`{${name}}`, encodeURIComponent(field.value));
      else if (field.value) query.set(name, field.value);
    }
    const headers = { Accept: events?.checked ? "text/event-stream" : "*/*" };
    if (getToken()) headers.Authorization = `Bearer ${getToken()}`;
    if (body) headers["Content-Type"] = "application/json";
    status.textContent = "Sent…";
    out.hidden = false;
    out.textContent = "";
    try {
      const response = await fetch(`${address}${query.size ? `?${query}` : ""}`, {
        method: method.toUpperCase(), headers, body: body?.value, signal: running.signal,
      });
      status.textContent = `${response.status} ${response.statusText}`;
      await read(response, out);
    } catch (error) {
      status.textContent = running.signal.aborted ? "Stopped" : `No answer: ${error.message}`;
    }
  }

  return h("details", { class: "card" },
    h("summary", {}, h("code", {}, `${method.toUpperCase()} ${path}`), " ", h("span", { class: "faint" }, about.summary ?? "")),
    about.description ? h("p", {}, about.description) : null,
    h("form", { class: "try", onsubmit: send },
      inputs.map(({ name, field }) => h("label", {}, h("span", {}, name), field)),
      body ? h("label", {}, h("span", {}, "Body"), body) : null,
      events ? h("label", {}, events, " as events") : null,
      h("div", { class: "buttons" },
        h("button", { type: "submit", class: "main" }, "Send"),
        h("button", { type: "button", onclick: () => running?.abort() }, "Stop"))),
    status, out);
}

export function createInterface(root) {
  const list = h("div", { class: "endpoints" });
  root.append(
    h("h1", { id: "h-interface", tabindex: "-1" }, "Interface"),
    h("p", {}, "Everything that this service can be asked, from ", h("a", { href: "/v1/openapi.json" }, "its description"),
      ". What is sent here is real, with this page's token."),
    list);
  let shown = false;
  async function load() {
    try {
      const { paths, components } = await get("/v1/openapi.json");
      const schemas = components?.schemas ?? {};
      replace(list, Object.entries(paths).flatMap(([path, methods]) => METHODS.filter((method) => methods[method])
        .map((method) => endpoint(path, method, methods[method], schemas))));
      shown = true;
    } catch (error) {
      replace(list, problemBox(error, { retry: load }));
    }
  }
  return { show() { if (!shown) load(); } };
}
