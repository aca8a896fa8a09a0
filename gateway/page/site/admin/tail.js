/** The log as it comes: each event a sentence that unfolds to what the log holds. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { guard } from "../vendor/lit-html/directives/guard.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { format, hasWord, number, word } from "../words.js";
import { events } from "./stream.js";
import { short } from "./overview.js";

const MOST = 300;
const TYPES = [
  "job.", "job.uploaded", "job.started", "job.probed", "job.retrying", "job.converted", "job.failed", "job.cancelled",
  "job.requeued", "job.deleted", "job.notified", "account.", "account.registered", "account.signed_in",
  "account.sign_in_refused", "account.changed", "account.revoked", "account.erased", "account.letter_requested",
  "hook.", "feed.", "import.",
];
const ADDRESS = addressOf("admin", "events");

let filter = {};
let shown = [];
let held = [];
let paused = false;
let state = "waiting";
let trouble = null;
let reading = new AbortController();

export const tail = {
  open({ query }) {
    reading.abort();
    filter = Object.fromEntries(["type", "account", "job_id"].map((name) => [name, query.get(name) ?? ""]));
    [shown, held, paused, trouble, state] = [[], [], false, null, "waiting"];
    reading = new AbortController();
    read(reading.signal);
    return () => reading.abort();
  },
  template: () => html`<section aria-labelledby="admin-events">
    <div class="row apart"><h2 id="admin-events">${word("admin.way.events")}</h2>
      <button aria-pressed=${String(paused)} @click=${pause}>${paused ? word("admin.events.resume") : word("admin.events.pause")}</button></div>
    <form class="admin-filters" role="search" @submit=${search}>
      <label>${word("admin.events.type")}<select name="type" @change=${({ target }) => target.form.requestSubmit()}>
        <option value="">${word("admin.any")}</option>
        ${TYPES.map((each) => html`<option value=${each} ?selected=${each === filter.type}>${each.endsWith(".") ? word(`admin.events.${each}`) : each}</option>`)}</select></label>
      <label>${word("admin.account")}<input name="account" maxlength="36" spellcheck="false" .value=${filter.account}></label>
      <label>${word("admin.job")}<input name="job_id" maxlength="36" spellcheck="false" .value=${filter.job_id}></label>
      <button>${word("admin.search")}</button></form>
    ${trouble ? html`<p class="notice bad" role="alert">${trouble.message}</p>` : nothing}
    <p role="status" class="quiet">${standing()}</p>
    <ol role="list" class="admin-list admin-tail">${repeat(shown, ({ id }) => id, line)}</ol></section>`,
};

function standing() {
  if (trouble) return nothing;
  if (paused) return word("admin.events.held", { count: held.length });
  return word(state === "open" ? "admin.events.live" : "admin.events.waiting");
}

function search(event) {
  event.preventDefault();
  const told = [...new FormData(event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  const address = `${ADDRESS}?${new URLSearchParams(told)}`;
  if (location.hash === address) tail.open({ query: new URLSearchParams(told) });
  else location.hash = address;
}

async function read(signal) {
  const query = [...Object.entries(filter).filter(([, value]) => value), ["last", "100"]];
  const onState = (now) => { state = now; repaint(); };
  try {
    for await (const event of events("admin/events", { query, signal, onState })) {
      const place = paused ? held : shown;
      place.unshift(event);
      place.splice(MOST);
      repaint();
    }
  } catch (problem) {
    trouble = problem;
    repaint();
  }
}

function pause() {
  paused = !paused;
  if (!paused) shown = [...held, ...shown].slice(0, MOST);
  held = [];
  repaint();
}

/** An event in plain words; one of a type that this page does not know, by its type. */
export function sentence({ type, data: { data = {} } }) {
  const key = `admin.event.${type}`;
  return hasWord(key) ? word(key, { ...data, name: data.filename ?? "", why: data.code ?? data.reason ?? "", fields: data.fields?.join(", ") ?? "" }) : type;
}

function line(event) {
  const { data } = event;
  const at = format("DateTimeFormat", { timeStyle: "medium" }).format(new Date(data.time));
  return html`<li data-event=${event.type} data-offset=${event.id}><details>
    <summary><span class="quiet number">${at}</span> <span class="admin-name"><bdi dir="auto">${sentence(event)}</bdi></span>
      <code class="quiet">${short(data.account)}</code></summary>
    <p class="row"><a href="#/admin/accounts?q=${data.account}">${word("admin.account")}</a>
      <a href="${ADDRESS}?account=${data.account}">${word("admin.events.of_account")}</a>
      ${event.type.startsWith("job.") ? html`<a href="${ADDRESS}?job_id=${data.subject}">${word("admin.events.of_job")}</a>` : nothing}
      <span class="quiet">${word("admin.events.place", { offset: number(Number(event.id)) })}</span></p>
    <pre tabindex="0">${guard([data], () => JSON.stringify(data, null, 2))}</pre></details></li>`;
}
