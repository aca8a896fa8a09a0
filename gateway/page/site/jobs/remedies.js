/** What helps where a job has failed, by the failure's code: the one thing that a person can do about it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { addressOf } from "../places.js";
import { word } from "../words.js";
import { again } from "./deeds.js";

const OPTIONS = {
  track_missing: "track", only_silence: "track", out_of_range: "start", too_long: "start", unsupported_layout: "channels",
};
const AGAIN = new Set(["timed_out", "internal"]);

/**
 * @returns {{kind: "again"} | {kind: "part"} | {kind: "options", option: string} | null} "again": convert it once more;
 * "part": convert what is there of it; "options": with another value of an option. null: nothing helps.
 */
export function remedy(job) {
  if (job.video?.removed_at) return null;
  if (job.state === "cancelled") return { kind: "again" };
  if (job.state !== "failed") return null;
  const { code } = job.error ?? {};
  if (AGAIN.has(code)) return { kind: "again" };
  if (code === "truncated") return job.options.partial === false ? { kind: "part" } : null;
  return OPTIONS[code] ? { kind: "options", option: OPTIONS[code] } : null;
}

/** True for a job that the server takes for another run of the same. */
export function isRepeatable({ state, video }) {
  return (state === "failed" || state === "cancelled") && !video?.removed_at;
}

/**
 * The one button that helps, where something went wrong. `choose(option)` shows the form of options; without it the
 * button leads to the job's place, where the form is.
 */
export function helping(job, button, choose = null) {
  const { job_id: id, filename: name } = job;
  const help = remedy(job);
  switch (help?.kind) {
    case "again":
      return button("jobs.again", () => again([id]));
    case "part":
      return button("jobs.part", () => again([id], { partial: true }));
    case "options": {
      if (choose) return button(`jobs.other.${help.option}`, () => choose(help.option));
      const act = word(`jobs.other.${help.option}`);
      return html`<a class="button" href=${`${addressOf("jobs", id)}?options=${help.option}`} aria-label=${word("jobs.act", { act, name })}>${act}</a>`;
    }
    default:
      return nothing;
  }
}
