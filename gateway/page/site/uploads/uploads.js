/** The uploads of this page: takes files, sends them two at a time, and keeps going whatever happens to the line. */

import { onFeed } from "../log/feed.js";
import "../log/heard.js"; // hears of a job before it is looked for here
import { jobs } from "../log/jobs.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { onSession, session } from "../server/session.js";
import { styles } from "../styles.js";
import { looksLikeMedia, refusal } from "./checks.js";
import { newId } from "./ids.js";
import { afterFailure } from "./failures.js";
import { secondsOf } from "./length.js";
import { forget, remember, takeOver } from "./memory.js";
import { ongoing } from "./ongoing.js";
import { paced } from "./pace.js";
import * as queues from "./queue.js";
import { Transfer, mostBytes, standing, terminate } from "./transfer.js";

/** Milliseconds between two repaints for progress: numbers that change faster cannot be read. */
const CALM = 250;
/** What another try would not change. */
const HOPELESS = new Set(["uploads.empty", "uploads.too_large"]);

let queue = queues.EMPTY;
let account = "";
let most = null;
let painting = 0;
const transfers = new Map();
const timers = new Map();

/** What is said at the panel, and not at a file: `{key, values}`. */
let notices = [];
/** What a screen reader hears, the last few. */
let heard = [];

/** The state to draw. */
export function uploads() {
  settle();
  return { queue, notices, heard };
}

/** True if there is anything to draw. */
export function isUsed() {
  settle();
  return queue.uploads.length > 0 || notices.length > 0;
}

/** Take uploads off whose job is known by now: for good, as that may be deleted. */
function settle() {
  const known = queue.uploads.filter(({ url, state }) => state === "done" && jobs.has(jobOf(url)));
  queue = known.reduce((left, { id }) => queues.removed(left, id), queue);
}

/**
 * Take what was dropped or chosen. Of folders only what looks like media is taken.
 *
 * @param {{files: {file: File, handle?: FileSystemFileHandle}[], folders: {name: string, files: File[]}[]}} given
 * @param {{options?: Object<string, string>, expects?: (seconds: number) => number | null}} wish the options of their
 *   conversions by name, and how large the audio of a recording will be
 */
export async function take({ files, folders = [] }, { options = {}, expects = () => null } = {}) {
  const fromFolders = folders.flatMap((folder) => {
    const fit = folder.files.filter(looksLikeMedia);
    const others = folder.files.length - fit.length;
    if (!fit.length) notify("uploads.no_video_in_folder", { name: folder.name });
    else if (others) notify("uploads.left_out", { name: folder.name, count: others });
    return fit.map((file) => ({ file }));
  });
  const limits = await findLimits();
  const fresh = [];
  const before = queues.ahead(queue);
  for (const { file, handle } of [...files, ...fromFolders]) {
    const known = queues.interruptedOf(queue, file);
    if (known) goOn(known.id, file);
    else {
      const reason = refusal(file, limits, before);
      fresh.push(uploadOf(file, { handle, options, reason }));
      if (reason) continue;
      before.count += 1;
      before.size += file.size;
    }
  }
  if (fresh.length === 0) return;
  queue = queues.added(queue, fresh);
  remember(fresh.filter((each) => each.state !== "refused"));
  for (const each of fresh) if (each.state === "refused") hear("uploads.heard.failed", each);
  work();
  measure(fresh.filter((each) => each.state !== "refused"), expects);
}

/** Say at each how large its audio will be, where the browser can tell how long the recording is. */
async function measure(fresh, expects) {
  for (const { id, file } of fresh) {
    const becomes = expects(await secondsOf(file));
    if (becomes && queues.found(queue, id)) queue = queues.changed(queue, id, { becomes });
    paint();
  }
}

/** Continue an interrupted upload with its file. Says so at it if this is another file. */
export function giveAgain(id, file) {
  const { name, size } = queues.found(queue, id);
  if (file.name !== name || file.size !== size) change(id, { reason: { key: "uploads.other_file" } });
  else goOn(id, file);
}

