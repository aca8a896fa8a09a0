/** A cut of the audio: where it begins and ends, how it sounds, and the wish for it as another output of the video. */

import { html, noChange, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { accepted } from "./outputs.js";
import { moved } from "./strip.js";
import { exactly, inVideo, obstacle, spoken, typed } from "./times.js";

/** What is said of another output though the job did not: the account's own defaults count for what is not said. */
export const ORDINARY = {
  format: "mp3", quality: "", sample_rate: null, channels: "keep", start: 0, end: null, loudness: null, track: null, language: "",
  speed: 1, fade_in: 0, fade_out: 0, trim_silence: false, shorten_pauses: null, keep_tags: true, chapters: "keep", marks: "", cover: "none",
};
/** A cut has no fades at its ends, and keeps its silence. */
const ENDS = { fade_in: 0, fade_out: 0, trim_silence: false };

/** @param {{from: number, to: number}} cut @returns the options of an output that is this part of the job's audio */
function optionsOf(job, { from, to }) {
  const exact = (seconds) => Math.round(inVideo(job, seconds) * 1e6) / 1e6;
  return { ...ORDINARY, ...job.options, ...ENDS, start: exact(from), end: exact(to) };
}

export class Cut {
  /** `{from, to}` in seconds of the audio; null: there is none. */
  range = null;
  wrong = { from: false, to: false };
  problem = null;
  made = null;
  making = false;

  constructor(job, player, onMade) {
    Object.assign(this, { job, player, onMade });
  }

  move = (range) => {
    this.range = range;
    this.wrong = { from: false, to: false };
    this.problem = this.made = null;
    repaint();
  };

  /** Begin with a part around the position. */
  begin = () => {
    const { position, seconds } = this.player;
    const from = Math.floor(Math.min(position, Math.max(seconds - 1, 0)) * 10) / 10;
    this.move({ from, to: Math.min(from + Math.max(seconds / 4, 1), seconds) });
  };

  type(end, text) {
    this.wrong[end] = this.#isWrong(text);
    if (!this.wrong[end]) this.range = moved(this.range, end, typed(text), this.player.seconds);
    repaint();
  }

  /** A wrong time is being mended. Its message goes at once: later it would move a button that is being pressed. */
  mend(end, text) {
    if (!this.wrong[end] || this.#isWrong(text)) return;
    this.wrong[end] = false;
    repaint();
  }

  #isWrong(text) {
    const seconds = typed(text);
    return seconds === null || seconds > this.player.seconds + 0.1;
  }

  listen = () => this.player.play(this.range.from, this.range.to);

  make = async () => {
    if (this.making) return;
    this.making = true;
    this.problem = this.made = null;
    repaint();
    try {
      this.made = await api(`jobs/${this.job.job_id}/outputs`, { method: "POST", json: optionsOf(this.job, this.range) });
      this.onMade();
    } catch (problem) {
      this.problem = problem;
    }
    this.making = false;
    repaint();
  };
}

/** @param {Cut} cut @param {Share} share */
export function cutPanel(cut, share) {
  if (!cut.range) return nothing;
  const { from, to } = cut.range;
  return html`<section class="job-cut" aria-label=${word("job.cut")}>
    <h2>${word("job.cut")}</h2>
    <div class="row">
      ${end(cut, "from")} ${end(cut, "to")}
      <p class="quiet number job-cut-length">${word("job.cut_length", { length: spoken(to - from, 1) })}</p>
    </div>
    <div class="row">
      ${obstacle(cut.job) ? nothing : html`<button class="primary" ?disabled=${cut.making} @click=${cut.make}>${word("job.cut_make")}</button>`}
      <button @click=${cut.listen}>${word("job.cut_listen")}</button>
      ${share?.canPart ? html`<button @click=${() => share.open(true)}>${word("sharing.open_part")}</button>` : nothing}
      <button class="plain" @click=${() => cut.move(null)}>${word("job.cut_drop")}</button>
    </div>
    ${accepted(cut.made, word("job.cut_made"))}
    ${cut.problem ? html`<p class="wrong" role="alert">${cut.problem.message}</p>` : nothing}
  </section>`;
}

function end(cut, name) {
  const wrong = cut.wrong[name];
  const isTyped = wrong || document.activeElement?.id === `cut-${name}`;
  return html`<div class="job-cut-end">
    <label for="cut-${name}">${word(`job.cut_${name}`)}</label>
    <input id="cut-${name}" class="number" inputmode="decimal" autocomplete="off" .value=${isTyped ? noChange : live(exactly(cut.range[name]))}
      aria-invalid=${wrong} aria-describedby=${wrong ? `cut-${name}-wrong` : nothing} @input=${({ target }) => cut.mend(name, target.value)} @change=${({ target }) => cut.type(name, target.value)}>
    ${wrong ? html`<p class="wrong" id="cut-${name}-wrong">${word("job.cut_wrong", { longest: exactly(cut.player.seconds) })}</p>` : nothing}
  </div>`;
}
