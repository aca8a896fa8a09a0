/**
 * The story of a job: its line with the needle, the job as it was where the needle is, and the same in sentences.
 *
 * `story.open(jobId)` begins and returns how to end, `story.tell(job)` goes on with the job as it stands by now, and
 * `story.template()` draws it, below whatever else tells of the job.
 */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { guard } from "../vendor/lit-html/directives/guard.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { icon } from "../look/icon.js";
import { repaint } from "../paint.js";
import { styles } from "../styles.js";
import { word } from "../words.js";
import { groove } from "./groove.js";
import { indexAt, layOut, playing, snapped, timeAt } from "./line.js";
import { Past, whatItWas } from "./past.js";
import { rawEvents } from "./raw.js";
import { condition, dayOf, detail, exactly, filled, meaning, sentence, timeOfDay } from "./telling.js";

await styles(import.meta.url, "./view.css");

/** What is told now: null where no story is open. */
let told = null;

class Story {
  job = null;
  problem = null;
  stations = [];
  /** Where the needle is on the line; null: at now, and stays there. */
  place = null;
  raw = null;
  rate = 0;
  #playing = 0;
  #clock = 0;
  #leaving = new AbortController();

  constructor(jobId) {
    this.jobId = jobId;
    this.past = new Past(jobId);
  }

  /** Tell of the job as it stands now. */
  tell(job) {
    this.job = job;
    this.#layOut();
  }

  /** Lay the line out again; while the job is under way, again each second. */
  #layOut() {
    clearTimeout(this.#clock);
    if (this.job?.timeline.length) {
      const kept = this.place === null ? null : this.time;
      this.stations = layOut(this.job.timeline, { now: Date.now(), done: this.job.done });
      if (kept !== null) this.place = this.#placeOf(kept);
      if (!this.job.done) this.#clock = setTimeout(() => this.#layOut(), 1000);
    }
    repaint();
  }

