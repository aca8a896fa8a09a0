/** One job: its sound with the wave, chapters, a cut, other outputs of its video, its story. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { feed, onFeed } from "../log/feed.js";
import { again as repeat, cancel, remove } from "../jobs/deeds.js";
import { helping, isRepeatable, remedy } from "../jobs/remedies.js";
import { formatSaid } from "../jobs/saying.js";
import { jobs, keep } from "../log/jobs.js";
import { percent, progressed } from "../log/standing.js";
import { icon } from "../look/icon.js";
import { repaint } from "../paint.js";
import { go } from "../places.js";
import { api, ask } from "../server/api.js";
import { Share, sharePanel } from "../sharing/share.js";
import { story } from "../story/view.js";
import { styles } from "../styles.js";
import { bytes, clock, number, word } from "../words.js";
import { Again, againPanel } from "./again.js";
import { Answers } from "./answers.js";
import { chapterList, chapterAt } from "./chapters.js";
import { Cut, cutPanel } from "./cut.js";
import { outputs, stateSaid } from "./outputs.js";
import { readPeaks } from "./peaks.js";
import { Player } from "./player.js";
import { recording } from "./recording.js";
import { said } from "./said.js";
import { pressed, strip } from "./strip.js";
import { chaptersOf, isMoved, obstacle } from "./times.js";
import { Transcript, transcriptPanel } from "./transcript.js";

await styles(import.meta.url, "./view.css");

/** The job that is shown; null where none is. */
let here = null;

class Shown {
  job = null;
  problem = null;
  media = null;
  peaks = null;
  family = [];
  chapters = [];
  player = null;
  cut = null;
  words = null;
  again = null;
  share = null;
  /** Its pauses, and the seams of those that were shortened; null: not asked for. */
  found = null;
  ear = null;
  /** The newest message of how far the work is; null: none. */
  progress = null;
  #answers;
  /** The feed was live when the job was asked for: what happened since was heard. */
  #hears = false;
  #closings = [];

  /** @param {string | null} option that somebody came to choose otherwise, by the name in the address */
  constructor(id, option) {
    this.id = id;
    this.option = option;
    this.address = `jobs/${encodeURIComponent(id)}`;
    this.#answers = new Answers(this.address, (job) => this.#become(job), (problem) => this.#fail(problem));
  }

  /** Show the job, and follow what happens to it and to the others of its video. */
  open() {
    this.#closings.push(onFeed((message) => this.#heard(message)));
    this.#closings.push(story.open(this.id));
    this.#refresh();
  }

  close() {
    this.#answers.close();
    this.#closings.forEach((close) => close());
    this.again?.close();
    this.words?.close();
    this.player?.close();
  }

  /** Ask for the other outputs again: there is one more. */
  async askFamily() {
    try {
      const { items } = await api("jobs", { query: { family: this.job.family, include: "timeline", limit: 50 } });
      this.family = items.map(keep); // what is heard of them changes them from now on
      repaint();
    } catch (problem) {
      this.#fail(problem);
    }
  }

  /** Ask again for what could not be had. */
  tryAgain = () => {
    this.#refresh();
    if (this.job?.done) this.#complete();
  };

  /** Find chapters by ear. */
  openEar = async () => {
    try {
      const [{ Ear, earPanel }] = await Promise.all([import("./ear.js"), this.#listenFor()]);
      if (!this.player) return;
      this.earPanel = earPanel;
      this.ear = new Ear(this.job, this.player, this.found, this.chapters, () => this.askFamily());
      repaint();
      requestAnimationFrame(() => document.querySelector(".ear-places")?.focus());
    } catch (problem) {
      this.#fail(problem);
    }
  };

  closeEar = () => {
    this.ear = null;
    repaint();
  };

  #refresh() {
    this.problem = null;
    this.#hears = feed.live;
    this.#answers.ask();
  }

  #heard({ type, data, offset }) {
    if (type === "anew") this.#answers.anew();
    if (type === "progress" && data.job_id === this.id) {
      this.progress = progressed(this, data).progress;
      repaint();
    } else if (data?.subject === this.id) {
      this.problem = null;
      this.#answers.hear(data, offset);
      if (/^job\.(un)?linked$/.test(data.type)) this.share?.refresh();
      if (["job.transcript_added", "job.transcript_removed"].includes(data.type)) this.#read();
    } else if ((type === "anew" || (type === "live" && data)) && (this.problem || !this.job?.done || !this.#hears)) {
      this.tryAgain();
    } else if (this.job?.done && (data?.data?.family === this.job.family || this.family.some((each) => each.job_id === data?.subject))) {
      this.askFamily();
    }
  }

  #become(job) {
    const before = this.job;
    this.job = job;
    if (job.audio && before?.run === job.run) job.audio.seams = this.found?.seams;
    story.tell(job);
    if (before && before.run !== job.run) this.#silence();
    repaint();
    if (!job.done || (before?.done && before.run === job.run)) return;
    this.again?.close();
    this.again = job.video && !job.video.removed_at ? new Again(job, null, () => this.askFamily()) : null;
    if (this.option) this.again?.open(this.option);
    this.option = null;
    if (job.audio && !job.audio.parts) this.#hear(job);
    this.share = job.audio ? new Share(job, this.cut) : null;
    this.#complete();
  }

