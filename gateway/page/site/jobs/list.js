/** The jobs of an account. */

import { html } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";

let jobs = [];

export const jobList = {
  open() {
    api("jobs").then(({ items }) => { jobs = items; repaint(); }, () => {});
    return () => {};
  },
  template: () => html`<ul role="list">
    ${repeat(jobs, (job) => job.job_id, (job) => html`
      <li data-job-id=${job.job_id} data-state=${job.state}><bdi>${job.filename}</bdi></li>`)}
  </ul>`,
};
