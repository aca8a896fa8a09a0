/**
 * A small plot over time. A slider lies over it, so that arrow keys, a finger, a mouse and a screen reader all read a
 * value in the same way; the same numbers stand in a table.
 *
 * A plot is `{ key, title, unit(value) → text, lines: [{ name, values }] }`; a value that is null is a gap.
 */

import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { moment, word } from "../words.js";
import { ceiling, HEIGHT, path, WIDTH } from "./scale.js";

const ROWS = 60;

/** By the key of a plot: the point that is read, and whether its table is open. */
const reading = new Map();
const open = new Set();

/** The last point that is known of any line. */
function latest(lines) {
  for (let at = lines[0].values.length - 1; at >= 0; at--)
    if (lines.some(({ values }) => values[at] !== null)) return at;
  return lines[0].values.length - 1;
}

function say(lines, at, unit) {
  const told = lines.filter(({ values }) => values[at] !== null);
  if (!told.length) return word("admin.plot.gap");
  return told.map(({ name, values }) => (name ? `${name} ${unit(values[at])}` : unit(values[at]))).join(", ");
}

/** The plot of a key at these times; `note(at)` adds words to the reading of a point. */
export function plot({ key, title, unit, lines, note }, times) {
  const count = times.length;
  const at = Math.min(reading.get(key) ?? latest(lines), count - 1);
  const top = ceiling(lines.flatMap(({ values }) => values));
  const told = [say(lines, at, unit), note?.(at)].filter(Boolean).join(": ");
  const read = (index) => {
    reading.set(key, Math.max(0, Math.min(count - 1, index)));
    repaint();
  };
  const left = () => { reading.delete(key); repaint(); };
  const across = ((count > 1 ? at / (count - 1) : 0.5) * WIDTH).toFixed(1);
  return html`<figure class="plot" data-plot=${key}>
    <figcaption><strong>${title}</strong>
      <span class="quiet number">${moment(times[at])} · ${told}</span></figcaption>
    <div class="plot-area">
      <svg viewBox="0 -4 ${WIDTH} ${HEIGHT + 8}" preserveAspectRatio="none" aria-hidden="true">
        <path class="plot-ground" d="M0 ${HEIGHT}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 0H${WIDTH}"></path>
        ${lines.map(({ values }, nth) => svg`<path class="plot-line plot-${nth}" d=${path(values, top)}></path>`)}
        ${reading.has(key) ? svg`<path class="plot-needle" d="M${across} 0V${HEIGHT}"></path>` : nothing}
      </svg>
      <span class="plot-top number" aria-hidden="true">${unit(top)}</span>
      <input type="range" min="0" max=${count - 1} .value=${String(at)} aria-label=${title}
        aria-valuetext="${moment(times[at])}: ${told}"
        @input=${({ target }) => read(Number(target.value))} @blur=${left} @pointerleave=${left}
        @pointermove=${(event) => read(Math.round((event.offsetX / event.target.clientWidth) * (count - 1)))}>
    </div>
    <div class="plot-foot number" aria-hidden="true"><span>${moment(times[0])}</span><span>${moment(times[count - 1])}</span></div>
    ${lines.length > 1 ? html`<ul role="list" class="plot-names">${lines.map(({ name }, nth) =>
      html`<li><span class="plot-mark plot-${nth}"></span>${name}</li>`)}</ul>` : nothing}
    <details @toggle=${({ target }) => { open[target.open ? "add" : "delete"](key); repaint(); }}>
      <summary class="quiet">${word("admin.plot.table")}</summary>
      ${open.has(key) ? table(title, lines, times, unit) : nothing}</details>
  </figure>`;
}

/** The numbers, newest first; of many points those with a number that is not the one before. */
function table(title, lines, times, unit) {
  const row = (at) => lines.map(({ values }) => (values[at] === null ? "–" : unit(values[at])));
  const all = times.map((_, at) => at).reverse();
  const changes = all.filter((at) => at === times.length - 1 || row(at).join() !== row(at + 1).join());
  return html`<table><caption class="unseen">${title}</caption>
    <thead><tr><th scope="col">${word("admin.plot.time")}</th>${lines.map(({ name }) => html`<th scope="col">${name || title}</th>`)}</tr></thead>
    <tbody>${changes.slice(0, ROWS).map((at) => html`<tr><th scope="row" class="number">${moment(times[at])}</th>
      ${row(at).map((text) => html`<td class="number">${text}</td>`)}</tr>`)}</tbody></table>`;
}