  /** Ask for what belongs to a job that is done. */
  #complete() {
    this.askFamily();
    this.#read();
    if (this.player && this.job.audio.peaks_url && !this.peaks) this.#draw(this.player).catch((problem) => this.#fail(problem));
    if (this.player && this.job.options.shorten_pauses && this.job.audio.pauses_url) this.#listenFor().catch((problem) => this.#fail(problem));
    if (this.job.timeline.some(({ type }) => type === "job.probed")) this.#see().catch((problem) => this.#fail(problem));
  }

  /** What could be heard was of another run. */
  #silence() {
    this.words?.close();
    this.player?.close();
    Object.assign(this, { player: null, cut: null, words: null, share: null, ear: null, found: null, peaks: null, chapters: [] });
  }

  #hear(job) {
    const { duration_seconds: seconds, media_type: type } = job.audio;
    this.player = new Player({ url: new URL(`${this.address}/audio`, document.baseURI).href, type, seconds });
    this.cut = new Cut(job, this.player, () => this.askFamily());
    this.words = new Transcript(this.address, this.player);
  }

  /** Look what is said in the audio. */
  #read() {
    this.words?.ask().catch((problem) => this.#fail(problem));
  }

  async #draw(player) {
    const peaks = readPeaks(await (await ask(`${this.address}/peaks`)).arrayBuffer());
    if (this.player === player) this.peaks = peaks; // else it is another run by now
    repaint();
  }

  /** Ask for the pauses: with them each second of the audio is found in the video. */
  async #listenFor() {
    const { player } = this;
    const found = this.found ?? await api(`${this.address}/pauses`);
    if (this.player !== player) return; // it is another run by now
    this.found = found;
    for (const { job } of [this, this.cut]) job.audio.seams = found.seams; // either may know the job from an earlier answer
    this.#place();
  }

  async #see() {
    this.media = await api(`${this.address}/media`);
    if (this.again) this.again.seconds = this.media.duration_seconds || null;
    this.#place();
  }

  #place() {
    if (this.job.audio) this.chapters = chaptersOf(this.job, this.media);
    repaint();
  }

  #fail(problem) {
    this.problem = problem;
    repaint();
  }
}

export const view = {
  open({ rest: [id = ""], query }) {
    const shown = new Shown(id, query.get("options"));
    here = shown;
    shown.open();
    document.addEventListener("keydown", keyed);
    return () => {
      document.removeEventListener("keydown", keyed);
      shown.close();
      if (here === shown) here = null;
    };
  },
  title: () => (here?.job ? nameOf(here.job) : ""),
  template() {
    const { job, problem, media, family, chapters, player, cut, words, again, share, ear, progress } = here ?? {};
    if (!job) return problem ? trouble(here) : nothing;
    return html`<article class="job-whole" data-job-id=${job.job_id} data-state=${job.state}>
      ${head(job, media)}
      ${job.done ? nothing : underWay({ ...job, progress })}
      ${problem ? trouble(here) : nothing}
      ${job.error ? html`<p class="notice bad">${job.error.message}</p>` : nothing}
      ${player ? playing(here) : nothing}
      ${deeds(here)}
      ${cut ? cutPanel(cut, share) : nothing}
      ${share?.isOpen ? sharePanel(share) : nothing}
      ${ear ? here.earPanel(ear, here.closeEar) : nothing}
      ${again ? againPanel(again) : nothing}
      ${player ? chapterList(chapters, player) : nothing}
      ${words ? transcriptPanel(words, isMoved(job)) : nothing}
      ${outputs(job, family.map((each) => jobs.get(each.job_id) ?? each))}
      ${recording(job, media)}
      ${story.template()}
    </article>`;
  },
};

function trouble({ problem, tryAgain }) {
  return html`<p class="notice bad" role="alert">${problem.message}</p><button @click=${tryAgain}>${word("frame.try_again")}</button>`;
}

const nameOf = ({ filename }) => filename || word("jobs.nameless");

