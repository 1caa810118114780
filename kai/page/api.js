// Talks to the kai service: requests with the token, problem answers as
// errors, event streams. Nothing here knows about the page, except the one
// hook that is called when the service asks for a token.

import { eventParser } from "./sse.js";

const KEY = "kai-token";
const SILENCE_MS = 60000; // the service sends a comment every 15 s

export const hooks = { unauthorized() {} };

let token = "";
try {
  token = sessionStorage.getItem(KEY) || "";
} catch { /* storage may be off: the token then lasts for this page */ }

let clockAhead = 0; // how far the service's clock is ahead of this one, in ms

export const getToken = () => token;

export function setToken(value) {
  token = value;
  try {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  } catch { /* see above */ }
}

/** The time as the service sees it; times of expiry are counted against it. */
export const serviceNow = () => Date.now() + clockAhead;

/** Any refusal or failure, with the words to show. status 0: no answer came. */
export class Problem extends Error {
  constructor({ title, status = 0, detail, hints, request_id: requestId }, retryAfter = null) {
    super(detail || title || "Something went wrong.");
    this.title = title || "";
    this.status = status;
    this.hints = Array.isArray(hints) ? hints : [];
    this.requestId = requestId || null;
    this.retryAfter = retryAfter;
  }
}

export const isAbort = (error) => error?.name === "AbortError";

async function problemOf(response) {
  let said = {};
  try {
    if (/\bjson\b/.test(response.headers.get("content-type") || "")) said = await response.json();
  } catch { /* the status says enough */ }
  if (typeof said !== "object" || said === null) said = {};
  const wait = Number.parseInt(response.headers.get("retry-after") || "", 10);
  return new Problem({
    ...said,
    status: response.status,
    detail: said.detail || said.title || `The service answered with status ${response.status}.`,
  }, Number.isFinite(wait) ? wait : null);
}

async function send(method, path, { body, signal, accept, withToken }) {
  const headers = { Accept: accept };
  const useToken = withToken ?? token;
  if (useToken) headers.Authorization = `Bearer ${useToken}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem({ title: "No answer", detail: "The kai service does not answer. Check that it is running and that this machine reaches it." });
  }
  const date = Date.parse(response.headers.get("date") || "");
  if (!Number.isNaN(date)) {
    const off = date - Date.now();
    clockAhead = Math.abs(off) > 3000 ? off : 0;
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && withToken === undefined) hooks.unauthorized(problem);
    throw problem;
  }
  return response;
}

/** One request, one JSON answer (null where the answer has no body). */
export async function call(method, path, options = {}) {
  const response = await send(method, path, { ...options, accept: "application/json" });
  if (response.status === 204) return null;
  try {
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem({ title: "Unreadable answer", detail: "The service's answer could not be read." });
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { ...options, body });

/** A path with a query; empty values are left out. */
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

function readOrSilence(reader) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problem({
      title: "Silence", detail: "Nothing was heard from the service for a minute.",
    })), SILENCE_MS);
  });
  return Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
}

/** The events of a stream as { event, data }, data already parsed. Ends when the stream ends; `opened` is called when it has begun. */
export async function* events(method, path, { body, signal, opened = () => {} } = {}) {
  const response = await send(method, path, { body, signal, accept: "text/event-stream" });
  if (!/^text\/event-stream\b/.test(response.headers.get("content-type") || "")) {
    throw new Problem({ title: "Unreadable answer", detail: "The service did not send an event stream." });
  }
  opened();
  const reader = response.body.getReader();
  const feed = eventParser();
  try {
    for (;;) {
      let got;
      try {
        got = await readOrSilence(reader);
      } catch (error) {
        if (isAbort(error) || error instanceof Problem) throw error;
        throw new Problem({ title: "Cut off", detail: "The connection to the service was cut off." });
      }
      if (got.done) return;
      for (const { event, data } of feed(got.value)) {
        let parsed;
        try {
          parsed = JSON.parse(data);
        } catch {
          throw new Problem({ title: "Unreadable event", detail: "The service sent something that could not be read." });
        }
        yield { event, data: parsed };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
