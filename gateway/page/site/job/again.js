/** The same video once more, with other options: the form, which begins with those of this job. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { approved, chosen, openOptions, optionsForm, optionsState, reveal, showProblem } from "../options/form.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { accepted } from "./outputs.js";

export class Again {
  options = null;
  making = false;
  problem = null;
  made = null;
  #end = () => {};

  /** @param {number | null} seconds of the video, where they are known */
  constructor(job, seconds, onMade) {
    Object.assign(this, { job, seconds, onMade });
  }

  /** @param {string} [option] that is to be chosen first: its field gets the focus */
  open = (option = "") => {
    if (!this.options) {
      this.options = optionsState({ values: texts(this.job.options) });
      this.made = this.problem = null;
      this.#end = openOptions(this.options);
    }
    if (option) reveal(this.options, option);
    repaint();
  };

  close = () => {
    this.#end();
    this.options = null;
    repaint();
  };

  make = async (event) => {
    event.preventDefault();
    if (this.making) return;
    this.making = true;
    this.problem = this.made = null;
    repaint();
    try {
      if (await approved(this.options)) {
        this.made = await api(`jobs/${this.job.job_id}/outputs`, { method: "POST", json: chosen(this.options) });
        this.onMade();
      }
    } catch (problem) {
      if (!showProblem(this.options, problem)) this.problem = problem;
    }
    this.making = false;
    repaint();
  };
}

/** @param {Again} again */
export function againPanel(again) {
  if (!again.options) return nothing;
  return html`<form class="job-again" novalidate @submit=${again.make}>
    <h2>${word("job.again")}</h2>
    ${optionsForm(again.options, { seconds: again.seconds })}
    <div class="row">
      <button class="primary" ?disabled=${again.making}>${word("job.again_make")}</button>
      <button type="button" class="plain" @click=${again.close}>${word("job.again_drop")}</button>
    </div>
    ${accepted(again.made, word("job.again_made"))}
    ${again.problem ? html`<p class="wrong" role="alert">${again.problem.message}</p>` : nothing}
  </form>`;
}

/** The options of a job as the form has them: texts by name, tags beside the others. */
function texts({ tags = {}, ...options }) {
  const told = Object.entries({ ...options, ...tags }).filter(([name, value]) => value !== null && name !== "partial");
  return Object.fromEntries(told.map(([name, value]) => [name, String(value)]));
}
