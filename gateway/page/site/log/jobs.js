/**
 * The jobs of who is signed in, as they stand now: what the server lists, folded with what is heard of the feed.
 *
 * A `Listing` is one list of them: a search, or some states. It is loaded by pages, and what happens changes it.
 */

import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { onSession } from "../server/session.js";
import { onFeed, whenLive } from "./feed.js";
import { folded, isDone, newer, progressed, stateOf } from "./fold.js";

const PAGE = 50;
const AT_ONCE = 4; // questions about single jobs
const PATIENCE = 500; // ms for which a list waits for the feed, so that it need not be loaded twice
const QUIET = 1500; // ms after the last change until the server is asked for its counts

/** All jobs that are known, by id, as `GET /jobs?include=timeline` shows them; `progress` is the newest message. */
export const jobs = new Map();

const listings = new Set();
const questions = new Map(); // about single jobs, by id
const waiting = [];
let asking = 0;

/** Keep a job as the server has just shown it, with its timeline. Returns it as it stands. */
export function keep(shown) {
  const known = jobs.get(shown.job_id);
  const job = known ? newer(known, shown) : shown;
  if (job !== known) put(job, known);
  return job;
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

/**
 * One list of jobs, newest first. `states`: the states it shows, none for all; `q`: a part of the file's name.
 * `ids` are those that are loaded, `more` says whether there are others, `counts` are by state and of the same `q`.
 */
export class Listing {
  ids = [];
  more = true;
  loading = false;
  error = null;
  counts = null;
  #sources = [];
  #hidden = new Set();
  #timer = null;
  #asked = null; // whether the feed was live when the first page was asked for; null: it was not yet

  constructor({ states = [], q = "" } = {}) {
    Object.assign(this, { states, q });
    this.#begin();
  }

  /** Load the first page, and follow what happens until the returned function is called. */
  open() {
    listings.add(this);
    whenLive(PATIENCE).then((live) => {
      if (this.#asked !== null || !listings.has(this)) return;
      this.#asked = live;
      this.count();
      this.load();
    });
    return () => {
      listings.delete(this);
      clearTimeout(this.#timer);
    };
  }

  /** How many jobs the list has in all; null if nobody knows yet. */
  get total() {
    if (!this.more) return this.ids.length;
    return this.counts && Math.max(this.ids.length, countOf(this.counts, this.states) - this.#hidden.size);
  }

  /** Load the next page. */
  async load() {
    if (this.loading || !this.more) return;
    Object.assign(this, { loading: true, error: null });
    const sources = this.#sources;
    try {
      await Promise.all(sources.map((source) => source.fill(this.q)));
      if (sources === this.#sources) this.#take();
    } catch (error) {
      if (sources === this.#sources) this.error = error;
    }
    if (sources === this.#sources) this.loading = false;
    repaint();
  }

  /** Load it anew, as far as it was loaded. */
  async reload() {
    const many = this.ids.length;
    this.#begin();
    this.count();
    do await this.load();
    while (this.ids.length < many && this.more && !this.error);
  }

  /** Ask the server how many jobs there are. */
  async count() {
    try {
      this.counts = await api("jobs/counts", { query: this.q ? { q: this.q } : {} });
      repaint();
    } catch {
      // the list itself says what is wrong
    }
  }

  /** The same, when it is quiet: what was heard may be of jobs that nobody here knows. */
  countSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.count(), QUIET);
  }

  /** Do not show a job, though the server still has it; `show` takes that back. */
  hide(id) {
    this.#hidden.add(id);
    this.#drop(id);
  }

  show(id) {
    this.#hidden.delete(id);
    if (jobs.has(id)) this.put(jobs.get(id));
  }

  /** Take in a job as it stands, whatever it was before. */
  put(job) {
    if (!this.#has(job)) this.#drop(job.job_id);
    else if (this.reaches(job.job_id)) insert(this.ids, job.job_id);
  }

  /** True if a job of this list would be among those that are loaded. */
  reaches(id) {
    return !this.more || id > (this.ids.at(-1) ?? "~");
  }

  /** A job has come from one state into another; undefined: it was not there. */
  moved(job, before) {
    if (!this.counts || !named(job, this.q)) return;
    const { states } = this.counts;
    if (before in states) states[before] = Math.max(0, states[before] - 1);
    if (job.state in states) states[job.state] += 1;
    this.countSoon();
  }

  /** From now on all will be heard; what was loaded before may lack something. */
  live() {
    if (this.#asked !== false) return;
    this.#asked = true;
    this.reload();
  }

  #begin() {
    this.#sources = (this.states.length ? this.states : [""]).map((state) => new Source(state));
    Object.assign(this, { ids: [], more: true, loading: false, error: null });
  }

  /** Take from the sources what is newer than all that they have not loaded yet. */
  #take() {
    const sources = this.#sources;
    const until = sources.reduce((least, { more, oldest }) => (more && oldest > least ? oldest : least), "");
    for (const shown of sources.flatMap((source) => source.upTo(until))) {
      const job = keep(shown);
      if (this.#has(job)) insert(this.ids, job.job_id);
    }
    this.more = sources.some((source) => source.more || source.items.length);
  }

  #has(job) {
    if (this.#hidden.has(job.job_id) || job.state === "deleted") return false;
    return (!this.states.length || this.states.includes(job.state)) && named(job, this.q);
  }

  #drop(id) {
    const at = place(this.ids, id);
    if (this.ids[at] === id) this.ids.splice(at, 1);
  }
}

/** The pages of the jobs in one state; "": in any. The API lists one state at a time. */
class Source {
  items = [];
  more = true;
  #state;
  #cursor = "";

  constructor(state) {
    this.#state = state;
  }

  get oldest() {
    return this.items.at(-1)?.job_id ?? "";
  }

  async fill(q) {
    if (!this.more || this.items.length) return;
    const wanted = { state: this.#state, q, cursor: this.#cursor };
    const given = Object.entries(wanted).filter(([, value]) => value);
    const page = await api("jobs", { query: { ...Object.fromEntries(given), include: "timeline", limit: PAGE } });
    this.items = page.items;
    this.#cursor = page.next_cursor;
    this.more = page.next_cursor !== null;
  }

  /** Take those that are as new as this one, or newer. */
  upTo(id) {
    const taken = this.items.filter((each) => each.job_id >= id);
    this.items = this.items.slice(taken.length);
    return taken;
  }
}

/** How many of the counted jobs are in these states; none named: in all. */
export function countOf(counts, states) {
  return states.length ? states.reduce((sum, state) => sum + (counts.states[state] ?? 0), 0) : counts.total;
}

function put(job, before) {
  if (job.state === "deleted") jobs.delete(job.job_id);
  else jobs.set(job.job_id, job);
  for (const listing of listings) listing.put(job);
  if (before && before.state !== job.state) for (const listing of listings) listing.moved(job, before.state);
  repaint();
}

/** Take in an event of a job. */
function take(event, offset) {
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

const named = (job, q) => plain(job.filename).includes(plain(q));
const plain = (text) => text.normalize("NFC").toLowerCase();

/** The place of an id in a list of them, newest first: where it stands, or would. */
function place(ids, id) {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle] > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(ids, id) {
  const at = place(ids, id);
  if (ids[at] !== id) ids.splice(at, 0, id);
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

onSession((state) => {
  jobs.clear();
  if (state === "in") for (const listing of listings) listing.reload();
});
