/**
 * What the server says of one job. An answer may be of a replica that has read less of the log than the one that told
 * of an event: it must not take the place of a later one, and there may be no more events. So it is asked again.
 */

import { lastOffset } from "../log/standing.js";
import { api } from "../server/api.js";

const PAUSE = 1000; // ms

export class Answers {
  #address;
  #take;
  #fail;
  #asking = new AbortController();
  #timer = 0;
  /** How far into the log the last answer went, and the last event that was heard, with its offset. */
  #reached = -1;
  #heard = { id: null, offset: -1 };

  /** Answers are handed to `take(job)`, each as late in the log as the one before it; problems to `fail(problem)`. */
  constructor(address, take, fail) {
    this.#address = address;
    this.#take = take;
    this.#fail = fail;
  }

  /** Ask, and again until the answer holds all that is known to have happened. An earlier question is dropped. */
  async ask() {
    this.close();
    const { signal } = (this.#asking = new AbortController());
    try {
      const job = await api(this.#address, { signal });
      if (signal.aborted) return;
      const isOld = lastOffset(job) < this.#reached;
      if (isOld || this.#isLacking(job)) this.#timer = setTimeout(() => this.ask(), PAUSE);
      if (isOld) return;
      this.#reached = lastOffset(job);
      this.#take(job);
    } catch (problem) {
      if (!signal.aborted) this.#fail(problem);
    }
  }

  /** An event of the job was heard: ask for what it has become. */
  hear({ id }, offset) {
    if (offset > this.#heard.offset) this.#heard = { id, offset };
    this.ask();
  }

  /** There is another log: offsets of the old one mean nothing. */
  anew() {
    this.#reached = -1;
    this.#heard = { id: null, offset: -1 };
  }

  close() {
    this.#asking.abort();
    clearTimeout(this.#timer);
  }

  /** Of an event that the log holds twice a job has the first one, so a lower offset is not enough. */
  #isLacking({ timeline }) {
    const { id, offset } = this.#heard;
    return lastOffset({ timeline }) < offset && !timeline.some((each) => each.id === id);
  }
}
