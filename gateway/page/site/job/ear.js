/** Chapters by ear: the pauses of an audio are walked through, and where a chapter begins is kept for another output. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { styles } from "../styles.js";
import { clock, number, word } from "../words.js";
import { ORDINARY } from "./cut.js";
import { accepted } from "./outputs.js";
import { LENGTHS, isKept, marksOf, places, saved, shortestOf, toggled } from "./pauses.js";
import { exactly } from "./times.js";

await styles(import.meta.url, "./ear.css");

const BEFORE = 2;
const BEHIND = 4;
/** Seconds that are heard before and behind the end of a pause. */

export class Ear {
  dropped = new Set();
  /** Seconds that are left of a pause, if pauses are shortened. */
  longest = LENGTHS[0];
  current = 0;
  problem = null;
  made = null;
  making = false;

  /** @param {{pauses, seams}} found @param {{start: number, title: string}[]} chapters that the audio has already */
  constructor(job, player, found, chapters, onMade) {
    Object.assign(this, { job, player, found, onMade });
    this.all = places(found);
    this.shortest = shortestOf(this.all);
    this.chapters = chapters.map(({ start, title }) => ({ at: start, title }));
  }

  /** The places that are offered. */
  get places() {
    return this.all.filter(({ length, at }) => (length >= this.shortest && !this.dropped.has(at)) || isKept(this.chapters, at));
  }

  /** What the wave shows of them. */
  get marks() {
    const offered = this.places.map(({ at }, index) => ({ at, kept: isKept(this.chapters, at), current: index === this.current }));
    return [...offered, ...this.chapters.filter(({ at }) => at > 0 && !isKept(offered, at)).map(({ at }) => ({ at, kept: true, current: false }))];
  }

  choose = (shortest) => {
    const { at } = this.places[this.current] ?? { at: 0 };
    this.shortest = shortest;
    this.#go(this.places.findIndex((each) => each.at >= at));
  };

  /** Go to a place, and hear it. */
  walk = (index) => {
    this.#go(index);
    this.listen();
  };

  listen = () => {
    const here = this.places[this.current];
    if (here) this.player.play(Math.max(here.end - BEFORE, 0), Math.min(here.end + BEHIND, this.player.seconds));
  };

  /** A chapter begins at the current place, or does not any more. */
  keep = () => {
    const here = this.places[this.current];
    if (!here) return;
    const was = isKept(this.chapters, here.at);
    const chapters = this.chapters.length ? this.chapters : [{ at: 0, title: "" }]; // what comes before can be named, too
    this.#become(toggled(chapters, here.at));
    if (!was) this.walk(this.current + 1);
  };

  /** The current place is none for a chapter. */
  drop = () => {
    const here = this.places[this.current];
    if (!here) return;
    this.dropped.add(here.at);
    if (isKept(this.chapters, here.at)) this.#become(toggled(this.chapters, here.at));
    this.walk(this.current);
  };

  remove = (at) => {
    this.#become(toggled(this.chapters, at));
    this.#go(this.current);
  };

  name = (at, title) => this.#become(this.chapters.map((each) => (each.at === at ? { at, title } : each)));

  keepAs = (chapters) => this.#make({ marks: marksOf(this.job, this.chapters), chapters });

  shorten = () => this.#make({ shorten_pauses: this.longest });

  async #make(wanted) {
    if (this.making) return;
    this.making = true;
    this.problem = this.made = null;
    repaint();
    try {
      const options = { ...ORDINARY, ...this.job.options, ...wanted };
      this.made = await api(`jobs/${this.job.job_id}/outputs`, { method: "POST", json: options });
      this.onMade();
    } catch (problem) {
      this.problem = problem;
    }
    this.making = false;
    repaint();
  }

  #become(chapters) {
    this.chapters = chapters;
    this.problem = this.made = null;
    repaint();
  }

  #go(index) {
    this.current = Math.max(Math.min(index, this.places.length - 1), 0);
    repaint();
    requestAnimationFrame(() => intoView(document.querySelector(".ear-current")));
  }
}

