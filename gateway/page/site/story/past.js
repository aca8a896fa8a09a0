/** A job as it was: asked from the gateway, which folds the log up to that event; then kept, as the past does not change. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { formatSaid } from "../jobs/saying.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { bytes, clock, hasWord, word } from "../words.js";

const PAUSE = 3000; // ms, before it is asked again what the gateway could not tell

export class Past {
  #jobs = new Map();
  #asked = new Set();

  constructor(jobId) {
    this.jobId = jobId;
  }

  /** The job as it was at this offset; undefined until the gateway has answered, when the page is painted again. */
  at(offset) {
    const key = String(offset);
    if (!this.#asked.has(key)) {
      this.#asked.add(key);
      api(`jobs/${this.jobId}`, { query: { at: key } }).then(
        (job) => this.#jobs.set(key, { job }),
        (problem) => {
          this.#jobs.set(key, { problem });
          if (!problem.status || problem.status >= 500) setTimeout(() => this.#askAgain(key), PAUSE);
        },
      ).finally(repaint);
    }
    return this.#jobs.get(key);
  }

  /** Ask again what may be told by now, if it is still to be shown. */
  #askAgain(key) {
    this.#asked.delete(key);
    repaint();
  }
}

/** What a job was: its file, options, audio, error. `job` is undefined while it is not known yet. */
export function whatItWas(job) {
  return html`<dl class="story-facts" aria-busy=${job ? nothing : "true"}>
    ${fact(word("story.file"), job && html`<bdi>${job.filename}</bdi> <span class="quiet">${job.video ? bytes(job.video.bytes) : nothing}</span>`)}
    ${fact(word("story.options"), job && options(job.options))}
    ${fact(word("story.audio"), job && audio(job))}
    ${job?.error ? fact(word("story.error"), html`<span class="wrong" lang="en">${job.error.message}</span>`) : nothing}
  </dl>`;
}

function fact(name, value) {
  return html`<div><dt>${name}</dt><dd>${value ?? html`<span class="quiet">…</span>`}</dd></div>`;
}

function audio({ audio: made }) {
  if (!made) return html`<span class="quiet">${word("story.no_audio")}</span>`;
  return html`${formatSaid(made.format)}, <span class="number">${clock(made.duration_seconds)}</span>, ${bytes(made.bytes)}
    ${made.partial ? html`<span class="quiet">${word("story.partial")}</span>` : nothing}`;
}

/** The options that were asked for, as names and values: "format opus, start 2". */
function options({ tags = {}, ...rest }) {
  const told = Object.entries({ format: "mp3", ...rest, ...tags })
    .filter(([name, value]) => value !== null && value !== false && !(name === "partial" && value === true));
  return html`<ul class="story-options" role="list">${told.map(([name, value]) => html`<li>
    <span class="quiet">${hasWord(`options.${name}`) ? word(`options.${name}`) : name.replaceAll("_", " ")}</span> <bdi>${value === true ? "✓" : value}</bdi></li>`)}</ul>`;
}
