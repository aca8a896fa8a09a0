/**
 * What happens to the jobs of who is signed in, as it happens, in all tabs by one connection.
 *
 * A browser opens six connections to a server (HTTP/1.1), so one tab leads: it has the stream (`GET /events`), and
 * tells the others. Which one, Web Locks decide: when the leader is closed, the next one has the lock at once. Each
 * message names the place in the log that was told, so whoever leads next goes on there and nothing is missed.
 *
 * A tab that sleeps keeps its lock. So one that is seen asks from time to time, and takes the lead from who is silent.
 *
 * A page that came over plain HTTP has no locks. There each tab leads, and has a stream only while it is seen.
 */

import { locks } from "../server/locks.js";
import { findSession, onSession, session } from "../server/session.js";
import { become, feed, tell } from "./feed.js";
import { EVENT_TYPES } from "./fold.js";

const IMPORTS = ["import.requested", "import.failed", "import.cancelled"];
const TYPES = [...EVENT_TYPES, ...IMPORTS, "progress", "queue", "position"];
const SILENCE = 40_000; // ms: the server tells its position every 15 s
const ANSWER = 2500; // ms for a leader to answer
const LOOK_EVERY = 10_000;
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [500, 15_000];

const IS_ALONE = !navigator.locks;

let line = null;

/** This tab's line to the events of an account: it leads, or hears the tab that does. */
class Line {
  #name;
  #channel;
  #offset = null; // the last place in the log that was told
  #closed = new AbortController();
  #waits = new AbortController(); // for the lead
  #resign = null; // ends the lead; null: another tab leads
  #source = null;
  #heard = 0; // when the leader, or the server, was heard last
  #pause = 0;
  #timer = null;

  constructor(account) {
    this.#name = `tonearm.feed.${account}`;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    const { signal } = this.#closed;
    for (const type of ["online", "pageshow"]) addEventListener(type, () => this.#look(), { signal });
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    const looking = setInterval(() => this.#look(), LOOK_EVERY);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#stand();
    this.#channel.postMessage({ type: "hello" });
  }

  close() {
    this.#closed.abort();
    this.#waits.abort();
    this.#resign?.();
    this.#disconnect();
    this.#channel.close();
    become(false);
  }

  /** Lead as soon as nobody else does; with `steal` at once. */
  async #stand(steal = false) {
    this.#waits.abort();
    this.#waits = new AbortController();
    let led = false;
    const lead = () => {
      if (this.#closed.signal.aborted) return null;
      led = true;
      this.#connect();
      return new Promise((resolve) => (this.#resign = resolve));
    };
    try {
      await locks.request(this.#name, steal ? { steal } : { signal: this.#waits.signal }, lead);
    } catch (error) {
      if (error.name !== "AbortError") throw error; // it waits no more, or another tab took the lead
    }
    if (!led) return;
    this.#resign = null;
    this.#disconnect();
    if (!this.#closed.signal.aborted) this.#stand();
  }

  #connect() {
    this.#disconnect();
    if (IS_ALONE && document.hidden) return;
    const address = new URL("events", document.baseURI);
    if (this.#offset !== null) address.searchParams.set("after", this.#offset);
    this.#heard = Date.now();
    this.#source = new EventSource(address);
    for (const type of TYPES) this.#source.addEventListener(type, (event) => this.#told(event));
    this.#source.onerror = () => this.#again();
  }

  #disconnect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** The server has told something. */
  #told({ type, data: text, lastEventId }) {
    this.#heard = Date.now();
    this.#pause = 0;
    const data = JSON.parse(text);
    const offset = type === "progress" || type === "queue" || !lastEventId ? null : Number(lastEventId);
    const anew = type === "position" && this.#offset !== null && data.offset < this.#offset; // another log
    this.#say({ type: anew ? "anew" : type, data, offset });
    if (type === "position") this.#say({ type: "live", data: true });
  }

  /** Connect again after a pause. The session may have to be renewed before. */
  #again() {
    this.#disconnect();
    this.#say({ type: "live", data: false });
    this.#timer = setTimeout(() => this.#renew(), this.#pause);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || SHORTEST_PAUSE);
  }

  async #renew() {
    clearTimeout(this.#timer);
    try {
      await findSession();
    } catch {
      if (this.#resign && !this.#source) this.#again();
      return;
    }
    if (this.#resign && !this.#source && session.state === "in") this.#connect();
  }

  /** Tell all tabs, and this one. */
  #say(message) {
    const said = { offset: null, ...message };
    this.#take(said);
    this.#channel.postMessage({ ...said, upTo: this.#offset });
  }

  #hear(message) {
    if (message.type === "hello") {
      if (this.#resign) this.#say({ type: "live", data: feed.live });
    } else if (!this.#resign) { // else it is from one who led before, and has not noticed
      this.#heard = Date.now();
      this.#take(message);
      this.#offset = message.upTo;
    }
  }

  #take({ type, data, offset }) {
    if (offset !== null) this.#offset = type === "anew" ? offset : Math.max(offset, this.#offset ?? offset);
    if (type === "live") become(data);
    else if (type !== "position") tell({ type, data, offset });
  }

  /** See whether the leader, or the server, is still there. */
  #look() {
    if (this.#resign) {
      if (IS_ALONE && document.hidden) this.#disconnect();
      else if (!this.#source) this.#renew();
      else if (Date.now() - this.#heard > SILENCE) this.#again();
    } else if (document.visibilityState === "visible") {
      const asked = Date.now();
      this.#channel.postMessage({ type: "hello" });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        if (this.#heard < asked && !this.#resign && !this.#closed.signal.aborted) this.#stand(true);
      }, ANSWER);
    }
  }
}

function follow() {
  line?.close();
  line = session.state === "in" ? new Line(session.account) : null;
}

onSession(follow);
follow();
