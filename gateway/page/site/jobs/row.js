/** One job in the list: its name, its line, how it stands in words, and what can be done about it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { isDone } from "../log/standing.js";
import { repaint } from "../paint.js";
import { withPart } from "../parts.js";
import { addressOf } from "../places.js";
import { noteLost, onFound } from "../server/reach.js";
import { moment, word } from "../words.js";
import { groove } from "./groove.js";
import { notice, standing, stateWord } from "./saying.js";

/** The one button that helps where something went wrong, as soon as that is loaded. */
let helping = () => nothing;
const help = () => import("./remedies.js").then((remedies) => {
  helping = remedies.helping;
  repaint();
}, noteLost);
help();
onFound(help);

/** Do something to jobs: see `deeds.js`, which is loaded when something is first done. */
export const deed = (name, ...given) => withPart(import("./deeds.js"), (deeds) => deeds[name](...given));

/** @param {{job, index: number, total: number, gap: number, isSelected: boolean, select: Function, drop: Function}} row */
export function row({ job, index, total, gap, isSelected, select, drop }) {
  const { job_id: id, filename, state } = job;
  const told = notice(job);
  return html`<li class=${isSelected ? "job selected" : "job"} data-job-id=${id} data-state=${state}
      aria-setsize=${total ?? -1} aria-posinset=${index + 1} .style=${`--above: ${gap}px`}>
    <input type="checkbox" .checked=${isSelected} aria-label=${word("jobs.select", { name: filename })} @click=${select}>
    <div class="job-body">
      <div class="job-head"><a class="job-name" href=${addressOf("jobs", id)} dir="auto">${filename || word("jobs.nameless")}</a>
        <time class="job-time quiet" datetime=${job.created}>${moment(job.created)}</time></div>
      ${groove(job)}
      <div class="job-foot">
        <p class="job-told number"><span class="unseen">${stateWord(job)}: </span>${parts(standing(job))}${told ? html`<span class="job-notice">${told}</span>` : nothing}</p>
        <div class="job-ways">${ways(job, drop)}</div>
      </div>
    </div>
  </li>`;
}

const parts = (texts) => texts.map((text, at) => html`${at ? html`<span aria-hidden="true"> · </span>` : nothing}<span>${text}</span>`);

function ways(job, drop) {
  const { job_id: id, filename: name, audio } = job;
  const button = (key, deed, kind = "") => html`<button class=${kind} aria-label=${word("jobs.act", { act: word(key), name })} @click=${deed}>${word(key)}</button>`;
  if (!isDone(job)) return button("jobs.cancel", () => deed("cancel", [id]), "plain");
  const download = audio ? html`<a class="button" href=${`jobs/${id}/audio`} download aria-label=${word("jobs.act", { act: word("jobs.download"), name })}>${word("jobs.download")}</a>` : nothing;
  return html`${button("jobs.delete", drop, "plain")}${download}${helping(job, button)}`;
}
