/**
 * Who is signed in, in all tabs of this browser. `session.state` is "unknown" until the server has been asked, then
 * "in" or "out". What it was at last is remembered, so that the first paint is the right one.
 */

import { repaint } from "../paint.js";
import { allBegun } from "../parts.js";
import { word } from "../words.js";
import { api, ask, renewed } from "./api.js";
import { locks } from "./locks.js";

const REMEMBERED = "tonearm.session";
const LEAVING = "tonearm.leaving";
/** The part of an access token's life after which it is renewed: players and event streams cannot ask again. */
const RENEW_AFTER = 0.7;
const PATIENCE = 2000; // ms for which who signs out waits for the server
const LIMIT = 15_000; // ms after which the server is given up
const tabs = new BroadcastChannel("tonearm.session");
const listeners = new Set();
const lastDeeds = new Set();
let done = Promise.resolve(); // the last deeds
let leaving = null;
let renewal;

/**
 * `account` is its id. `why` it is out: "" (nobody was in), "left", "ended" (at the server), or "erased".
 * @type {{state: "unknown" | "in" | "out", account: string, roles: string[], likely: boolean, why: string}}
 */
export const session = {
  state: "unknown", account: "", roles: [], likely: localStorage.getItem(REMEMBERED) === "in", why: "",
};

/** Ask the server who is signed in. Throws Problem, Offline. */
export async function findSession({ tell = true } = {}) {
  await leave();
  const asked = Date.now();
  let found = await api("session");
  if (found.state === "expired" && (await renewed(asked))) found = await api("session");
  if (found.state !== "in") return become("out", { why: session.likely ? "ended" : session.why });
  become("in", found);
  if (tell) tabs.postMessage({ state: "in", account: found.account });
}

/** Sign in by e-mail and password. Throws Problem, Offline; and Error where the browser keeps no session. */
export async function signIn(email, password) {
  await leave(); // or it would be made up for with this session
  await api("login?cookies=true", { method: "POST", json: { email, password }, open: true });
  await findSession();
  if (session.state !== "in") throw new Error(word("entry.no_cookie"));
}

/** Sign out, in every tab. Where the server is slow or away the page is empty all the same, and it is told later. */
export async function signOut() {
  doLast();
  localStorage.setItem(LEAVING, "yes");
  await Promise.race([leave().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  everywhereOut("left");
}

/**
 * Do what ends every session of the account, this one too. Meanwhile nothing here asks whether it is still good.
 * Throws what `deed()` throws.
 */
export async function endAll(deed, why) {
  leaving = deed().then(() => everywhereOut(why)).finally(() => (leaving = null));
  await leaving;
}

/** Do what is to be done before the session ends. */
export function doLast() {
  const signal = AbortSignal.timeout(LIMIT);
  return (done = allBegun().then(() => Promise.allSettled([...lastDeeds].map((each) => each(signal)))));
}

/** The server knows this session no more: the page shows the sign-in, in every tab. */
export function sessionEnded(why = "ended") {
  if (session.state !== "out") everywhereOut(why);
}

/** Call `listener(state)` whenever somebody signs in or out. Returns what ends that. */
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Before somebody signs out in this tab call `deed(signal)`, and wait for it; by `signal` it is given up. */
export function onLeaving(deed) {
  lastDeeds.add(deed);
}

/** Tell the server of a sign-out that it does not know of yet: one tab at a time, and once. */
async function leave() {
  if (localStorage.getItem(LEAVING)) leaving ??= locks.request("tonearm.leaving", logOut).finally(() => (leaving = null));
  await leaving;
}

async function logOut() {
  await done;
  if (!localStorage.getItem(LEAVING)) return;
  try {
    await ask("logout", { method: "POST", open: true, signal: AbortSignal.timeout(LIMIT) });
  } catch (problem) {
    if (!problem.status || problem.status >= 500) throw problem; // refused: there is no session any more
  }
  localStorage.removeItem(LEAVING);
}

function everywhereOut(why) {
  become("out", { why });
  tabs.postMessage({ state: "out", why });
}

function become(state, { account = "", roles = [], expires_in: seconds = 0, why = "" } = {}) {
  const changed = session.state !== state || session.account !== account;
  Object.assign(session, { state, account, roles, likely: state === "in", why });
  localStorage.setItem(REMEMBERED, state);
  clearTimeout(renewal);
  if (state === "in") renewal = setTimeout(renewInTime, seconds * RENEW_AFTER * 1000, Date.now());
  if (changed) for (const listener of listeners) listener(state);
  repaint();
}

/** Renew the session for all tabs. What goes wrong now shows when the next request is refused. */
async function renewInTime(since) {
  try {
    await renewed(since, { isGood: true });
    await findSession({ tell: false });
  } catch (error) {
    console.warn(error);
  }
}

tabs.onmessage = ({ data: { state, account, why } }) => {
  if (state === "out") become("out", { why });
  else if (session.state !== "in") findSession({ tell: false }).catch(() => {});
  else if (session.account !== account) location.reload(); // nothing of one account is shown to another
};