  #placeOf(time) {
    const index = Math.max(0, this.stations.findLastIndex((each) => each.time <= time));
    const { at, until, time: begun, lasts } = this.stations[index];
    return at + (lasts ? Math.min(1, (time - begun) / lasts) * (until - at) : 0);
  }

  get isPast() {
    return this.place !== null;
  }

  get index() {
    return this.isPast ? indexAt(this.stations, this.place) : this.stations.length - 1;
  }

  get time() {
    return this.isPast ? timeAt(this.stations, this.place) : Date.now();
  }

  /** Put the needle at a place on the line. At its end it is at now. */
  put(place) {
    const end = this.job.done ? this.stations.at(-1).at : 1;
    this.place = place > end || (place >= end && !this.job.done) ? null : place;
    repaint();
  }

  move = (place, reach) => {
    this.stop();
    this.put(snapped(this.stations, place, reach));
  };

  step = (way) => {
    this.stop();
    const { index, stations } = this;
    if (way === "now" || (way === "on" && index === stations.length - 1)) this.place = null;
    else if (way === "first") this.place = 0;
    else if (way === "on") this.place = stations[index + 1].at;
    else this.place = stations[this.isPast && this.place === stations[index].at ? Math.max(0, index - 1) : index].at;
    repaint();
  };

  back = () => {
    this.stop();
    this.place = null;
    repaint();
  };

  /** Play from where the needle is, or from the beginning. Who wants no motion is led from event to event. */
  play = () => {
    if (this.#playing) return this.stop();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!this.isPast) this.place = 0;
    let last = performance.now();
    const on = (now) => {
      const { rate, lengths } = playing(this.stations); // there may be more of them by now
      const index = this.index;
      const { at, until } = this.stations[index];
      this.rate = rate;
      const passed = now - last;
      if (still && passed < Math.max(1200, lengths[index])) return this.#next(on);
      last = now;
      const place = still ? until : this.place + (until - at) * (passed / lengths[index]);
      this.put(Math.min(place, until));
      if (this.isPast && !(this.job.done && index === this.stations.length - 1)) this.#next(on);
      else this.back();
    };
    this.#next(on);
    repaint();
  };

  #next(on) {
    this.#playing = requestAnimationFrame(on);
  }

  get isPlaying() {
    return this.#playing !== 0;
  }

  stop() {
    cancelAnimationFrame(this.#playing);
    this.#playing = 0;
    repaint();
  }

  close() {
    this.stop();
    this.#leaving.abort();
    clearTimeout(this.#clock);
  }

  /** Bring the events as the log has them, once for all of them. */
  showRaw() {
    if (this.raw && this.job.timeline.every(({ id }) => this.raw.has(id))) return;
    this.raw ??= new Map();
    this.problem = null;
    rawEvents(this.job, this.#leaving.signal).then(
      (found) => { this.raw = found; repaint(); },
      (problem) => { this.raw = null; this.problem = problem; repaint(); },
    );
  }
}

export const story = {
  /** Begin to tell of a job. Returns how to end. */
  open(jobId) {
    const opened = new Story(jobId);
    told = opened;
    return () => {
      opened.close();
      if (told === opened) told = null;
    };
  },

  /** Something has happened to the job. */
  tell(job) {
    told?.tell(job);
  },

  template() {
    if (!told?.stations.length) return nothing;
    return html`<section class="story" aria-labelledby="story-title">
      <div class="row apart"><h2 id="story-title">${word("story.title")}</h2>${played(told)}</div>
      ${groove({ stations: told.stations, place: told.place ?? 1, station: told.index, time: told.time, isPast: told.isPast, move: told.move, step: told.step })}
      ${then(told)}
      ${list(told)}
      ${told.problem ? html`<p class="wrong" role="alert">${told.problem.message}</p>` : nothing}
    </section>`;
  },
};

function played({ isPlaying, play, rate }) {
  return html`<div class="row">
    ${isPlaying && rate > 1.05 ? html`<span class="quiet">${word("story.rate", { rate: Math.round(rate) })}</span>` : nothing}
    <button class="story-play" @click=${play}>${icon(isPlaying ? "pause" : "play")}${word(isPlaying ? "story.pause" : "story.play")}</button>
  </div>`;
}

/** The job where the needle is. */
function then({ isPast, index, stations, time, job, past, back }) {
  const found = isPast ? past.at(stations[index].entry.offset) : { job };
  const known = found?.job;
  const shown = isPast && known ? { ...known, state: known.state } : stations[index];
  return html`<div class="story-then" ?data-past=${isPast} data-state=${shown.state}>
    <div class="row apart">
      <p class="story-when">${isPast ? word("story.as_it_was", { time: exactly(time) }) : word("story.as_it_is")}</p>
      ${isPast ? html`<button class="plain" @click=${back}>${word("story.back")}</button>`
        : html`<span class="quiet story-hint">${word("story.hint")}</span>`}
    </div>
    <p class="story-state">${condition(shown)}</p>
    ${found?.problem ? html`<p class="wrong" role="alert">${found.problem.message}</p>` : whatItWas(known)}
  </div>`;
}

/** The same in sentences, one for each event. */
function list(here) {
  const { stations, index, isPast } = here;
  return html`<ol class="story-events" role="list">
    ${repeat(stations, ({ entry }) => entry.id, (station, at) => html`
      <li class=${station.doing} data-type=${station.entry.type} aria-current=${isPast && at === index ? "step" : nothing} ?data-later=${isPast && at > index}>
        ${day(station.time, stations[at - 1]?.time)}
        <time class="quiet number" datetime=${station.entry.time}>${timeOfDay(station.time)}</time>
        <div>
          <button class="plain story-event" title=${word("story.show")} @click=${() => { here.stop(); here.put(station.at); }}>${sentence(station.entry)}</button>
          <p class="quiet">${meaning(station.entry)}</p>
          ${detail(station.entry) ? html`<p class="story-note" lang="en"><bdi>${detail(station.entry)}</bdi></p>` : nothing}
          <details @toggle=${({ target }) => target.open && here.showRaw()}>
            <summary class="quiet">${word("story.raw", { offset: String(station.entry.offset) })}</summary>
            <pre tabindex="0">${json(here.raw?.get(station.entry.id) ?? station.entry)}</pre>
          </details>
          ${station.lasts >= 10 ? html`<p class="story-gap">${filled(station)}</p>` : nothing}
        </div>
      </li>`)}
  </ol>`;
}

/** An event as it stands in the log, written anew only when there is more of it: most of them are closed. */
const json = (event) => guard([event], () => JSON.stringify(event, null, 2));

function day(time, before) {
  const text = dayOf(time, before);
  return text ? html`<p class="story-day quiet">${text}</p>` : nothing;
}
