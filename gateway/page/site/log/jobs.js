/**
 * The jobs of who is signed in, as they stand now: what the server lists, folded with what is heard of the feed.
 *
 * A `Listing` is one list of them: a search, or some states. It is loaded by pages, and what happens changes it.
 */

import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { onSession } from "../server/session.js";
import { feed, whenLive } from "./feed.js";
import { newer } from "./standing.js";

const PAGE = 50;
const PATIENCE = 500; // ms for which a list waits for the feed, so that it need not be loaded twice
const QUIET = 1500; // ms after the last change until the server is asked for its counts

/** All jobs that are known, by id, as `GET /jobs?include=timeline` shows them; `progress` is the newest message. */
export const jobs = new Map();

/** The lists that are shown. */
export const listings = new Set();
const hidden = new Set(); // jobs that are about to be deleted

/** Keep a job as the server has just shown it, with its timeline. Returns it as it stands. */
export function keep(shown) {
  const known = jobs.get(shown.job_id);
  const job = known ? newer(known, shown) : shown;
  if (job !== known) put(job, known);
  return job;
}

/** Do not show a job, though the server still has it. `show` takes that back. */
export function hide(id) {
  hidden.add(id);
  for (const listing of listings) listing.drop(id);
  repaint();
}

export function show(id) {
  hidden.delete(id);
  if (jobs.has(id)) for (const listing of listings) listing.put(jobs.get(id));
  repaint();
}

/**
 * One list of jobs, newest first. `states`: the states it shows, none for all; `q`: a part of the file's name,
 * or of what is said in the audio, which only the server knows.
 * `ids` are those that are loaded, `more` says whether there are others, `counts` are by state and of the same `q`.
 */
export class Listing {
  ids = [];
  more = true;
  error = null;
  counts = null;
  #loading = null;
  #sources = [];
  #found = new Set(); // by what is said in them
  #reached = ""; // the oldest job that was loaded; "": there are none older
  #timer = null;
  #asked = null; // whether the feed was live when the first page was asked for; null: that is still to come

  constructor({ states = [], q = "" } = {}) {
    Object.assign(this, { states, q });
    this.reset();
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

  get isLoading() {
    return this.#loading !== null;
  }

  /** How many jobs the list has in all; null if nobody knows yet. */
  get total() {
    if (!this.more) return this.ids.length;
    return this.counts && Math.max(this.ids.length, countOf(this.counts, this.states) - hidden.size);
  }

  /** Load the next page, of so many jobs. */
  load(limit = PAGE) {
    if (this.more) this.#loading ??= this.#load(limit);
    return this.#loading ?? Promise.resolve();
  }

  async #load(limit) {
    const sources = this.#sources;
    this.error = null;
    try {
      await Promise.all(sources.map((source) => source.fill(this.q, limit)));
      if (sources === this.#sources) this.#take();
    } catch (error) {
      if (sources === this.#sources) this.error = error;
    }
    if (sources === this.#sources) this.#loading = null;
    repaint();
  }

  /** Load it anew, as far as it was loaded. What is known of it stands meanwhile. */
  async reload() {
    if (this.#asked === null) return; // it is about to be loaded: see `open`
    this.#asked = feed.live;
    const oldest = this.ids.at(-1);
    this.#begin();
    this.ids = this.ids.filter((id) => jobs.has(id));
    this.count();
    do await this.load();
    while (this.#reached > oldest && this.more && !this.error);
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

  /** Take in a job as it stands, whatever it was before. */
  put(job) {
    if (!this.#has(job)) this.drop(job.job_id);
    else if (this.reaches(job.job_id)) insert(this.ids, job.job_id);
  }

  /** True if a job of this list would be among those that are loaded. */
  reaches(id) {
    return !this.more || id > (this.ids.at(-1) ?? "~");
  }

  /** A job has come from one state into another; undefined: it was not there. */
  moved(job, before) {
    if (!this.#matches(job)) return;
    this.countSoon();
    if (!this.counts) return;
    const { states } = this.counts;
    if (before in states) states[before] = Math.max(0, states[before] - 1);
    if (job.state in states) states[job.state] += 1;
  }

  /** From now on all will be heard; what was loaded before may lack something. */
  live() {
    if (this.#asked === false) this.reload();
  }

  /** Forget what was loaded. */
  reset() {
    this.#begin();
    this.#found.clear();
    this.ids = [];
  }

  /** Load from the newest on. */
  #begin() {
    this.#sources = (this.states.length ? this.states : [""]).map((state) => new Source(state));
    this.#loading = null;
    Object.assign(this, { more: true, error: null });
  }

  /** Take from the sources what is newer than all that they have not loaded yet. */
  #take() {
    const sources = this.#sources;
    const until = sources.reduce((least, { more, oldest }) => (more && oldest > least ? oldest : least), "");
    for (const shown of sources.flatMap((source) => source.upTo(until))) {
      const job = keep(shown);
      if (!named(job, this.q)) this.#found.add(job.job_id);
      if (this.#has(job)) insert(this.ids, job.job_id);
    }
    this.#reached = until;
    this.more = sources.some((source) => source.more || source.items.length);
    for (const job of jobs.values()) this.put(job); // what was heard meanwhile, and is not in the server's answer
  }

  #has(job) {
    if (hidden.has(job.job_id) || job.state === "deleted") return false;
    return (!this.states.length || this.states.includes(job.state)) && this.#matches(job);
  }

  #matches(job) {
    return named(job, this.q) || this.#found.has(job.job_id);
  }

  drop(id) {
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

  async fill(q, limit) {
    if (!this.more || this.items.length) return;
    const wanted = { state: this.#state, q, cursor: this.#cursor };
    const given = Object.entries(wanted).filter(([, value]) => value);
    const page = await api("jobs", { query: { ...Object.fromEntries(given), include: "timeline", limit } });
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

/** Take in a job as it stands now, and as it was. */
export function put(job, before) {
  if (job.state === "deleted") forget(job.job_id);
  else jobs.set(job.job_id, job);
  for (const listing of listings) listing.put(job);
  if (before && before.state !== job.state) for (const listing of listings) listing.moved(job, before.state);
  repaint();
}

function forget(id) {
  jobs.delete(id);
  hidden.delete(id);
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

onSession((state) => {
  jobs.clear();
  hidden.clear();
  for (const listing of listings) {
    if (state === "in") listing.reload();
    else listing.reset();
  }
});
