/** Webhooks: addresses that are told of jobs. Made, tried, looked into, given a new secret, deleted. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { moment, word } from "../words.js";
import { deliveries, told } from "./deliveries.js";
import { deed, fetched } from "./fetched.js";

const EVENTS = ["uploaded", "converted", "failed", "cancelled", "deleted"];
const USUAL = ["converted", "failed"];
const listed = fetched("webhooks");
const making = deed();
const changing = deed();
/** The webhook whose secret was just made; the id of one that is about to be deleted, and of one that is looked into. */
let made = null;
let doomed = "";
let open = "";
let copied = false;

export const hooks = {
  open() {
    making.reset();
    changing.reset();
    return listed.load();
  },
  close() {
    listed.forget();
    deliveries.close();
    made = null; // the only copy that this page has
    doomed = open = "";
  },
  template: () => html`
    <p class="quiet">${word("hooks.what")}</p>
    ${made ? secret() : nothing}
    ${changing.alert()}
    ${listed.shown(({ items }) => html`<ul role="list" class="things">${repeat(items, (each) => each.webhook_id, hook)}</ul>`)}
    <details class="new-hook">
      <summary>${word("hooks.new")}</summary>
      <form @submit=${make}>
        <div class="field"><label for="hook-url">${word("hooks.url")}</label>
          <input id="hook-url" name="url" type="url" required maxlength="8192" autocomplete="off" placeholder="https://example.org/hook"></div>
        <fieldset class="field"><legend>${word("hooks.events")}</legend>
          ${EVENTS.map((event) => html`
            <label class="choice"><input type="checkbox" name="event" value=${`job.${event}`} ?checked=${USUAL.includes(event)}>
              <span>${word(`hooks.event.${event}`)}</span></label>`)}
        </fieldset>
        ${making.alert()}
        <button class="primary" ?disabled=${making.busy}>${word("hooks.make")}</button>
      </form>
    </details>`,
};

function secret() {
  return html`<div class="notice secret" role="status">
    <p><label for="hook-secret">${word("hooks.once")} <bdi class="address">${made.url}</bdi></label></p>
    <div class="row">
      <input id="hook-secret" class="grow" readonly .value=${made.secret} @focus=${({ target }) => target.select()}>
      <button class="primary" @click=${copy}>${word(copied ? "account.keys.copied" : "account.keys.copy")}</button>
      <button @click=${() => { made = null; repaint(); }}>${word("account.keys.done")}</button>
    </div>
  </div>`;
}

function hook(it) {
  const { webhook_id: id, url, events, disabled } = it;
  const isOpen = open === id;
  return html`<li class="hook">
    <div class="grow"><strong class="address"><bdi>${url}</bdi></strong>
      <div class="quiet">${events.length === EVENTS.length ? word("hooks.every") : events.map(told).join(" · ")}</div>
      ${standing(it)}</div>
    ${doomed === id
      ? html`<button class="bad" ?disabled=${changing.busy} @click=${() => remove(id)}>${word("hooks.delete_now")}</button>
          <button @click=${() => { doomed = ""; repaint(); }}>${word("hooks.keep")}</button>`
      : html`${disabled ? nothing : html`<button ?disabled=${changing.busy} @click=${() => test(id)}>${word("hooks.test")}</button>`}
          <button aria-expanded=${isOpen} @click=${() => look(isOpen ? "" : id)}>${word("hooks.deliveries")}</button>
          <button aria-label=${word("hooks.delete_this", { url })} @click=${() => { doomed = id; repaint(); }}>${word("hooks.delete")}</button>`}
    ${isOpen ? html`<div class="whole">${deliveries.template(disabled ? null : listed.load)}
      ${disabled ? nothing : html`<p><button ?disabled=${changing.busy} @click=${() => exchange(id)}>${word("hooks.exchange")}</button>
        <span class="quiet">${word("hooks.exchange_what")}</span></p>`}</div>` : nothing}
  </li>`;
}

function standing({ disabled, failing_since: since }) {
  if (disabled) return html`<div class="wrong">${word(`hooks.disabled.${disabled.reason}`, { when: moment(disabled.at) })}</div>`;
  return since ? html`<div class="wrong">${word("hooks.failing", { since: moment(since) })}</div>` : nothing;
}

function make(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const events = [...form.querySelectorAll("[name=event]:checked")].map((each) => each.value);
  return making.run(async () => {
    await shownOnce(api("webhooks", { method: "POST", json: { url: form.elements.url.value, events } }));
    form.reset();
    form.closest("details").open = false;
  });
}

function exchange(id) {
  return changing.run(() => shownOnce(api(`webhooks/${encodeURIComponent(id)}/secret`, { method: "POST" })));
}

/** Show the secret that comes, and put the focus on it. */
async function shownOnce(coming) {
  made = await coming;
  copied = false;
  await listed.load();
  requestAnimationFrame(() => document.getElementById("hook-secret")?.focus());
}

function test(id) {
  return changing.run(async () => {
    const { delivery_id: wanted } = await api(`webhooks/${encodeURIComponent(id)}/test`, { method: "POST" });
    open = id;
    await deliveries.follow(id, wanted);
    await listed.load();
  });
}

function look(id) {
  open = id;
  if (id) deliveries.open(id);
  else deliveries.close();
  repaint();
}

function remove(id) {
  return changing.run(async () => {
    await api(`webhooks/${encodeURIComponent(id)}`, { method: "DELETE" });
    if (made?.webhook_id === id) made = null;
    if (open === id) look("");
    doomed = "";
    await listed.load();
  });
}

/** Copy the secret. Where a page may not (plain HTTP), it is selected, and the keyboard copies it. */
async function copy() {
  const field = document.getElementById("hook-secret");
  field.select();
  try {
    await navigator.clipboard.writeText(made.secret);
    copied = true;
  } catch {
    copied = false;
  }
  repaint();
}
