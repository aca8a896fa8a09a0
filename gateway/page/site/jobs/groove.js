/**
 * A job as one thin line: what has happened are ticks on it, the conversion's progress is the needle.
 *
 * The line is a way and no clock: what comes before the conversion stands at its beginning, the conversion takes the
 * most of it, the end and what follows stand at its end. So the needle moves evenly, and many ticks at the beginning
 * show a job that had trouble.
 */

import { nothing, svg } from "../vendor/lit-html/lit-html.js";
import { isDone, percent, stateOf } from "../log/standing.js";

const [BEGUN, ENDED, LAST] = [14, 92, 100];
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function groove(job) {
  const { ticks, end } = marks(job);
  const done = isDone(job);
  const needle = done ? end : needleOf(job, ticks);
  return svg`<svg class="groove-thin" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <path class="groove-rest" d="M0 6H100"/>
    <path class="groove-done" d=${`M0 6H${needle}`}/>
    <path class="groove-ticks" d=${ticks.map((at) => `M${at} 2.5V9.5`).join("")}/>
    ${done ? nothing : svg`<path class="groove-point" d=${`M${needle} 6h.001`}/>`}
  </svg>`;
}

/** Where the events stand, from 0 to 100, and how far the line is drawn out when all is done. */
function marks({ timeline }) {
  const last = timeline.findLastIndex((entry) => ["converted", "failed", "cancelled"].includes(stateOf(entry)));
  const again = timeline.findLastIndex((entry) => entry.type === "job.requeued");
  const ended = last > again ? last : timeline.length;
  const after = timeline.length - ended - 1;
  const at = (place) => {
    if (place < ended) return (BEGUN * place) / Math.max(4, ended - 1);
    return place === ended ? ENDED : ENDED + ((LAST - ENDED) * (place - ended)) / Math.max(1, after);
  };
  const ticks = timeline.map((_, place) => Math.round(at(place) * 10) / 10);
  return { ticks, end: stateOf(timeline[last] ?? {}) === "converted" ? LAST : (ticks[last] ?? ticks.at(-1)) };
}

function needleOf(job, ticks) {
  const done = still.matches ? null : percent(job);
  const from = ticks.at(-1) ?? 0;
  return done === null ? from : Math.max(from, Math.round((BEGUN + ((ENDED - BEGUN) * done) / 100) * 10) / 10);
}
