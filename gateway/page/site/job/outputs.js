/** The other jobs of the same video. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { addressOf } from "../places.js";
import { clock, hasWord, word } from "../words.js";
import { said } from "./said.js";

/** @param jobs all jobs of the family, newest first */
export function outputs(job, jobs) {
  const others = jobs.filter((each) => each.job_id !== job.job_id);
  if (!others.length) return nothing;
  return html`<section class="job-outputs" aria-labelledby="outputs-title">
    <h2 id="outputs-title">${word("job.outputs")}</h2>
    <ul role="list">${repeat(others, (each) => each.job_id, (each) => html`
      <li data-job-id=${each.job_id} data-state=${each.state}>
        <a href=${addressOf("jobs", each.job_id)}>${said(each.options)}</a>
        <span class="quiet number">${each.audio && !each.audio.parts ? clock(each.audio.duration_seconds) : stateSaid(each.state)}</span>
      </li>`)}</ul>
  </section>`;
}

/** Says that a wish for another output was taken, with the way to it. `made`: the server's answer, null before. */
export function accepted(made, text) {
  return html`<div role="status">${made ? html`<p class="job-made">${text}
    <a href=${addressOf("jobs", made.job_id)}>${word("job.open")}</a></p>` : nothing}</div>`;
}

/** The state of a job in words. */
export function stateSaid(state) {
  return hasWord(`job.state.${state}`) ? word(`job.state.${state}`) : state;
}
