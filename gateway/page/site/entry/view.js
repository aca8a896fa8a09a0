/** Signing in. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { signIn } from "../server/session.js";
import { word } from "../words.js";

let wrong = "";

export const view = {
  title: () => word("entry.sign_in"),
  template: () => html`<h1>${word("entry.sign_in")}</h1>
    <form @submit=${submit}>
      <div class="field"><label for="email">${word("entry.email")}</label>
        <input id="email" name="email" type="email" autocomplete="username" required></div>
      <div class="field"><label for="password">${word("entry.password")}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required></div>
      ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : nothing}
      <button class="primary">${word("entry.sign_in")}</button>
    </form>`,
};

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  wrong = "";
  try {
    await signIn(form.email.value, form.password.value);
  } catch (problem) {
    wrong = problem.message;
  }
  repaint();
}