/** @param {Ear} ear @param {() => void} close */
export function earPanel(ear, close) {
  return html`<section class="job-ear" aria-labelledby="ear-title">
    <h2 id="ear-title">${word("ear.title")}</h2>
    ${ear.all.length ? walk(ear) : html`<p class="quiet">${word("ear.none")}</p>`}
    ${ear.chapters.length ? chosen(ear) : nothing}
    <div class="row">
      <button class="primary" ?disabled=${ear.making || !ear.chapters.length} @click=${() => ear.keepAs("keep")}>${word("ear.keep")}</button>
      <button ?disabled=${ear.making || !ear.chapters.length} @click=${() => ear.keepAs("split")}>${word("ear.split")}</button>
      <button class="plain" @click=${close}>${word("job.cut_drop")}</button>
    </div>
    ${ear.job.options.shorten_pauses ? nothing : shorter(ear)}
    ${accepted(ear.made, word("ear.made"))}
    ${ear.problem ? html`<p class="wrong" role="alert">${ear.problem.message}</p>` : nothing}
  </section>`;
}

/** What it would save if pauses were shortened. */
function shorter(ear) {
  const length = saved(ear.found, ear.longest);
  if (saved(ear.found, LENGTHS[0]) < 1) return nothing;
  return html`<div class="row ear-shorter">
    <label class="ear-length">${word("ear.longest")}
      <select @change=${({ target }) => { ear.longest = LENGTHS[target.selectedIndex]; repaint(); }}>
        ${LENGTHS.map((each) => html`<option .selected=${live(each === ear.longest)}>${seconds(each)}</option>`)}
      </select></label>
    <p class="quiet number" role="status">${word("ear.saves", { length: clock(length) })}</p>
    <button ?disabled=${ear.making || length < 1} @click=${ear.shorten}>${word("ear.shorten")}</button>
  </div>`;
}

function walk(ear) {
  const { places, current } = ear;
  return html`<div class="row apart">
      <p class="ear-how quiet" id="ear-how">${word("ear.how")}</p>
      <label class="ear-length">${word("ear.shortest")}
        <select @change=${({ target }) => ear.choose(LENGTHS[target.selectedIndex])}>
          ${LENGTHS.map((each) => html`<option .selected=${live(each === ear.shortest)}>${seconds(each)}</option>`)}
        </select></label>
    </div>
    <ul class="ear-places" role="listbox" tabindex="0" aria-label=${word("ear.places", { count: places.length })} aria-describedby="ear-how"
      aria-activedescendant=${places.length ? `ear-place-${current}` : nothing} aria-multiselectable="true" @keydown=${(event) => keyed(event, ear)}>
      ${places.map((place, index) => option(ear, place, index))}
    </ul>
    <div class="row">
      <button @click=${ear.listen}>${word("ear.listen")}</button>
      <button @click=${ear.keep}>${word(isKept(ear.chapters, places[current]?.at ?? -1) ? "ear.not_here" : "ear.here")}</button>
      <button class="plain" @click=${ear.drop}>${word("ear.drop")}</button>
    </div>`;
}

function option(ear, { at, length }, index) {
  const isCurrent = index === ear.current;
  const kept = isKept(ear.chapters, at);
  return html`<li id="ear-place-${index}" role="option" aria-selected=${kept} class=${isCurrent ? "ear-current" : nothing} @click=${() => ear.walk(index)}>
    <span class="number">${exactly(at)}</span> <span class="quiet number">${word("ear.pause", { length: seconds(length) })}</span>
    ${kept ? html`<span class="ear-kept">${word("ear.begins")}</span>` : nothing}
  </li>`;
}

/** Scroll the list, and never the page. */
function intoView(element) {
  if (!element) return;
  const { offsetTop: top, offsetHeight: height, parentElement: list } = element;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
}

function chosen(ear) {
  return html`<ol class="ear-chapters" role="list" aria-label=${word("job.chapters")}>
    ${ear.chapters.map(({ at, title }, index) => html`<li class="row">
      <button class="plain number" @click=${() => ear.player.play(at)}>${exactly(at)}</button>
      <input aria-label=${word("ear.name", { time: exactly(at) })} placeholder=${word("job.chapter", { number: index + 1 })} maxlength="100" dir="auto"
        autocomplete="off" .value=${live(title)} @input=${({ target }) => ear.name(at, target.value)}>
      <button class="plain" aria-label=${word("ear.remove", { time: exactly(at) })} ?disabled=${at === 0} @click=${() => ear.remove(at)}>×</button>
    </li>`)}
  </ol>`;
}

function keyed(event, ear) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const deed = {
    ArrowDown: () => ear.walk(ear.current + 1), ArrowUp: () => ear.walk(ear.current - 1), Home: () => ear.walk(0),
    End: () => ear.walk(ear.places.length - 1), Enter: ear.keep, " ": ear.player.playing ? ear.player.toggle : ear.listen,
    Delete: ear.drop, Backspace: ear.drop,
  }[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

function seconds(value) {
  return number(value, { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 });
}
