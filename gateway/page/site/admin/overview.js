/** How the system is: what needs somebody, numbers over time, queues, and the workers with what they do. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { api } from "../server/api.js";
import { hasWord, moment, number, span, word } from "../words.js";
import { plot } from "./plot.js";

const LOOK_EVERY = 3000;
const PLOT_EVERY = 60000;
const CHOSEN = "tonearm.admin.span";
const HOUR = 3600;
const SECONDS = { style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 };
const SPANS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR };

let now = null;
let past = null;
let trouble = null; // with how it is now
let gap = null; // trouble with how it was
let chosen = localStorage.getItem(CHOSEN) ?? "day";
let isOpen = false;
let isLooking = false;
let timers = [];

export const overview = {
  open() {
    isOpen = true;
    const looking = () => document.hidden || look();
    timers = [setInterval(looking, LOOK_EVERY), setInterval(() => document.hidden || lookBack(), PLOT_EVERY)];
    look();
    lookBack();
    return () => {
      isOpen = false;
      timers.forEach(clearInterval);
    };
  },
  template: () => html`
    ${[trouble, gap].map((each) => each && html`<p class="notice bad" role="alert">${each.message}</p>`)}
    ${now ? html`${needs(now)} ${workers(now)} ${queues(now)}` : nothing}
    ${past ? plots(past) : nothing}`,
};

async function look() {
  if (isLooking) return;
  isLooking = true;
  try {
    now = await api("admin/overview");
    trouble = null;
  } catch (problem) {
    trouble = problem;
  }
  isLooking = false;
  if (isOpen) repaint();
}

async function lookBack() {
  const since = new Date(Date.now() - (SPANS[chosen] ?? SPANS.day) * 1000).toISOString();
  try {
    past = await api("admin/history", { query: { since } });
    gap = null;
  } catch (problem) {
    gap = problem;
  }
  if (isOpen) repaint();
}

/** What needs somebody, each a sentence; or that nothing does. */
function needs({ log, queues, workers, jobs }) {
  const parked = (queues ?? []).reduce((sum, each) => sum + each.parked, 0);
  const converters = workers.filter(({ kind }) => kind === "converter").length;
  const told = [
    log.trouble && word("admin.need.log", { why: log.trouble }),
    queues === null && word("admin.need.broker"),
    !converters && word("admin.need.converter"),
    log.waiting_seconds > 30 && word("admin.need.behind", { time: span(log.waiting_seconds) }),
    parked && html`${word("admin.need.parked", { count: parked })} <a href="#/admin/parked">${word("admin.need.see")}</a>`,
  ].filter(Boolean);
  const counts = Object.entries(jobs ?? {});
  return html`${told.length ? told.map((each) => html`<p class="notice bad">${each}</p>`)
    : html`<p class="notice">${word("admin.need.nothing")}</p>`}
    <ul role="list" class="admin-counts">${counts.map(([state, count]) => html`<li>
      <a href="${addressOf("admin", "jobs")}?state=${state}"><strong class="number">${number(count)}</strong> ${stateWord(state)}</a></li>`)}</ul>`;
}

export function stateWord(state) {
  const key = `admin.state.${state}`;
  return hasWord(key) ? word(key) : state;
}

export function queueWord(name) {
  const key = `admin.queue.${name}`;
  return hasWord(key) ? word(key) : name;
}

function workers({ workers, listening_since: since }) {
  return html`<section aria-labelledby="admin-workers"><h2 id="admin-workers">${word("admin.workers")}</h2>
    ${workers.length ? nothing : html`<p class="quiet">${word(since ? "admin.workers.none" : "admin.workers.unheard")}</p>`}
    <ul role="list" class="admin-list">${workers.map(worker)}</ul></section>`;
}

function worker({ name, kind, version, slots, working_on: works }) {
  return html`<li data-worker=${name}>
    <div class="row apart"><span><strong>${queueWord(kind)}</strong> <code>${name}</code></span>
      <span class="quiet number">${word("admin.worker.busy", { busy: works.length, count: slots })} · ${version}</span></div>
    ${works.map((work) => html`<div class="admin-work">
      <span class="row apart"><a href=${work.queue === "letters" ? `#/admin/accounts?q=${work.subject}` : `#/admin/jobs?job=${work.subject}`}><code>${short(work.subject)}</code></a>
        <span class="quiet number">${queueWord(work.queue)} · ${span((Date.now() - new Date(work.since)) / 1000)}${
          work.percent === null ? "" : ` · ${number(work.percent / 100, { style: "percent" })}`}</span></span>
      <progress max="100" .value=${work.percent ?? 0} aria-label=${word("admin.worker.progress", { job: short(work.subject) })}
        ?hidden=${work.percent === null}></progress></div>`)}
  </li>`;
}