/** Continue an interrupted upload whose file the browser has a handle of. The person is asked for permission. */
export async function openAgain(id) {
  const { handle } = queues.found(queue, id);
  if ((await handle.requestPermission({ mode: "read" })) !== "granted") return;
  await handle.getFile().then((file) => giveAgain(id, file), () => change(id, { handle: null, reason: { key: "uploads.file_gone" } }));
}

export function pause(id) {
  transfers.get(id)?.stop();
  change(id, { state: "paused", pace: [] });
}

/** Go on with one that is paused; try one again that failed or was refused. */
export function resume(id) {
  change(id, { state: "waiting", reason: null, attempts: 0 });
}

/** Give an upload up: nothing of it stays at the server. */
export function cancel(id) {
  const { url } = queues.found(queue, id);
  const transfer = transfers.get(id);
  (transfer ? transfer.cancel() : url ? terminate(url) : Promise.resolve()).catch(() => {}); // else it expires
  drop(id);
}

/** Take one off the list. */
function drop(id) {
  end(id);
  queue = queues.removed(queue, id);
  work();
}

/** Take a notice away. */
export function dismiss(notice) {
  notices = notices.filter((each) => each !== notice);
  repaint();
}

/** The id of the job that an upload becomes: the last part of its address. */
function jobOf(url) {
  return new URL(url, document.baseURI).pathname.split("/").pop();
}

/**
 * Show what closed tabs have left, and this one when another account came into it. Go on with it where that is possible
 * without the person.
 */
async function recall() {
  account = session.account;
  const all = await takeOver(account);
  const left = all.filter((each) => each.account === account && !queues.found(queue, each.id)); // as it is by now
  queue = queues.added(queue, left.map((each) => ({ ...each, state: "interrupted" })));
  repaint();
  left.forEach(goOnAlone);
}

async function goOnAlone({ id, url, handle }) {
  if (url) await askStanding(id, url);
  if (queues.found(queue, id) && (await handle?.queryPermission?.({ mode: "read" })) === "granted")
    await handle.getFile().then((file) => giveAgain(id, file), () => {});
}

async function askStanding(id, url) {
  try {
    const { sent, isWhole } = await standing(url);
    if (isWhole) drop(id);
    else change(id, { sent });
  } catch ({ status }) {
    if (status === 404 || status === 410) beginAnew(id);
  }
}

function uploadOf(file, { handle, options, reason }) {
  return {
    id: newId(),
    account,
    file,
    handle,
    name: file.name,
    size: file.size,
    lastModified: file.lastModified,
    type: file.type,
    options,
    state: reason ? "refused" : "waiting",
    reason,
    isHopeless: HOPELESS.has(reason?.key),
    note: looksLikeMedia(file) ? null : { key: "uploads.no_media" },
  };
}

/** What the server takes; null where it cannot be asked now: then it says so itself. */
async function findLimits() {
  account = session.account;
  const [found, usage] = await Promise.all([most ?? mostBytes().catch(() => null), api("usage").catch(() => null)]);
  most = found;
  return { most, usage };
}

/** Begin those whose turn it is. */
function work() {
  settle();
  if (session.state !== "out") for (const { id } of queues.due(queue, Date.now())) begin(id);
  if (queue.heldUntil > Date.now()) later("queue", queue.heldUntil - Date.now(), work);
  const isUnderWay = queues.isUnderWay(queue);
  ongoing.percent = isUnderWay ? queues.total(queue).percent : null;
  if (isUnderWay) addEventListener("beforeunload", ask);
  else removeEventListener("beforeunload", ask);
  repaint();
}

function begin(id) {
  const upload = queues.found(queue, id);
  if (upload.sent === 0 && upload.attempts === 0) hear("uploads.heard.begins", upload);
  queue = queues.changed(queue, id, { state: "uploading", pace: [] });
  if (!transfers.has(id)) transfers.set(id, transferOf(upload));
  transfers.get(id).start();
}

