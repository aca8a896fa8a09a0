/** The jobs that are selected, by their boxes, by a range with the Shift key or all that match; and what is done to them. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { isDone } from "../log/standing.js";
import { jobs } from "../log/jobs.js";
import { toast } from "../look/toasts.js";
import { repaint } from "../paint.js";
import { withPart } from "../parts.js";
import { styles } from "../styles.js";
import { word } from "../words.js";
import { again, cancel, remove } from "./deeds.js";
import { isRepeatable } from "./remedies.js";

const selected = new Set();
let last = null; // whose box was used last
let turn = 0; // goes up when nothing is selected any more
let otherwise = null; // the dialog for their options, while it is open

styles(import.meta.url, "./chosen.css");

export const chosen = {
  has: (id) => selected.has(id),
  clear() {
    selected.clear();
    turn += 1;
    repaint();
  },
  /** Select a job, or not; with `range` also all in the list between it and the one before. */
  set(id, is, list, range) {
    const [from, to] = [list.indexOf(last), list.indexOf(id)].sort((one, other) => one - other);
    for (const each of range && from >= 0 ? list.slice(from, to + 1) : [id]) {
      if (is) selected.add(each);
      else selected.delete(each);
    }
    last = id;
    repaint();
  },
  /** What can be done to those that are selected and still in the list. */
  bar(listing) {
    const ids = selected.size ? listing.ids.filter((id) => selected.has(id)) : [];
    if (!ids.length) return nothing;
    const videos = videosOf(ids);
    const those = (fits) => ids.filter((id) => fits(jobs.get(id)));
    const ready = those((job) => job.audio);
    const way = (key, some, press) => some.length ? html`<button @click=${press}>
      ${word(key)}${some.length < ids.length ? html` <span class="number">(${some.length})</span>` : nothing}</button>` : nothing;
    const act = (key, some, deed) => way(key, some, () => { deed(some); chosen.clear(); });
    return html`<div class="jobs-chosen" role="group" aria-label=${word("jobs.chosen", { count: ids.length })}>
      <p class="number" role="status">${word("jobs.chosen", { count: ids.length })}</p>
      ${ids.length < listing.total ? html`<button class="plain" @click=${() => selectAll(listing)}>${word("jobs.select_all", { count: listing.total })}</button>` : nothing}
      <button class="plain" @click=${chosen.clear}>${word("jobs.unselect")}</button>
      <div class="row">
        ${way("jobs.zip", ready.length > 1 ? ready : [], () => withPart(import("./zip.js"), (zip) => zip.download(ready, chosen.clear)))}
        ${act("jobs.cancel", those((job) => !isDone(job)), cancel)}
        ${act("jobs.again", those(isRepeatable), (some) => again(some))}
        ${way("jobs.otherwise", videos, () => choose(videos))}
        ${act("jobs.delete", ids, remove)}
      </div>
      ${otherwise?.template() ?? nothing}
    </div>`;
  },
};

/** Of each video that is there one job. */
function videosOf(ids) {
  const kept = ids.filter((id) => !jobs.get(id).video?.removed_at);
  return [...Map.groupBy(kept, (id) => jobs.get(id).family ?? id).values()].map(([id]) => id);
}

/** Ask with which options their videos are to be converted once more. */
async function choose(ids) {
  try {
    const { Otherwise } = await import("./otherwise.js");
    otherwise = new Otherwise(ids, chosen.clear, () => { otherwise = null; repaint(); });
  } catch (error) {
    console.warn(error);
    toast(word("problem.offline"), { bad: true });
  }
  repaint();
}

/** Select all that match, also those that are not loaded yet. */
async function selectAll(listing) {
  const take = () => listing.ids.forEach((id) => selected.add(id));
  const mine = turn;
  take();
  while (listing.more && !listing.error) {
    await listing.load(200);
    if (turn !== mine) return; // they were let go, or it was done to them
    take();
  }
  repaint();
}
