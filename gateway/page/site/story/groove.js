/**
 * The groove: the story as one line, and the needle on it. All lengths across are percentages, so that nothing has to be
 * measured to be drawn.
 */

import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { word } from "../words.js";
import { condition, exactly, filled, shortly } from "./telling.js";

const LINE = 70;
/** Pixels from the top to the line. */
const TIGHT = 0.065;
/** The least part of the line that has room for a length on a desk; for a sentence, or on a phone, it is `WIDE`. */
const WIDE = 0.2;
/** The least part of the line whose break has room for its length on a phone. */
const GAP = 0.13;
const KINDS = {
  "job.uploaded": "begin", "job.requeued": "begin", "job.converted": "good", "job.failed": "bad", "job.retrying": "again",
  "job.cancelled": "stop", "job.notified": "mail", "job.notification_failed": "mail", "job.notification_declined": "mail",
};

/**
 * Draw it. `place`: where the needle is, from 0 to 1; `station`: the index of the event before it; `time`: the moment.
 * `isPast`: the needle is not at now. `move`: what to do with a place that somebody points at, `step` with "back", "on",
 * "first", "now".
 */
export function groove({ stations, place, station, time, isPast, move, step }) {
  const begun = stations[0].time;
  const last = stations.at(-1);
  return html`<div class="groove" role="slider" tabindex="0" aria-label=${word("story.needle")}
      aria-valuemin="0" aria-valuemax=${seconds(last.time + last.lasts - begun)} aria-valuenow=${seconds(time - begun)}
      aria-valuetext=${isPast ? `${exactly(time)}, ${condition(stations[station])}` : `${word("story.now")}, ${condition(stations[station])}`}
      @keydown=${(event) => onKey(event, step)} @pointerdown=${(event) => onPointer(event, move)} @pointermove=${(event) => onPointer(event, move)}>
    <svg width="100%" height="112" aria-hidden="true" focusable="false">
      <defs><pattern id="groove-wave" width="16" height="20" y=${LINE - 10} patternUnits="userSpaceOnUse">
        <path d="M0 10q2-7 4 0t4 0q2-11 4 0t4 0" class="groove-wave"/></pattern></defs>
      ${stations.map(stretch)}
      ${isPast ? svg`<rect class="groove-later" x=${percent(place)} width=${percent(1 - place)} y=${LINE - 14} height="56"/>` : nothing}
      ${stations.map(tick)}
      <svg x=${percent(place)} class="groove-needle" overflow="visible">
        <path class="groove-arm" d="M20 16v12l-20 24v${LINE - 54}"/><circle cx="20" cy="14" r="5"/>
      </svg>
    </svg>
  </div>`;
}

function stretch(station) {
  const { at, until, doing, broken } = station;
  const middle = (at + until) / 2;
  const line = doing === "working"
    ? svg`<rect x=${percent(at)} width=${percent(until - at)} y=${LINE - 10} height="20" fill="url(#groove-wave)"/>`
    : svg`<line x1=${percent(at)} x2=${percent(until)} y1=${LINE} y2=${LINE} class="groove-stretch ${doing}"/>`;
  const gap = broken
    ? svg`<svg x=${percent(middle)} y=${LINE} overflow="visible" class="groove-break"><rect x="-6" y="-9" width="12" height="18"/>
        <path d="M-8 8l5-16M3 8l5-16"/></svg>` : nothing;
  return svg`${line}${gap}${labels(station, percent(middle), until - at)}`;
}

/** How long it lasted: above a break, else below, where there is room. */
function labels(station, middle, width) {
  const label = (text, kind, y) => svg`<text x=${middle} y=${y} text-anchor="middle" class="groove-label ${kind}">${text}</text>`;
  if (station.broken) return label(shortly(station.lasts), width < GAP ? "tight" : "", LINE - 18);
  if (station.lasts < 10 || width < TIGHT) return nothing;
  const short = label(shortly(station.lasts), width < WIDE ? "tight" : "short", LINE + 32);
  return width < WIDE ? short : svg`${short}${label(filled(station), "full", LINE + 32)}`;
}

function tick({ entry, at }) {
  const kind = KINDS[entry.type] ?? "step";
  const x = percent(at);
  if (kind === "mail")
    return svg`<svg x=${x} y=${LINE} overflow="visible" class="groove-tick mail"><rect x="-8" y="-6" width="16" height="12" rx="2"/><path d="M-8-4l8 6 8-6"/></svg>`;
  if (kind === "stop") return svg`<svg x=${x} y=${LINE} overflow="visible" class="groove-tick stop"><rect x="-6" y="-6" width="12" height="12" rx="1"/></svg>`;
  return svg`<circle cx=${x} cy=${LINE} r=${kind === "step" ? 3.5 : 6.5} class="groove-tick ${kind}"/>`;
}

function onPointer(event, move) {
  if (event.type === "pointerdown") {
    if (event.button) return;
    event.currentTarget.setPointerCapture(event.pointerId);
  } else if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
  const { left, width } = event.currentTarget.firstElementChild.getBoundingClientRect();
  move(Math.min(1, Math.max(0, (event.clientX - left) / width)), 8 / width);
}

const KEYS = {
  ArrowLeft: "back", ArrowDown: "back", ArrowRight: "on", ArrowUp: "on", Home: "first", End: "now",
};

function onKey(event, step) {
  if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  step(KEYS[event.key]);
}

function percent(part) {
  return `${(part * 100).toFixed(3)}%`;
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}
