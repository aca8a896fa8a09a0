/** Whether the server can be reached. Where it cannot, it is looked for until it can. */

import { repaint } from "../paint.js";

const FIRST_LOOK = 1000;
const LONGEST_WAIT = 30000;
/** Milliseconds. */

let lost = false;
let timer = 0;
const listeners = new Set();

/** True while the last that was heard of the server is that it does not answer. */
export function isLost() {
  return lost;
}

/** Call `listener()` whenever the server can be reached again. Returns what ends that. */
export function onFound(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The server did not answer. */
export function noteLost() {
  if (lost) return;
  lost = true;
  lookIn(FIRST_LOOK);
  repaint();
}

function lookIn(wait) {
  clearTimeout(timer);
  timer = setTimeout(look, wait, Math.min(Math.max(2 * wait, FIRST_LOOK), LONGEST_WAIT));
}

async function look(nextWait) {
  const answer = await fetch(new URL("health/live", document.baseURI), { cache: "no-store" }).catch(() => null);
  if (answer?.status < 500) noteFound();
  else {
    noteLost();
    lookIn(nextWait);
  }
}

function noteFound() {
  if (!lost) return;
  lost = false;
  for (const listener of listeners) listener();
  repaint();
}

// A machine without a network may still reach a server of its own, so the browser's word is only a reason to look.
addEventListener("offline", () => lookIn(0));
addEventListener("online", () => lookIn(0));
if (!navigator.onLine) lookIn(0);
