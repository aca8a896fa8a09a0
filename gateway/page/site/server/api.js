/**
 * The API, as every part of the page calls it. Addresses are relative to the page: `api("jobs")`.
 *
 * The session lives in cookies that no script can read. When its access has expired it is renewed once, for all tabs,
 * and the request is sent again.
 */

import { word } from "../words.js";
import { locks } from "./locks.js";
import { noteLost } from "./reach.js";
import { sessionEnded } from "./session.js";

const RENEWED = "tonearm.renewed";
const AWAY = new Set([502, 503, 504]); // said by a proxy, in its own words, where the gateway does not answer

/** What the server could not do (RFC 9457). `name` is the last part of its `type`: "quota-exceeded". */
export class Problem extends Error {
  constructor(status, told = {}, wait = null) {
    super(told.detail ? sentence(told.detail) : word("problem.unknown"));
    this.status = status;
    this.kind = (told.type ?? "").split("/").pop();
    this.told = told;
    /** Seconds after which it may be asked again; null: nobody has said so. */
    this.wait = wait;
    /** By the name of a field: what is wrong with it. Of a single one the detail itself begins with the name. */
    this.fields = Object.fromEntries((told.errors ?? []).map((each) => [each.name, sentence(each.detail)]));
    const [, name, text] = this.kind === "bad-field" ? (/^(\w+): (.*)$/s.exec(told.detail) ?? []) : [];
    if (name) this.fields[name] = sentence(text);
  }
}

/** The server cannot be reached at all. */
export class Offline extends Error {
  constructor() {
    super(word("problem.offline"));
    this.status = 0;
    this.kind = "offline";
  }
}

/**
 * Ask the API, and return what it answers as JSON; null where there is no body. Throws Problem, Offline.
 * `json` becomes the body; `query` is an object or URLSearchParams; else as `fetch` takes it.
 */
export async function api(path, { json, query, ...request } = {}) {
  const response = await ask(path, { json, query, ...request });
  const type = response.headers.get("content-type") ?? "";
  return type.includes("json") ? response.json() : null;
}

/** The same, and return the response itself: for bytes and headers. */
export async function ask(path, { json, query, headers = {}, open = false, ...request } = {}) {
  const url = new URL(path, document.baseURI);
  if (query) url.search = new URLSearchParams(query);
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    headers = { "Content-Type": "application/json", ...headers };
  }
  const send = () => fetch(url, { headers: { Accept: "application/json", ...headers }, ...request }).catch(failed);
  const asked = Date.now();
  let response = await send();
  if (response.status === 401 && !open && (await renewed(asked))) response = await send();
  if (response.ok || response.status === 304) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && !open) sessionEnded();
  throw problem;
}

/**
 * Renew the session unless another tab has done so since. `isGood`: it is renewed before it is over. True if there is
 * one again. Throws Problem, Offline.
 */
export async function renewed(since = Date.now(), { isGood = false } = {}) {
  return locks.request("tonearm.renew", async () => {
    if (Number(localStorage.getItem(RENEWED)) > since) return true;
    // What a tab of another process has noted may come later than its lock.
    if (!isGood && (await isIn())) return true;
    const response = await fetch(new URL("refresh", document.baseURI), { method: "POST" }).catch(failed);
    if (response.ok) localStorage.setItem(RENEWED, String(Date.now()));
    else if (response.status >= 500 || response.status === 429) // the session may still be good
      throw await problemOf(response);
    return response.ok;
  });
}

async function isIn() {
  const response = await fetch(new URL("session", document.baseURI)).catch(failed);
  return response.ok && (await response.json()).state === "in";
}

async function problemOf(response) {
  const told = await response.json().catch(() => null);
  if (!told && AWAY.has(response.status)) lost();
  const wait = response.headers.get("retry-after");
  return new Problem(response.status, told ?? {}, wait && Number(wait));
}

function failed(error) {
  if (error.name === "AbortError") throw error;
  lost();
}

function lost() {
  noteLost();
  throw new Offline();
}

/** What the server says of something, as a sentence. */
export function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
