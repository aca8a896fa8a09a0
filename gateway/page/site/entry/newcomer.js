/** The ways to an account for those who cannot sign in yet, or not any more. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { api } from "../server/api.js";
import { signIn } from "../server/session.js";
import { word } from "../words.js";
import { button, entry, field, sent, step } from "./view.js";

/** A new account: at once, or by a mail where addresses are verified. */
export function register() {
  const byMail = entry.ways?.verification ?? true;
  return html`
    <p>${word(byMail ? "entry.register.by_mail" : "entry.register.at_once")}</p>
    <form @submit=${sent(byMail ? askForMail : create)}>
      ${field("email", { autocomplete: "username", value: entry.email })}
      ${byMail ? nothing : field("password", { autocomplete: "new-password", hint: entry.ways.password_rule })}
      ${button(byMail ? "entry.send_mail" : "entry.create")}
    </form>
    ${back()}`;
}

/** Another password, by a mail. */
export function forgot() {
  return html`
    <p>${word("entry.forgot.how")}</p>
    <form @submit=${sent(askForReset)}>
      ${field("email", { autocomplete: "username", value: entry.email })}
      ${button("entry.send_mail")}
    </form>
    ${back()}`;
}

async function create(form) {
  const [email, password] = [form.email.value, form.password.value];
  await api("register", { method: "POST", json: { email, password }, open: true });
  try {
    await signIn(email, password);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    await step("sign_in", word("entry.register.known")); // the answer is the same whoever has the address
  }
}

async function askForMail(form) {
  await api("register", { method: "POST", json: { email: form.email.value }, open: true });
  await step("sign_in", mailed(form));
}

async function askForReset(form) {
  await api("password/forgot", { method: "POST", json: { email: form.email.value }, open: true });
  await step("sign_in", mailed(form));
}

function mailed(form) {
  const said = word("entry.mailed", { email: form.email.value.trim() });
  return entry.ways?.local ? `${said} ${word("entry.mailed.local")}` : said;
}

function back() {
  return html`<p class="ways"><button class="plain" @click=${() => step("sign_in")}>${word("entry.back")}</button></p>`;
}
