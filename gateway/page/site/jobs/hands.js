/** What keys and boxes do in the list of jobs: its arrows, the focus, the selection. And what is said of it aloud. */

import { onFeed } from "../log/feed.js";
import { jobs } from "../log/jobs.js";
import { say } from "../look/toasts.js";
import { repaint } from "../paint.js";
import { allWords, word } from "../words.js";
import { chosen } from "./chosen.js";
import { remove } from "./deeds.js";
import { QUIET } from "./list.js";

export { chosen };

const rowOf = (element) => element?.closest(".job");

/** The row with the focus is drawn wherever it is. */
export function pin({ target }, view) {
  view.pinned = rowOf(target).dataset.jobId;
}

export function unpin({ relatedTarget }, view) {
  if (relatedTarget && !rowOf(relatedTarget)) view.pinned = null;
}

/** The arrows go from row to row, to what is alike there; Home and End to the first and the last. */
export function onKey(event, { ids }, view) {
  const at = ids.indexOf(rowOf(event.target)?.dataset.jobId);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: ids.length - 1 }[event.key];
  if (at < 0 || !(to in ids) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  focus(ids[to], event.target.matches("input") ? "input" : ".job-name", view);
}

/** Delete a job; the focus goes to its neighbour. */
export function drop(id, view, { ids }) {
  const at = ids.indexOf(id);
  const next = ids[at + 1] ?? ids[at - 1];
  remove([id]);
  if (next) focus(next, ".job-name", view);
}

/** Select a job by its box; with the Shift key all from the box before. */
export function select(id, { target, shiftKey }, { ids }) {
  chosen.set(id, target.checked, ids, shiftKey);
}

/** At once if its row is drawn: the next key may be quicker than a frame. */
function focus(id, what, view) {
  const found = () => document.querySelector(`.job[data-job-id="${id}"] ${what}`);
  view.pinned = id;
  repaint();
  if (found()) found().focus();
  else requestAnimationFrame(() => found()?.focus());
}

onFeed(({ type, data }) => {
  if (type === "live" && !data) setTimeout(repaint, QUIET + 100);
  const key = { "job.converted": "jobs.heard.ready", "job.failed": "jobs.heard.failed" }[type];
  const job = key && jobs.get(data.subject);
  if (job) allWords().then(() => say(word(key, { name: job.filename })), () => {});
});
