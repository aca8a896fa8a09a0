/** What is said in the audio: lines to read and to jump to, that follow what is heard. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { toast } from "../look/toasts.js";
import { icon } from "../look/icon.js";
import { repaint } from "../paint.js";
import { api, ask } from "../server/api.js";
import { styles } from "../styles.js";
import { clock, currentLanguage, word } from "../words.js";
import { lineAt, nextLine } from "./lines.js";

await styles(import.meta.url, "./transcript.css");

/** Media types by the ending of a file: the server looks at the text itself. */
const TYPES = { vtt: "text/vtt", srt: "application/x-subrip" };

export class Transcript {
  /** All transcripts of the job, the best first; null: nobody knows yet. */
  all = null;
  /** The one that is shown, and its lines as an element that nobody repaints. */
  chosen = null;
  element = null;
  problem = null;
  busy = false;
  #segments = [];
  #line = -1;
  #player;
  #address;

  constructor(address, player) {
    this.#address = `${address}/transcripts`;
    this.#player = player;
    for (const name of ["timeupdate", "seeked"]) player.element.addEventListener(name, this.#follow);
  }

  /** Ask which there are. One that is shown stays so while it is there. */
  async ask() {
    const { items } = await api(this.#address);
    this.all = items;
    if (!items.some(this.#isChosen)) await this.choose(items[0] ?? null);
    repaint();
  }

  async choose(one) {
    this.chosen = one;
    this.element = null;
    this.#segments = [];
    repaint();
    if (!one) return;
    const { segments } = await (await ask(`${this.#address}/${one.transcript_id}.json`)).json();
    if (!this.#isChosen(one)) return; // another was chosen meanwhile
    this.#segments = segments;
    this.element = this.#draw(one.language);
    this.#line = -1;
    this.#follow();
    repaint();
  }

  #isChosen = ({ transcript_id: id }) => id === this.chosen?.transcript_id;

  chooseById = (id) => this.#attempt(() => this.choose(this.all.find((each) => each.transcript_id === id)));

  /** Give the file as a transcript. @param {"audio" | "video"} of what its times are */
  give = (file, of) => this.#attempt(async () => {
    const type = TYPES[file.name.split(".").pop().toLowerCase()] ?? "text/plain";
    const given = await api(this.#address, { method: "POST", body: file, headers: { "Content-Type": type }, query: { of } });
    await this.choose(given);
    await this.ask();
  });

  remove = () => this.#attempt(async () => {
    await ask(`${this.#address}/${this.chosen.transcript_id}`, { method: "DELETE" });
    await this.ask();
    toast(word("job.words.removed"));
  });

  close() {
    for (const name of ["timeupdate", "seeked"]) this.#player.element.removeEventListener(name, this.#follow);
  }

  /** Do what a person has asked for, and say what went wrong. */
  async #attempt(deed) {
    this.busy = true;
    this.problem = null;
    repaint();
    try {
      await deed();
    } catch (problem) {
      this.problem = problem;
    }
    this.busy = false;
    repaint();
  }

  /** Mark the line that is heard, and keep it in sight while it plays, unless somebody reads elsewhere. */
  #follow = () => {
    const line = lineAt(this.#segments, this.#player.position);
    if (!this.element || line === this.#line) return;
    const [before, now] = [this.#line, line].map((at) => this.element.children[at]?.firstElementChild);
    before?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    this.#line = line;
    if (!now || this.element.matches(":hover, :focus-within")) return;
    this.#stop(now);
    const { offsetTop: top, offsetHeight: height } = now.parentElement;
    if (this.#player.playing) this.element.scrollTop = top - (this.element.clientHeight - height) / 2;
  };

  /** Ten thousand lines are painted once. One of them is a stop of the Tab key, arrows lead to the others. */
  #draw(language) {
    const list = document.createElement("ol");
    list.setAttribute("role", "list");
    list.className = "job-lines";
    list.lang = tagOf(language);
    list.append(...this.#segments.map(({ startTime, speaker, body }) => {
      const [item, button, time, text] = ["li", "button", "span", "bdi"].map((name) => document.createElement(name));
      button.className = "plain";
      button.tabIndex = -1;
      time.className = "number quiet";
      time.textContent = clock(startTime);
      text.textContent = body;
      if (speaker) text.prepend(Object.assign(document.createElement("b"), { textContent: `${speaker}: ` }));
      button.append(time, text);
      item.append(button);
      return item;
    }));
    if (list.firstElementChild) list.firstElementChild.firstElementChild.tabIndex = 0;
    list.addEventListener("click", (event) => {
      const at = placeOf(list, event.target);
      if (at >= 0) this.#player.seek(this.#segments[at].startTime);
    });
    list.addEventListener("keydown", (event) => {
      const to = nextLine(event.key, placeOf(list, event.target), this.#segments.length);
      if (to === null) return;
      event.preventDefault();
      const button = list.children[to].firstElementChild;
      this.#stop(button);
      button.focus();
    });
    return list;
  }

  #stop(button) {
    for (const each of this.element.querySelectorAll('[tabindex="0"]')) each.tabIndex = -1;
    button.tabIndex = 0;
  }
}

const placeOf = (list, target) => [...list.children].indexOf(target.closest("li"));

/** @param {Transcript} transcript @param {boolean} moved True if the audio's times are others than the video's */
export function transcriptPanel(transcript, moved) {
  const { all, chosen, element, problem, busy } = transcript;
  if (!all) return nothing;
  return html`<section class="job-words" aria-label=${word("job.words")} aria-busy=${busy}>
    ${chosen ? html`<div class="row apart">
      <h2>${word("job.words")}</h2>
      <div class="row">
        ${all.length > 1 ? html`<select aria-label=${word("job.words.which")} @change=${(event) => transcript.chooseById(event.target.value)}>
          ${all.map((each, at) => html`<option value=${each.transcript_id} .selected=${each.transcript_id === chosen.transcript_id}>${named(each, at)}</option>`)}
        </select>` : nothing}
        <a class="button" href=".${chosen.webvtt_url}" download aria-label=${word("job.words.download", { form: "WebVTT" })}>${icon("download")}WebVTT</a>
        <a class="button" href=".${chosen.subrip_url}" download aria-label=${word("job.words.download", { form: "SubRip" })}>${icon("download")}SubRip</a>
        ${chosen.given ? html`<button class="plain" ?disabled=${busy} @click=${transcript.remove}>${word("job.words.remove")}</button>` : nothing}
      </div>
    </div>` : nothing}
    ${element ?? nothing}
    ${problem ? html`<p class="notice bad" role="alert">${problem.message}</p>` : nothing}
    ${chosen?.given ? nothing : giving(transcript, moved)}
  </section>`;
}

function giving(transcript, moved) {
  const chosen = (event) => {
    const input = event.target;
    const isOfVideo = input.closest("form").elements.of?.checked;
    if (input.files[0]) transcript.give(input.files[0], isOfVideo ? "video" : "audio");
    input.value = "";
  };
  return html`<details class="job-give"><summary>${word("job.words.give")}</summary><form @submit=${(event) => event.preventDefault()}>
    <div class="row">
      <input id="words-file" type="file" aria-label=${word("job.words.give")} accept=".vtt,.srt,text/vtt,application/x-subrip" ?disabled=${transcript.busy} @change=${chosen}>
      ${moved ? html`<label class="job-of"><input type="checkbox" name="of" checked> ${word("job.words.of_video")}</label>` : nothing}
    </div>
    <p class="hint">${word("job.words.hint")}</p>
  </form></details>`;
}

/** A language as documents name it; empty: nobody knows it. */
function tagOf(language) {
  try {
    return language ? Intl.getCanonicalLocales(language)[0] : "";
  } catch {
    return "";
  }
}

/** The name of a transcript among several. */
function named({ language, title, given, forced }, at) {
  const tag = tagOf(language);
  const said = tag ? new Intl.DisplayNames(currentLanguage(), { type: "language" }).of(tag) : language;
  const told = [said, title, given ? word("job.words.given") : "", forced ? word("job.words.forced") : ""].filter(Boolean);
  return told.join(" · ") || word("job.words.track", { number: at + 1 });
}
