/** Everybody's jobs, with filters that stand in the address: `#/admin/jobs?state=failed&account=ID`. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { api } from "../server/api.js";
import { bytes, moment, word } from "../words.js";
import { short, stateWord } from "./overview.js";
import { sentence } from "./tail.js";

const STATES = ["uploaded", "converting", "retrying", "converted", "notified", "failed", "cancelled", "deleted"];
const ADDRESS = addressOf("admin", "jobs");

let filter = {};
let found = [];
let next = null;
let trouble = null;
let whole = new Map();
let visit = 0;

export const jobs = {
  open({ query }) {
    filter = Object.fromEntries(["state", "q", "account", "job"].map((name) => [name, query.get(name) ?? ""]));
    [found, next, trouble, whole] = [[], null, null, new Map()];
    load();
    return () => {};
  },
  template: () => html`<section aria-labelledby="admin-jobs"><h2 id="admin-jobs">${word("admin.way.jobs")}</h2>
    <form class="admin-filters" role="search" @submit=${search}>
      <label>${word("admin.jobs.state")}<select name="state" @change=${({ target }) => target.form.requestSubmit()}>
        <option value="">${word("admin.any")}</option>
        ${STATES.map((each) => html`<option value=${each} ?selected=${each === filter.state}>${stateWord(each)}</option>`)}</select></label>
      <label>${word("admin.jobs.name")}<input name="q" maxlength="200" .value=${filter.q}></label>
      <label>${word("admin.account")}<input name="account" maxlength="36" spellcheck="false" .value=${filter.account}></label>
      <label>${word("admin.job")}<input name="job" maxlength="36" spellcheck="false" .value=${filter.job}></label>
      <button>${word("admin.search")}</button></form>
    ${trouble ? html`<p class="notice bad" role="alert">${trouble.message}</p>` : nothing}
    ${found.length || trouble || next === null ? nothing : html`<p>${word("admin.jobs.none")}</p>`}
    <ul role="list" class="admin-list">${repeat(found, ({ job_id: id }) => id, row)}</ul>
    ${next ? html`<button @click=${() => load(next)}>${word("admin.more")}</button>` : nothing}</section>`,
};

function search(event) {
  event.preventDefault();
  const told = [...new FormData(event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  const address = `${ADDRESS}?${new URLSearchParams(told)}`;
  if (location.hash === address) jobs.open({ query: new URLSearchParams(told) });
  else location.hash = address;
}

async function load(cursor = "") {
  const mine = (visit += 1);
  try {
    if (filter.job) {
      const one = await api(`admin/jobs/${encodeURIComponent(filter.job)}`);
      if (mine !== visit) return;
      [found, next] = [[one], ""];
      whole.set(one.job_id, one);
    } else {
      const query = Object.entries({ state: filter.state, q: filter.q, account: filter.account, cursor }).filter(([, value]) => value);
      const page = await api("admin/jobs", { query });
      if (mine !== visit) return;
      [found, next] = [[...found, ...page.items], page.next_cursor ?? ""];
    }
    trouble = null;
  } catch (problem) {
    if (mine === visit) trouble = problem;
  }
  repaint();
}

function row(job) {
  const id = job.job_id;
  return html`<li data-job-id=${id} data-state=${job.state}><details ?open=${whole.has(id)} @toggle=${({ target }) => target.open && show(id)}>
    <summary><span class="admin-name"><bdi dir="auto">${job.filename || short(id)}</bdi></span>
      <span class="quiet">${stateWord(job.state)}${job.error ? html` · <code>${job.error.code}</code>` : nothing} · ${moment(job.created)}</span></summary>
    ${whole.has(id) ? details(whole.get(id)) : nothing}</details></li>`;
}

async function show(id) {
  if (whole.has(id)) return;
  try {
    whole.set(id, await api(`admin/jobs/${id}`));
  } catch (problem) {
    trouble = problem;
  }
  repaint();
}

function details(job) {
  const account = `${ADDRESS}?account=${job.account}`;
  return html`<dl class="admin-facts">
      <dt>${word("admin.job")}</dt><dd><code>${job.job_id}</code></dd>
      <dt>${word("admin.account")}</dt><dd><a href=${account}><code>${job.account}</code></a></dd>
      ${job.video ? html`<dt>${word("admin.jobs.video")}</dt><dd>${bytes(job.video.bytes)} · ${job.video.content_type}</dd>` : nothing}
      ${job.error ? html`<dt>${word("admin.jobs.error")}</dt><dd>${job.error.message}</dd>` : nothing}</dl>
    <ol class="admin-story">${(job.timeline ?? []).map((entry) => html`<li>
      <span class="quiet number">${moment(entry.time)}</span> <bdi>${told(entry)}</bdi></li>`)}</ol>
    <div class="row">${job.done ? nothing : html`<button @click=${() => change(job.job_id, "cancel")}>${word("admin.jobs.cancel")}</button>`}
      ${["failed", "cancelled"].includes(job.state) ? html`<button @click=${() => change(job.job_id, "requeue")}>${word("admin.jobs.again")}</button>` : nothing}</div>`;
}

/** A line of the timeline in plain words, with its note where the words do not hold it. */
function told({ type, note, attempt }) {
  const said = sentence({ type, data: { data: { filename: note, code: note, attempt } } });
  return note && !said.includes(note) ? `${said} – ${note}` : said;
}

async function change(id, deed) {
  try {
    const job = await api(`admin/jobs/${id}/${deed}`, { method: "POST" });
    whole.set(id, job);
    found = found.map((each) => (each.job_id === id ? job : each));
    trouble = null;
  } catch (problem) {
    trouble = problem;
  }
  repaint();
}
