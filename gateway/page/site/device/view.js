/** Letting in a program that has no browser: by the code that it shows, typed here or brought by its link. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { styles } from "../styles.js";
import { moment, word } from "../words.js";
import { deed, fetched } from "../account/fetched.js";

const holder = fetched("account");
const looking = deed();
const answering = deed();
/** The code as it was typed; what waits with it, null until that is known; "approve" or "deny" once it is answered. */
let code = "";
let found = null;
let answered = "";

await styles(import.meta.url, "./view.css");

export const view = {
  open({ query }) {
    code = query.get("code") ?? "";
    forget();
    holder.load();
    if (code) look();
    return () => {
      code = "";
      holder.forget();
      forget();
    };
  },
  title: () => word("device.title"),
  template: () => html`<div class="entry device">
    <h1 tabindex="-1">${word("device.title")}</h1>
    ${answered ? end() : found ? question() : form()}
  </div>`,
};

function forget() {
  [found, answered] = [null, ""];
  looking.reset();
  answering.reset();
}

function form() {
  return html`
    <p class="quiet">${word("device.what")}</p>
    <form @submit=${typed}>
      <div class="field"><label for="code">${word("device.code")}</label>
        <input id="code" class="code" name="code" required maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false"
          placeholder="XXXX-XXXX" .value=${code}></div>
      ${looking.alert()}
      <button class="primary wide" ?disabled=${looking.busy}>${word("device.look")}</button>
    </form>`;
}

function question() {
  const { program, address, begun } = found;
  return html`
    <p>${word("device.asks")}</p>
    <dl class="facts">
      <dt>${word("device.code")}</dt><dd class="code">${written(code)}</dd>
      <dt>${word("device.program")}</dt><dd><bdi>${program || word("account.sessions.unknown")}</bdi></dd>
      ${address ? html`<dt>${word("device.address")}</dt><dd>${address}</dd>` : nothing}
      <dt>${word("device.begun")}</dt><dd>${moment(begun)}</dd>
      ${holder.value ? html`<dt>${word("device.account")}</dt><dd><bdi>${holder.value.email}</bdi></dd>` : nothing}
    </dl>
    <p class="notice">${word("device.warning")}</p>
    ${answering.alert()}
    <p class="row">
      <button class="primary" ?disabled=${answering.busy} @click=${() => answer("approve")}>${word("device.approve")}</button>
      <button ?disabled=${answering.busy} @click=${() => answer("deny")}>${word("device.deny")}</button>
    </p>`;
}

function end() {
  return html`<p class="notice" role="status">${word(`device.done.${answered}`)}</p>
    <p><a href="#/account">${word("device.sessions")}</a></p>`;
}

/** The code as the program shows it. */
function written(text) {
  const letters = text.toUpperCase().replace(/[^A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

function typed(event) {
  event.preventDefault();
  code = event.currentTarget.elements.code.value.trim();
  look();
}

function look() {
  return looking.run(async () => {
    found = await api("login/device/waiting", { method: "POST", json: { user_code: code } });
    toHeading();
  });
}

function answer(kind) {
  return answering.run(async () => {
    await api(`login/device/${kind}`, { method: "POST", json: { user_code: code } });
    answered = kind;
    toHeading();
  });
}

/** What stands below has changed as a whole: who listens to the page hears it from its beginning. */
function toHeading() {
  repaint();
  requestAnimationFrame(() => document.querySelector(".device h1")?.focus());
}