function head(job, media) {
  const { job_id: id, audio, options, state, done } = job;
  const told = ["title", "artist", "album"].map((name) => options.tags?.[name] ?? tagOf(media, name)).filter(Boolean);
  return html`<header class="job-title">
    ${audio?.cover_url ? html`<img class="job-cover" src="./jobs/${id}/cover" alt="">` : nothing}
    <div>
      <h1><bdi>${nameOf(job)}</bdi></h1>
      ${told.length ? html`<p class="job-tags">${told.map((text, at) => html`${at ? " · " : nothing}<bdi>${text}</bdi>`)}</p>` : nothing}
      <p class="quiet">${done && audio ? html`${said(options)}${audio.parts ? nothing : html` · <span class="number">${clock(audio.duration_seconds)}</span>`} · <span class="number">${bytes(audio.bytes)}</span>${audio.seconds_saved >= 1 ? html` · <span class="number">${word("job.saved", { length: clock(Math.round(audio.seconds_saved)) })}</span>` : nothing}`
        : done ? stateSaid(state) : said(options)}</p>
      ${audio?.notice ? html`<p class="notice">${audio.notice}</p>` : nothing}
    </div>
  </header>`;
}

function playing({ job, peaks, chapters, player, cut, share, ear }) {
  if (!player.playable || player.broken)
    return html`<p class="notice" role=${player.broken ? "alert" : nothing}>${word(player.playable ? "job.broken" : "job.unplayable", { format: formatSaid(job.audio.format) })}</p>`;
  const scene = { peaks, seconds: player.seconds, ticks: chapters.map(({ start }) => start), cut: cut.range, player, marks: ear?.marks };
  return html`<section class="job-player" aria-label=${word("job.player")}>
    ${player.element}
    ${strip({ scene, cuttable: !obstacle(job) || share.takesParts, move: cut.move })}
    <div class="row apart">
      <button class="job-play primary" @click=${player.toggle}>${icon(player.playing ? "pause" : "play")}<span class="unseen">${word(player.playing ? "job.pause" : "job.play")}</span></button>
      <p class="job-now quiet"><bdi>${chapterAt(chapters, player.position)?.title ?? ""}</bdi></p>
      <p class="number job-clock"><span>${clock(player.position)}</span> <span class="quiet">/ ${clock(player.seconds)}</span></p>
    </div>
  </section>`;
}

function deeds({ job, cut, again, share, ear, openEar }) {
  const why = job.audio ? obstacle(job) : null;
  return html`<div class="row job-deeds">
    ${job.audio ? html`<a class="button" href="./jobs/${job.job_id}/audio" download>${icon("download")}${word("job.download", { size: bytes(job.audio.bytes) })}</a>` : nothing}
    ${share && !share.isOpen ? html`<button @click=${() => share.open()}>${icon("share-2")}${word("sharing.open")}</button>` : nothing}
    ${cut && (!why || share.takesParts) && !cut.range ? html`<button @click=${cut.begin}>${icon("scissors")}${word("job.cut_begin")}</button>` : nothing}
    ${cut && !why && job.audio.pauses_url && !ear ? html`<button @click=${openEar}>${icon("list-music")}${word("ear.open")}</button>` : nothing}
    ${job.done ? helping(job, button, again?.open) : button("jobs.cancel", () => cancel([job.job_id]))}
    ${isRepeatable(job) && remedy(job)?.kind !== "again" ? button("jobs.again", () => repeat([job.job_id])) : nothing}
    ${job.done && again && !again.options ? html`<button @click=${() => again.open()}>${icon("rotate-ccw")}${word("job.again")}</button>` : nothing}
    ${button("jobs.delete", () => leave(job), "plain")}
    ${why ? html`<p class="hint">${word(`job.no_cut.${why}`)}</p>` : nothing}
  </div>`;
}

const button = (key, deed, kind = "") => html`<button class=${kind} @click=${deed}>${word(key)}</button>`;

/** Delete the job. What it leaves is the list, where that can be undone. */
function leave(job) {
  keep(job);
  go("");
  remove([job.job_id]);
}

function underWay(job) {
  const state = stateSaid(job.state);
  const done = percent(job);
  return html`<div class="job-under-way">
    <progress aria-label=${state} max="100" value=${done ?? nothing}></progress>
    <p class="quiet number" role="status">${state}${done === null ? nothing : html` ${number(Math.floor(done) / 100, { style: "percent" })}`}</p>
  </div>`;
}

function tagOf(media, name) {
  return media?.tags?.find((tag) => tag.name.toLowerCase() === name)?.text;
}

/** Keys of the player, wherever the focus is, unless it is on something that needs them itself. */
function keyed(event) {
  if (!here?.player?.playable || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  const taken = event.target.closest("input, select, textarea, summary, a, button, pre, [role=slider]:not(.job-position)");
  if (!taken) pressed(event, here.player);
}