/** The part of an id that people can tell apart: its end, which chance has made. */
export function short(id) {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}

function queues({ queues, log }) {
  if (!queues) return nothing;
  return html`<section aria-labelledby="admin-queues"><h2 id="admin-queues">${word("admin.queues")}</h2>
    <div class="admin-wide" tabindex="0" role="group" aria-labelledby="admin-queues"><table><thead><tr><th scope="col">${word("admin.queues.name")}</th>
      ${["waiting", "retrying", "parked", "idle"].map((each) => html`<th scope="col" class="admin-amount">${word(`admin.queues.${each}`)}</th>`)}</tr></thead>
      <tbody>${queues.map((each) => html`<tr><th scope="row">${queueWord(each.name)}</th>
        ${[each.waiting ?? 0, each.retrying, each.parked, each.idle_workers].map((count) => html`<td class="number admin-amount">${number(count)}</td>`)}</tr>`)}</tbody></table></div>
    <p class="hint">${word("admin.log.place", { last: String(log.last ?? "–"), projected: String(log.projected) })}</p></section>`;
}

function plots({ points }) {
  const times = points.map(({ at }) => at);
  const done = (pick) => points.map((point) => (point.done ? pick(point.done) : null));
  const seen = (pick) => points.map((point) => (point.look ? pick(point.look) : null));
  const sum = (look, name) => look.queues && Object.values(look.queues).reduce((all, each) => all + each[name], 0);
  const count = (value) => number(value);
  const codes = points.reduce((all, { done: each }) => {
    for (const [code, times_] of Object.entries(each?.failures ?? {})) all[code] = (all[code] ?? 0) + times_;
    return all;
  }, {});
  const failures = (at) => Object.entries(points[at].done?.failures ?? {}).map(([code, times_]) => `${code} ${times_}`).join(", ");
  const state = (name) => ({ name: stateWord(name), values: seen((look) => look.jobs && (look.jobs[name] ?? 0)) });
  const drawn = [
    { key: "ends", title: word("admin.plot.ends"), unit: count, lines: [
      { name: word("admin.plot.made"), values: done((each) => each.made) },
      { name: word("admin.plot.converted"), values: done((each) => each.converted) },
      { name: word("admin.plot.cancelled"), values: done((each) => each.cancelled) }] },
    { key: "failures", title: word("admin.plot.failures"), unit: count, note: failures,
      lines: [{ name: "", values: done((each) => each.failed) }] },
    { key: "states", title: word("admin.plot.states"), unit: count, lines: ["uploaded", "converting", "retrying"].map(state) },
    { key: "queues", title: word("admin.plot.queues"), unit: count, lines: ["waiting", "retrying", "parked"].map((name) => (
      { name: word(`admin.queues.${name}`), values: seen((look) => sum(look, name)) })) },
    { key: "speed", title: word("admin.plot.speed"), unit: (value) => `${number(value, { maximumSignificantDigits: 3 })}×`,
      lines: [{ name: "", values: done((each) => each.realtime_factor) }] },
    { key: "lag", title: word("admin.plot.lag"), unit: (value) => (value < 90 ? number(value, SECONDS) : span(value)),
      lines: [{ name: "", values: seen((look) => look.waiting_seconds) }] },
  ];
  const choose = ({ target }) => { chosen = target.value; localStorage.setItem(CHOSEN, chosen); lookBack(); };
  return html`<section aria-labelledby="admin-past"><div class="row apart"><h2 id="admin-past">${word("admin.past")}</h2>
      <label class="admin-span">${word("admin.past.span")} <select @change=${choose}>
        ${Object.keys(SPANS).map((each) => html`<option value=${each} ?selected=${each === chosen}>${word(`admin.past.${each}`)}</option>`)}</select></label></div>
    <div class="plots">${drawn.map((each) => plot(each, times))}</div>
    ${Object.keys(codes).length ? html`<h3>${word("admin.failures")}</h3><ul role="list" class="admin-codes">
      ${Object.entries(codes).sort(([, one], [, other]) => other - one).map(([code, times_]) => html`<li data-code=${code}>
        <code>${code}</code> <strong class="number">${number(times_)}</strong></li>`)}</ul>` : nothing}
    <p class="hint">${word("admin.past.hint", { time: moment(times[0]) })}</p></section>`;
}
