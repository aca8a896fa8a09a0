/**
 * What can be done to jobs, and how it is undone. A deletion is sent after a while only, so that it can be taken back;
 * a cancellation is undone by converting again.
 */

import { toast } from "../look/toasts.js";
import { hide, jobs, keep, show } from "../log/jobs.js";
import { repaint } from "../paint.js";
import { api, ask } from "../server/api.js";
import { onLeaving, onSession } from "../server/session.js";
import { isolated, word } from "../words.js";

const AT_ONCE = 4;
const LONGEST_WAIT = 60; // s: the limit of requests is one for a minute
const NAMED = 3; // so many are told of by their names

/** The jobs that are to be deleted: somebody may still undo it, or the server has not answered yet. */
const pending = new Set();

/** The jobs that the server is asked to convert once more: who clicks twice has meant it once. */
const repeating = new Set();

/** Cancel these jobs. */
export async function cancel(ids) {
  const done = await each(ids, async (id) => keep(await api(`jobs/${id}/cancel`, { method: "POST" })));
  if (done.length) toast(told("cancelled", done), { label: word("jobs.again"), action: () => again(done) });
}

/** Convert these jobs once more; with options each is another job of the same video. */
export async function again(ids, options) {
  const request = options ? { method: "POST", json: options } : { method: "POST" };
  const asked = ids.filter((id) => !repeating.has(id));
  for (const id of asked) repeating.add(id);
  const done = await each(asked, async (id) => keep(await api(`jobs/${id}/retry`, request)));
  for (const id of asked) repeating.delete(id);
  if (done.length > (options ? 0 : 1)) toast(told("again", done));
}

/** Make another output of each of these jobs' videos. */
export async function outputs(ids, options) {
  const done = await each(ids, async (id) => api(`jobs/${id}/outputs`, { method: "POST", json: options }));
  if (done.length) toast(told("outputs", done));
}

/** Delete these jobs, unless it is undone. */
export function remove(ids) {
  const said = told("deleted", ids);
  for (const id of ids) {
    pending.add(id);
    hide(id);
  }
  const action = () => ids.filter((id) => pending.delete(id)).forEach(show);
  toast(said, { label: word("jobs.undo"), action, over: () => each(ids, erase, keepAfterAll) });
}

/** Cancel all jobs of these states, and of this name. */
export async function cancelAll(states, q) {
  const answers = [];
  try {
    for (const state of states) {
      const query = q ? { state, q } : { state };
      answers.push(await api("jobs/cancel", { method: "POST", query }));
    }
  } catch (problem) {
    toast(problem.message, { bad: true });
  }
  const done = answers.flatMap((answer) => answer.job_ids);
  const refused = answers.flatMap((answer) => answer.refused);
  tellRefused(refused.map(({ job_id: id, type: kind, detail }) => ({ id, kind, detail })));
  if (done.length) toast(told("cancelled", done), { label: word("jobs.again"), action: () => again(done) });
}

/** Delete a job, unless that was undone meanwhile, or its account has signed out. */
async function erase(id, how) {
  if (!pending.has(id)) return;
  try {
    await ask(`jobs/${id}`, { method: "DELETE", ...how });
  } catch (problem) {
    if (problem.status !== 404 && problem.status !== 410) throw problem; // it may be tried again
  }
  pending.delete(id);
}

/** A job that could not be deleted is there again. */
function keepAfterAll(id) {
  pending.delete(id);
  show(id);
}

/** Delete at once what is pending: who leaves has meant it. */
function eraseAll(how) {
  return Promise.allSettled([...pending].map((id) => erase(id, how)));
}

/** Do something to each, some at a time. Returns those to which it was done; tells of those that were refused. */
async function each(ids, deed, otherwise = () => {}) {
  const done = [];
  const problems = new Map();
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id; id = waiting.shift()) {
      try {
        await patiently(() => deed(id));
        done.push(id);
      } catch (problem) {
        problems.set(id, { id, kind: problem.kind, detail: problem.message });
        otherwise(id);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const refused = ids.flatMap((id) => problems.get(id) ?? []);
  if (ids.length === 1 && refused.length) toast(refused[0].detail, { bad: true });
  else tellRefused(refused);
  repaint();
  return done;
}

/** Do it, also where the minute's requests are used up: after the pause that the server asks for. */
async function patiently(deed) {
  for (;;) {
    try {
      return await deed();
    } catch (problem) {
      if (problem.status !== 429 || !problem.wait || problem.wait > LONGEST_WAIT) throw problem;
      await new Promise((resolve) => setTimeout(resolve, problem.wait * 1000));
    }
  }
}

/** Tell why some of many were refused: for each kind of reason how many, and their names. */
export function tellRefused(refused) {
  for (const those of Map.groupBy(refused, ({ kind }) => kind).values()) {
    const names = those.slice(0, NAMED).map(({ id }) => isolated(jobs.get(id)?.filename || word("jobs.nameless"))).join(", ");
    const more = those.length - NAMED;
    const told = more > 0 ? word("jobs.and_more", { names, count: more }) : names;
    toast(word("jobs.refused", { count: those.length, names: told, detail: those[0].detail }), { bad: true });
  }
}

/** What was done, in words: to one job by its name, to more by their number. */
function told(deed, ids) {
  const name = ids.length === 1 ? (jobs.get(ids[0])?.filename ?? "") : "";
  return name ? word(`jobs.did.${deed}.one`, { name: isolated(name) }) : word(`jobs.did.${deed}`, { count: ids.length });
}

addEventListener("pagehide", () => eraseAll({ keepalive: true }));
onLeaving((signal) => eraseAll({ signal, keepalive: true }));
onSession((state) => state === "out" && pending.clear()); // the next one may be somebody else
