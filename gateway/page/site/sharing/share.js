/** The panel of a job by which its audio, or the part that is cut, is handed on to people without an account. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { deed } from "../account/fetched.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { clock, word } from "../words.js";
import { linkRows } from "./links.js";

const HOUR = 3600;
/** Seconds that a link may be asked to live; the last one is as long as the server lets it. */
const LIVES = { hour: HOUR, day: 24 * HOUR, longest: null };

export class Share {
  isOpen = false;
  links = null;
  life = "longest";
  /** Whether the link is to the part that is cut. */
  isPart = false;
  making = deed();
  ending = deed();

  /** @param cut that of the job; null where its audio cannot be heard here */
  constructor(job, cut) {
    Object.assign(this, { job, cut, address: `jobs/${job.job_id}/links` });
  }

  /** Only the frames of an MP3 can be handed on in part; for that its video is not needed. */
  get takesParts() {
    return this.job.audio.format === "mp3" && !this.job.audio.parts;
  }

  get canPart() {
    return Boolean(this.cut?.range) && this.takesParts;
  }

  /** @param {boolean} isPart whether somebody came from the cut */
  open = async (isPart = false) => {
    Object.assign(this, { isOpen: true, isPart });
    repaint();
    await this.refresh();
    document.getElementById("share-title")?.focus();
  };

  close = () => {
    this.isOpen = false;
    this.making.reset();
    this.ending.reset();
    repaint();
  };

  /** Ask for the links again: one was made or ended, here or elsewhere. */
  refresh = () => (this.isOpen ? this.ending.run(async () => { this.links = (await api(this.address)).items; }) : null);

  make = (event) => {
    event.preventDefault();
    return this.making.run(async () => {
      const { from, to } = this.isPart && this.canPart ? this.cut.range : {};
      const json = { expires_in: LIVES[this.life], ...(to && { start: from, end: to }) };
      const made = await api(this.address, { method: "POST", json });
      this.links = [...(this.links ?? []).filter((each) => each.link_id !== made.link_id), made];
    });
  };

  end = ({ link_id: id }) =>
    this.ending.run(async () => {
      await api(`links/${encodeURIComponent(id)}`, { method: "DELETE" });
      this.links = this.links.filter((each) => each.link_id !== id);
    });
}

/** @param {Share} share */
export function sharePanel(share) {
  const { links, making, ending, canPart, cut } = share;
  return html`<section class="job-share" aria-labelledby="share-title">
    <h2 id="share-title" tabindex="-1">${word("sharing.title")}</h2>
    <p>${word("sharing.what")}</p>
    ${canPart ? html`<label class="share-choice"><input type="checkbox" .checked=${share.isPart} @change=${({ target }) => { share.isPart = target.checked; repaint(); }}>
      <span>${word("sharing.part", { from: clock(cut.range.from), to: clock(cut.range.to) })}</span></label>` : nothing}
    ${cut?.range && !canPart ? html`<p class="hint">${word("sharing.no_part")}</p>` : nothing}
    <form class="row" @submit=${share.make}>
      <label for="share-life">${word("sharing.life")}</label>
      <select id="share-life" @change=${({ target }) => { share.life = target.value; }}>
        ${Object.keys(LIVES).map((each) => html`<option value=${each} ?selected=${each === share.life}>${word(`sharing.life.${each}`)}</option>`)}
      </select>
      <button class="primary" ?disabled=${making.busy}>${word("sharing.make")}</button>
      <button type="button" class="plain" @click=${share.close}>${word("sharing.close")}</button>
    </form>
    ${making.alert()}
    ${ending.alert()}
    ${links?.length ? linkRows(links, { end: share.end, busy: ending.busy }) : nothing}
  </section>`;
}
