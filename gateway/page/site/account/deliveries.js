/** What was delivered to the webhook that somebody looks into, and what became of it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { api } from "../server/api.js";
import { moment, word } from "../words.js";
import { deed } from "./fetched.js";

const PAGE = 20;
const LOOK_EVERY = 700; // ms
const PATIENCE = 45_000; // ms for the first attempt: a receiver has 20 s
const resending = deed();
const loading = deed();
let hook = "";
let items = null;
let next = null;

export const deliveries = {
  open(id) {
    [hook, items, next] = [id, null, null];
    resending.reset();
    return loading.run(load);
  },
  close() {
    hook = "";
    items = null;
  },
  /** Show them, and look until this one has been tried, or somebody goes away. */
  async follow(id, wanted) {
    if (hook !== id) [hook, items, next] = [id, null, null];
    const until = Date.now() + PATIENCE;
    do {
      await load();
      if (hook !== id || items?.find((each) => each.delivery_id === wanted)?.attempts.length) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    } while (Date.now() < until && hook === id);
  },
  /** `changed()` is called after one was sent again; null: that cannot be. */
  template: (changed) => html`${loading.alert()} ${resending.alert()}
    ${items?.length === 0 ? html`<p class="quiet">${word("hooks.none")}</p>` : nothing}
    <ul role="list" class="deliveries">${repeat(items ?? [], (each) => each.delivery_id, (each) => delivery(each, changed))}</ul>
    ${next ? html`<p><button ?disabled=${loading.busy} @click=${() => loading.run(more)}>${word("hooks.more")}</button></p>` : nothing}`,
};

/** What a message of this type tells, in words. */
export function told(type) {
  return word(`hooks.event.${type.replace(/^\w+\./, "")}`);
}

function delivery({ delivery_id: id, type, job_id: job, asked, state, next_attempt: again, attempts }, changed) {
  return html`<li data-state=${state}>
    <div class="grow"><span class="badge">${word(`hooks.state.${state}`)}</span>
      ${job ? html`<a href=${addressOf("jobs", job)}>${told(type)}</a>` : told(type)} <span class="quiet">${moment(asked)}</span>
      ${attempts.length ? html`<ol class="quiet">${attempts.map(attempt)}</ol>` : nothing}
      ${again ? html`<div class="quiet">${word("hooks.again", { when: moment(again) })}</div>` : nothing}</div>
    ${changed ? html`<button ?disabled=${resending.busy} @click=${() => resend(id, changed)}>${word("hooks.resend")}</button>` : nothing}
  </li>`;
}

function attempt({ at, status, code }) {
  return html`<li>${moment(at)}: ${word(`hooks.code.${code ?? "accepted"}`, { status: status ?? "" })}</li>`;
}

function resend(id, changed) {
  return resending.run(async () => {
    const path = `webhooks/${encodeURIComponent(hook)}/deliveries/${encodeURIComponent(id)}/resend`;
    const { delivery_id: wanted } = await api(path, { method: "POST" });
    await deliveries.follow(hook, wanted);
    await changed();
  });
}

async function load() {
  const id = hook;
  const page = await api(`webhooks/${encodeURIComponent(id)}/deliveries`, { query: { limit: PAGE } });
  if (hook !== id) return;
  [items, next] = [page.items, page.next_cursor];
  repaint();
}

async function more() {
  const id = hook;
  const page = await api(`webhooks/${encodeURIComponent(id)}/deliveries`, { query: { limit: PAGE, cursor: next } });
  if (hook !== id) return;
  [items, next] = [[...items, ...page.items], page.next_cursor];
}
