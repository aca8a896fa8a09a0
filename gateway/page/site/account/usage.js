/** What the account uses, against its limits. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { bytes, moment, number, span, word } from "../words.js";
import { fetched } from "./fetched.js";

const SHOWN = { bytes_stored: bytes, audio_seconds: span, jobs_today: number, jobs_open: number };
const used = fetched("usage");

export const usage = {
  open: used.load,
  close: used.forget,
  template: () => used.shown((value) => html`
    <dl class="usage">${Object.entries(SHOWN).map(([name, written]) => row(name, written, value))}</dl>
    <p class="hint">${word("account.usage.resets", { time: moment(value.resets) })}</p>`),
};

function row(name, written, value) {
  const limit = value.limits[name] ?? null;
  const text = limit === null
    ? written(value[name])
    : word("account.usage.of", { used: written(value[name]), limit: written(limit) });
  const isFull = limit !== null && value[name] >= limit;
  return html`<div>
    <dt id="usage-${name}">${word(`account.usage.${name}`)}</dt>
    <dd class="number ${isFull ? "wrong" : ""}">${text}</dd>
    ${limit === null ? nothing : html`<dd class="bar">
      <progress aria-labelledby="usage-${name}" max=${limit || 1} value=${Math.min(value[name], limit || 1)}></progress></dd>`}
  </div>`;
}
