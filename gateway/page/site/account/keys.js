/** API keys: made, shown once, revoked. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { session } from "../server/session.js";
import { moment, word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const SCOPES = ["read", "upload", "manage"];
const OF_ADMINS = ["operate", "admin"];
const listed = fetched("keys");
const making = deed();
const revoking = deed();
/** The key that was just made, with its secret; the id of one that is about to be revoked. */
let made = null;
let doomed = "";
let copied = false;

export const keys = {
  open() {
    making.reset();
    revoking.reset();
    return listed.load();
  },
  close() {
    listed.forget();
    made = null; // the only copy that this page has
    doomed = "";
  },
  template: () => html`
    <p class="quiet">${word("account.keys.what")}</p>
    ${made ? secret() : nothing}
    ${revoking.alert()}
    ${listed.shown(({ items }) => html`<ul role="list" class="things">${repeat(items, (each) => each.key_id, key)}</ul>`)}
    <details class="new-key">
      <summary>${word("account.keys.new")}</summary>
      <form @submit=${make}>
        <div class="field"><label for="key-name">${word("account.keys.name")}</label>
          <input id="key-name" name="name" required maxlength="100" autocomplete="off" placeholder=${word("account.keys.example")}></div>
        <fieldset class="field"><legend>${word("account.keys.scopes")}</legend>
          ${[...SCOPES, ...(session.roles.includes("admin") ? OF_ADMINS : [])].map((scope) => html`
            <label class="choice"><input type="checkbox" name="scope" value=${scope} ?checked=${scope === "read"}>
              <span>${word(`account.keys.scope.${scope}`)}</span></label>`)}
        </fieldset>
        <div class="field"><label for="key-days">${word("account.keys.days")}</label>
          <input id="key-days" name="days" type="number" min="1" max="3650" value="365" required></div>
        ${making.alert()}
        <button class="primary" ?disabled=${making.busy}>${word("account.keys.make")}</button>
      </form>
    </details>`,
};

function secret() {
  return html`<div class="notice secret" role="status">
    <p><label for="key-secret">${word("account.keys.once", { name: made.name })}</label></p>
    <div class="row">
      <input id="key-secret" class="grow" readonly .value=${made.key} @focus=${({ target }) => target.select()}>
      <button class="primary" @click=${copy}>${word(copied ? "account.keys.copied" : "account.keys.copy")}</button>
      <button @click=${() => { made = null; repaint(); }}>${word("account.keys.done")}</button>
    </div>
  </div>`;
}

function key({ key_id: id, name, scopes, expires, last_used: used }) {
  const isDoomed = doomed === id;
  return html`<li>
    <div class="grow"><strong><bdi>${name}</bdi></strong> <span class="quiet">${scopes.join(", ")}</span>
      <div class="quiet">${word(used ? "account.keys.when" : "account.keys.unused",
        { until: moment(expires), used: used ? moment(used) : "" })}</div></div>
    ${isDoomed
      ? html`<button class="bad" ?disabled=${revoking.busy} @click=${() => revoke(id)}>${word("account.keys.revoke_now")}</button>
          <button @click=${() => { doomed = ""; repaint(); }}>${word("account.keys.keep")}</button>`
      : html`<button aria-label=${word("account.keys.revoke_this", { name })}
          @click=${() => { doomed = id; repaint(); }}>${word("account.keys.revoke")}</button>`}
  </li>`;
}

function make(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const scopes = [...form.querySelectorAll("[name=scope]:checked")].map((each) => each.value);
  return making.run(async () => {
    made = await api("keys", { method: "POST", json: { name: form.elements.name.value, scopes, days: form.elements.days.valueAsNumber } });
    copied = false;
    form.reset();
    form.closest("details").open = false;
    await listed.load();
    requestAnimationFrame(() => document.getElementById("key-secret")?.focus());
  });
}

function revoke(id) {
  return revoking.run(async () => {
    await api(`keys/${encodeURIComponent(id)}`, { method: "DELETE" });
    if (made?.key_id === id) made = null;
    doomed = "";
    await listed.load();
  });
}

/** Copy the key. Where a page may not (plain HTTP), it is selected, and the keyboard copies it. */
async function copy() {
  const field = document.getElementById("key-secret");
  field.select();
  try {
    await navigator.clipboard.writeText(made.key);
    copied = true;
  } catch {
    copied = false;
  }
  repaint();
}
