/** Another password. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { deed, fetched } from "./fetched.js";
import { account } from "./holder.js";

const ways = fetched("entry");
const changing = deed();

export const password = {
  open() {
    changing.reset();
    return ways.load();
  },
  template: () => account.shown(({ has_password: has, email }) => (has ? form(email) : html`<p>${word("account.password.none")}</p>`)),
};

function form(email) {
  return html`<form @submit=${change}>
    <input class="unseen" type="email" autocomplete="username" .value=${email} tabindex="-1" aria-hidden="true" readonly>
    ${field("current", "current-password")}
    ${field("password", "new-password", ways.value?.password_rule)}
    ${changing.done ? html`<p class="notice" role="status">${word("account.password.done")}</p>` : nothing}
    <button class="primary" ?disabled=${changing.busy}>${word("account.password.change")}</button>
  </form>`;
}

function field(name, autocomplete, rule = "") {
  const { problem } = changing;
  const isAbout = problem && (problem.fields?.password ? "password" : "current") === name; // all else: at the first
  const wrong = isAbout ? (problem.fields?.[name] ?? problem.message) : "";
  const described = [rule && `new-${name}-rule`, wrong && `new-${name}-wrong`].filter(Boolean).join(" ");
  return html`<div class="field"><label for="new-${name}">${word(`account.password.${name}`)}</label>
    ${rule ? html`<p class="hint" id="new-${name}-rule">${rule}</p>` : nothing}
    <input id="new-${name}" name=${name} type="password" autocomplete=${autocomplete} required
      aria-invalid=${wrong ? "true" : nothing} aria-describedby=${described || nothing}>
    ${wrong ? html`<p class="wrong" id="new-${name}-wrong" role="alert">${wrong}</p>` : nothing}
  </div>`;
}

function change(event) {
  event.preventDefault();
  const form = event.currentTarget;
  return changing.run(async () => {
    const json = { current: form.elements.current.value, password: form.elements.password.value };
    await api("password", { method: "POST", json });
    form.reset();
  });
}
