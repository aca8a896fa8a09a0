/** What is heard of the feed changes the jobs that are known. It is loaded before anything is heard. */

import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { onFeed } from "./feed.js";
import { folded } from "./fold.js";
import { jobs, keep, listings, put } from "./jobs.js";
import { isDone, progressed, stateOf } from "./standing.js";

const AT_ONCE = 4; // questions about single jobs
const questions = new Map(); // by id
const waiting = [];
let asking = 0;

function take(event, offset) {
  if (!event.type.startsWith("job.")) return;
  const known = jobs.get(event.subject);
  if (!known && event.type !== "job.uploaded") {
    miss(event);
    return;
  }
  const job = folded(known ?? null, event, offset);
  if (!job || job === known) return;
  put(job, known);
  if (!known) for (const listing of listings) listing.moved(job, undefined);
}

/** Something has happened to a job that is not known here: ask for it, if a list would show it now. */
function miss(event) {
  const state = stateOf(event);
  for (const listing of listings) {
    listing.countSoon();
    const fits = listing.states.length ? listing.states.includes(state) : listing.q !== "";
    if (fits && listing.reaches(event.subject)) load(event.subject).catch(() => {});
  }
}

/** Ask the server for a job, once however many want it. Resolves to the job. Throws Problem, Offline. */
export function load(id) {
  if (!questions.has(id)) {
    const answer = new Promise((resolve, reject) => waiting.push({ id, resolve, reject }));
    questions.set(id, answer.finally(() => questions.delete(id)));
    ask();
  }
  return questions.get(id);
}

function ask() {
  while (asking < AT_ONCE && waiting.length) {
    const { id, resolve, reject } = waiting.shift();
    asking += 1;
    api(`jobs/${id}`).then((shown) => resolve(keep(shown)), reject).finally(() => {
      asking -= 1;
      ask();
    });
  }
}

onFeed(({ type, data, offset }) => {
  const known = jobs.get(data.job_id);
  if (type === "live") {
    if (data) for (const listing of listings) listing.live();
  } else if (type === "anew") {
    jobs.clear();
    for (const listing of listings) listing.reload();
  } else if (type === "progress" || type === "queue") {
    if (!known || isDone(known)) return;
    const { job_id: _, ...queue } = data;
    jobs.set(data.job_id, type === "queue" ? { ...known, queue } : progressed(known, data));
    repaint();
  } else {
    take(data, offset);
  }
});
