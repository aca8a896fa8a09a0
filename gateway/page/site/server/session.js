/**
 * Who is signed in, in all tabs of this browser. `session.state` is "unknown" until the server has been asked, then
 * "in" or "out". What it was at last is remembered, so that the first paint is the right one.
 */

import { repaint } from "../paint.js";
import { api, ask, renewed } from "./api.js";

const REMEMBERED = "tonearm.session";
const tabs = new BroadcastChannel("tonearm.session");
const listeners = new Set();

/** @type {{state: "unknown" | "in" | "out", account: string, roles: string[], likely: boolean}} `account`: its id */
export const session = { state: "unknown", account: "", roles: [], likely: localStorage.getItem(REMEMBERED) === "in" };

/** Ask the server who is signed in. Throws Problem, Offline. */
export async function findSession() {
  let found = await api("session");
  if (found.state === "expired" && (await renewed())) found = await api("session");
  become(found.state === "in" ? "in" : "out", found);
}

/** Sign in by e-mail and password. Throws Problem, Offline. */
export async function signIn(email, password) {
  await ask("login?cookies=true", { method: "POST", json: { email, password }, open: true });
  await findSession();
  tabs.postMessage("in");
}

/** Sign out, in every tab. */
export async function signOut() {
  await ask("logout", { method: "POST", open: true }).catch(() => {});
  become("out");
  tabs.postMessage("out");
}

/** The server knows this session no more: the page shows the sign-in, in every tab. */
export function sessionEnded() {
  if (session.state === "out") return;
  become("out");
  tabs.postMessage("out");
}

/** Call `listener(state)` whenever somebody signs in or out. Returns what ends that. */
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(state, { account = "", roles = [] } = {}) {
  const changed = session.state !== state || session.account !== account;
  Object.assign(session, { state, account, roles, likely: state === "in" });
  localStorage.setItem(REMEMBERED, state);
  if (changed) for (const listener of listeners) listener(state);
  repaint();
}

tabs.onmessage = ({ data }) => {
  if (data === "out") become("out");
  else if (session.state !== "in") findSession().catch(() => {});
};