function transferOf({ id, file, url, options }) {
  return new Transfer(file, { url, metadata: { filename: file.name, filetype: file.type, ...options } }, {
    created: (address) => {
      queue = queues.changed(queue, id, { url: address });
      remember([queues.found(queue, id)]);
    },
    progress: (sent) => {
      const { sent: before, pace, attempts } = queues.found(queue, id);
      queue = queues.changed(queue, id, {
        state: "uploading", sent, pace: paced(pace, Date.now(), sent), attempts: sent > before ? 0 : attempts,
      });
      paint();
    },
    done: () => {
      const { size } = queues.found(queue, id);
      end(id);
      hear("uploads.heard.done", queues.found(queue, id));
      change(id, { state: "done", sent: size, note: null });
    },
    failed: (failure) => fail(id, failure),
  });
}

function fail(id, failure) {
  const { attempts, file } = queues.found(queue, id);
  if (!failure.isThere) return give(id, "failed", { key: "uploads.file_gone" }, { isHopeless: true });
  const next = afterFailure(failure, attempts);
  const reason = failure.problem ? { text: failure.problem.message } : null;
  if (next.isFresh) return beginAnew(id, { state: "waiting", file });
  if (next.isHeld) queue = queues.held(queue, Date.now() + next.seconds * 1000);
  if (next.state === "offline") {
    if (attempts === 0) hear("uploads.heard.offline", queues.found(queue, id));
    later(id, next.seconds * 1000, () => tryAgain(id));
  }
  if (next.state === "failed" || next.state === "refused") give(id, next.state, reason);
  else change(id, { state: next.state, reason, attempts: attempts + 1, pace: [] });
}

function give(id, state, reason, more = {}) {
  transfers.delete(id);
  if (state === "refused") forget(id); // a reload does not ask for its file
  change(id, { state, reason, pace: [], ...more });
  hear("uploads.heard.failed", queues.found(queue, id));
}

/** The server knows the upload no more: the next try is from the first byte. */
function beginAnew(id, more = {}) {
  transfers.delete(id);
  change(id, { url: null, sent: 0, reason: null, note: { key: "uploads.anew" }, ...more });
  remember([queues.found(queue, id)]);
}

function tryAgain(id) {
  if (queues.found(queue, id)?.state === "offline") transfers.get(id).start();
}

function tryAllAgain() {
  for (const { id } of queue.uploads) tryAgain(id);
}

function goOn(id, file) {
  change(id, { file, state: "waiting", reason: null });
}

function change(id, fields) {
  queue = queues.changed(queue, id, fields);
  work();
}

/** An upload needs nothing more of this page. */
function end(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  transfers.get(id)?.stop();
  transfers.delete(id);
  forget(id);
}

function later(name, milliseconds, act) {
  clearTimeout(timers.get(name));
  timers.set(name, setTimeout(act, milliseconds));
}

function paint() {
  painting ||= setTimeout(() => {
    painting = 0;
    ongoing.percent = queues.isUnderWay(queue) ? queues.total(queue).percent : null;
    repaint();
  }, CALM);
}

function notify(key, values) {
  notices = [...notices, { key, values }];
  repaint();
}

function hear(key, { name }) {
  heard = [...heard, { key, name }].slice(-5);
}

function ask(event) {
  event.preventDefault();
}

/** Somebody has signed in or out. What is on its way goes on only for the same account. */
async function signedInOrOut(state) {
  if (state === "out") {
    for (const { id, state: now } of queue.uploads) {
      if (now !== "uploading" && now !== "offline") continue;
      transfers.get(id)?.stop();
      queue = queues.changed(queue, id, { state: "waiting", pace: [] });
    }
  } else if (session.account !== account) {
    for (const transfer of transfers.values()) transfer.stop();
    transfers.clear();
    queue = queues.EMPTY;
    notices = heard = [];
    await recall();
  }
  work();
}

await styles(import.meta.url, "./rows.css");
onFeed(settle); // also where nothing of it is drawn
onSession(signedInOrOut);
if (session.state === "in") await signedInOrOut("in");
addEventListener("online", tryAllAgain);
addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryAllAgain());
