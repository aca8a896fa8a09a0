/** The end of the account: asked for twice, as nobody can undo it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { providerAddress } from "../entry/view.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { endAll, session } from "../server/session.js";
import { word } from "../words.js";
import { deed } from "./fetched.js";
import { account } from "./holder.js";

const erasure = deed();
let typed = "";

export const erasing = {
  open() {
    erasure.reset();
    typed = "";
  },
  close() { typed = ""; },
  template: () => account.shown(({ email, has_password: has, providers }) => html`<details>
    <summary>${word("account.erasing.open")}</summary>
    <form @submit=${erase}>
      <p>${word("account.erasing.what")}</p>
      <div class="field"><label for="erase-email">${word("account.erasing.type", { email })}</label>
        <input id="erase-email" autocomplete="off" spellcheck="false" autocapitalize="none" .value=${typed}
          @input=${({ target }) => { typed = target.value; repaint(); }}></div>
      ${has ? html`<div class="field"><label for="erase-password">${word("account.erasing.password")}</label>
        <input id="erase-password" name="password" type="password" autocomplete="current-password" required></div>` : nothing}
      ${erasure.alert()}
      ${erasure.problem?.kind === "sign-in-again" ? providers.map(again) : nothing}
      <button class="bad" ?disabled=${erasure.busy || typed.trim().toLowerCase() !== email.toLowerCase()}>${word("account.erasing.now")}</button>
    </form>
  </details>`),
};

function again(name) {
  return html`<p><a class="button" href=${providerAddress(name)}>${word("entry.by_provider", { label: name })}</a></p>`;
}

function erase(event) {
  event.preventDefault();
  const password = event.currentTarget.elements.password?.value;
  const { account: id } = session;
  const request = { method: "DELETE", ...(password === undefined ? {} : { json: { password } }) };
  return erasure.run(() => endAll(async () => {
    await api("account", request);
    await import("../uploads/memory.js").then(({ forgetAccount }) => forgetAccount(id), console.warn);
  }, "erased"));
}
