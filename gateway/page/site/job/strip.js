/** The strip of a sound: the wave, the position as a slider on it, and the two handles of a cut. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { word } from "../words.js";
import { spoken } from "./times.js";
import "./wave.js";

const DRAGGED = 6;
/** Pixels that a pointer moves before it draws a cut; less is a click. */
const STEP = 5;
const FINE = { small: 0.1, large: 1 };

/**
 * @param {{scene, label: string, cuttable: boolean, move: (cut: {from: number, to: number} | null) => void}} strip
 *   `scene` is that of `wave.js`; `move` is called as the handles move
 */
export function strip({ scene, cuttable, move }) {
  const { player, seconds, cut } = scene;
  const position = player.position;
  return html`<div class="job-strip">
    <tonearm-wave .scene=${scene}></tonearm-wave>
    <div class="job-position" role="slider" tabindex="0" aria-label=${word("job.position")}
      aria-valuemin="0" aria-valuemax=${Math.round(seconds)} aria-valuenow=${Math.round(position)}
      aria-valuetext=${word("job.position_of", { position: spoken(position), length: spoken(seconds) })}
      @pointerdown=${(event) => draw(event, scene, cuttable ? move : null)}></div>
    ${cut ? html`${handle("from", scene, move)}${handle("to", scene, move)}` : nothing}
  </div>`;
}

/** What a key does with the position. True if it does anything. */
export function pressed(event, player) {
  const seek = {
    ArrowLeft: player.position - STEP, ArrowRight: player.position + STEP, Home: 0, End: player.seconds,
  }[event.key];
  if (event.key === " ") player.toggle();
  else if (seek !== undefined) player.seek(seek);
  else return false;
  event.preventDefault();
  return true;
}

function handle(end, { cut, seconds }, move) {
  const value = cut[end];
  const put = (wanted) => move(moved(cut, end, wanted, seconds));
  return html`<div class="job-handle" data-end=${end} role="slider" tabindex="0" aria-label=${word(`job.cut_${end}`)}
    aria-valuemin="0" aria-valuemax=${seconds.toFixed(1)} aria-valuenow=${value.toFixed(1)} aria-valuetext=${spoken(value, 1)}
    ${ref((element) => element?.style.setProperty("--at", value / seconds))}
    @keydown=${(event) => {
      const step = event.shiftKey ? FINE.large : FINE.small;
      const wanted = { ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step, Home: 0, End: seconds }[event.key];
      if (wanted === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      put(wanted);
    }}
    @pointerdown=${(event) => follow(event, (at) => put(at * seconds))}></div>`;
}

/** The cut with one of its ends elsewhere: inside the sound, and at least a tenth of a second from the other end. */
export function moved(cut, end, wanted, seconds) {
  const put = tenths(wanted);
  const shortest = Math.min(0.1, seconds);
  return end === "from"
    ? { ...cut, from: Math.min(Math.max(put, 0), cut.to - shortest) }
    : { ...cut, to: Math.max(Math.min(put, seconds), cut.from + shortest) };
}

/** What is shown is what is made: ends of a cut are tenths of a second. */
function tenths(seconds) {
  return Math.round(seconds * 10) / 10;
}

/** A click goes to a place; a longer way draws a cut. */
function draw(event, { player, seconds }, move) {
  const begun = event.clientX;
  const from = place(event.currentTarget, begun) * seconds;
  let drawn = false;
  follow(event, (at, { clientX }) => {
    drawn ||= move !== null && Math.abs(clientX - begun) > DRAGGED;
    const [low, high] = [from, at * seconds].sort((a, b) => a - b).map(tenths);
    if (drawn && high > low) move({ from: low, to: Math.min(high, seconds) });
  }, (at) => drawn || player.seek(at * seconds));
}

/** Follow a pointer until it is let go: `moving` and `ended` get its place on the strip, from 0 to 1. */
function follow(event, moving, ended = () => {}) {
  if (event.button) return;
  const target = event.currentTarget;
  const ground = target.closest(".job-strip");
  const stop = new AbortController();
  target.setPointerCapture(event.pointerId);
  target.addEventListener("pointermove", (each) => moving(place(ground, each.clientX), each), { signal: stop.signal });
  target.addEventListener("pointerup", (each) => { stop.abort(); ended(place(ground, each.clientX)); }, { signal: stop.signal });
  target.addEventListener("pointercancel", () => stop.abort(), { signal: stop.signal });
}

function place(ground, x) {
  const { left, width } = ground.getBoundingClientRect();
  return Math.min(Math.max((x - left) / width, 0), 1);
}
