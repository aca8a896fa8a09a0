/**
 * The uploads of a page, as one value. Pure: each function takes a queue and returns the next one.
 *
 *     waiting      for its turn, or until `heldUntil`
 *     uploading    on its way
 *     offline      the server cannot be reached; it is tried again by itself
 *     paused       by the person
 *     interrupted  by a reload: the same file is needed again
 *     failed       tried too often
 *     refused      the server does not take it
 *     done         every byte is there; its job is to be seen soon
 *
 * An upload is `{id, name, size, state, sent, url, reason, note, …}`. `reason` says why it does not go on.
 */

import { isSame } from "./given.js";

/** Uploads on their way at a time. */
export const AT_ONCE = 2;

/** @type {{uploads: object[], heldUntil: number, gone: {count: number, size: number}}} `gone`: done and off the list */
export const EMPTY = { uploads: [], heldUntil: 0, gone: { count: 0, size: 0 } };

const BUSY = new Set(["uploading", "offline"]);
const UNDER_WAY = new Set(["waiting", "uploading", "offline", "paused"]);
const COUNTED = new Set([...UNDER_WAY, "done"]);

/** Add uploads behind those that are there. What an earlier batch has done counts no more once all of it is over. */
export function added(queue, uploads) {
  const gone = isUnderWay(queue) ? queue.gone : EMPTY.gone;
  const fresh = uploads.map((each) => ({ state: "waiting", sent: 0, url: null, reason: null, note: null, attempts: 0, ...each }));
  return { ...queue, gone, uploads: [...queue.uploads, ...fresh] };
}

/** Change fields of one upload. */
export function changed(queue, id, fields) {
  return { ...queue, uploads: queue.uploads.map((each) => (each.id === id ? { ...each, ...fields } : each)) };
}

/** Take an upload off the list. One that is done still counts in the total of its batch. */
export function removed(queue, id) {
  const { state, size } = found(queue, id) ?? {};
  const gone = state === "done" ? { count: queue.gone.count + 1, size: queue.gone.size + size } : queue.gone;
  return { ...queue, gone, uploads: queue.uploads.filter((each) => each.id !== id) };
}

/** Hold all that waits until a time in milliseconds: the server has said that it takes nothing before. */
export function held(queue, until) {
  return { ...queue, heldUntil: Math.max(queue.heldUntil, until) };
}

/** The upload of this id. */
export function found(queue, id) {
  return queue.uploads.find((each) => each.id === id);
}

/** Those whose turn it is now, in order. */
export function due(queue, now) {
  if (now < queue.heldUntil) return [];
  const free = AT_ONCE - queue.uploads.filter((each) => BUSY.has(each.state)).length;
  return queue.uploads.filter((each) => each.state === "waiting").slice(0, Math.max(0, free));
}

/** True while leaving the page would lose something. */
export function isUnderWay(queue) {
  return queue.uploads.some((each) => UNDER_WAY.has(each.state));
}

/** True if nothing more happens unless the person wants it. */
export function isOver(state) {
  return state === "failed" || state === "refused";
}

/** How many files are to come to the server still, and their bytes. */
export function ahead(queue) {
  const coming = queue.uploads.filter(({ state }) => UNDER_WAY.has(state) || state === "interrupted");
  return { count: coming.length, size: coming.reduce((sum, each) => sum + each.size, 0) };
}

/** How far the whole batch is: bytes sent of all, files done of all. */
export function total(queue) {
  const counted = queue.uploads.filter((each) => COUNTED.has(each.state));
  const sum = (of) => counted.reduce((before, each) => before + of(each), 0);
  const size = queue.gone.size + sum((each) => each.size);
  const sent = queue.gone.size + sum((each) => each.sent);
  return {
    sent,
    size,
    done: queue.gone.count + counted.filter((each) => each.state === "done").length,
    count: queue.gone.count + counted.length,
    percent: size ? Math.floor((100 * sent) / size) : 0,
  };
}

/** The interrupted upload of this very file, as far as can be told. */
export function interruptedOf(queue, file) {
  return queue.uploads.find((each) => each.state === "interrupted" && isSame(each, file));
}
