/**
 * Signing in, and the ways to an account. It takes the place of whatever the address names, and leaves the address
 * alone: who has signed in is where they wanted to be.
 */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { withPart } from "../parts.js";
import { api } from "../server/api.js";
import { onFound } from "../server/reach.js";
import { session, signIn } from "../server/session.js";
import { word } from "../words.js";

/**
 * What the forms of this place share. `step` is the form that is shown, `said` a sentence above it, `wrong` one at
 * the field `at`. `ways`: what the server takes (`GET /entry`), null until it has said so.
 */
export const entry = { step: "sign_in", ways: null, email: "", said: "", wrong: "", at: "", busy: false };

let newcomer = null;

export const view = {
  open() {
    Object.assign(entry, { step: "sign_in", email: "", said: "", wrong: "", at: "" });
    askWays();
    return onFound(askWays);
  },
  title: () => word(`entry.${entry.step}`),
  template: () => html`<div class="entry">
    <h1 tabindex="-1">${word(`entry.${entry.step}`)}</h1>
    ${entry.step === "sign_in" ? signInForm() : newcomer?.[entry.step]() ?? nothing}
  </div>`,
};

/** Ask the server what it takes. Who has a password can do without. */
function askWays() {
  api("entry").then((ways) => { entry.ways = ways; repaint(); }, () => {});
}

/** Show another form: "sign_in", "register" or "forgot", perhaps with a sentence. */
export function step(name, said = "") {
  if (name === "sign_in") return show(name, said);
  return withPart(import("./newcomer.js"), (loaded) => {
    newcomer = loaded;
    show(name, said);
  });
}

function show(name, said) {
  const email = document.getElementById("email")?.value.trim() ?? ""; // typed meanwhile, or before
  Object.assign(entry, { step: name, said, wrong: "", at: "", email });
  repaint();
  requestAnimationFrame(() => document.querySelector(".entry h1")?.focus());
}

/** Send a form: `sending` is given it. What goes wrong is said at its field, or above its button. */
export function sent(sending) {
  return async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (entry.busy) return;
    Object.assign(entry, { busy: true, wrong: "", at: "", email: form.email.value.trim() });
    repaint();
    try {
      await sending(form);
    } catch (problem) {
      entry.at = Object.keys(problem.fields ?? {}).find((name) => name in form.elements) ?? "";
      entry.wrong = problem.fields?.[entry.at] ?? problem.message;
      requestAnimationFrame(() => form.elements[entry.at || "password"]?.focus());
    }
    entry.busy = false;
    repaint();
  };
}

/** A field of a form. `hint` is said before anything is typed. */
export function field(name, { type = name, autocomplete, hint = "", value = "" }) {
  const isWrong = entry.at === name;
  const described = [hint && `${name}-hint`, isWrong && "entry-wrong"].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${name}>${word(`entry.${name}`)}</label>
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : nothing}
    <input id=${name} name=${name} type=${type} autocomplete=${autocomplete} .value=${value} required
      spellcheck="false" autocapitalize="none" aria-invalid=${isWrong ? "true" : nothing} aria-describedby=${described || nothing}>
    ${isWrong ? html`<p class="wrong" id="entry-wrong" role="alert">${entry.wrong}</p>` : nothing}
  </div>`;
}

/** The button of a form, and above it what went wrong with the whole. */
export function button(key) {
  return html`${entry.wrong && !entry.at ? html`<p class="notice bad" role="alert">${entry.wrong}</p>` : nothing}
    <button class="primary wide" ?disabled=${entry.busy}>${word(key)}</button>`;
}

function signInForm() {
  const { ways } = entry;
  const said = entry.said || (session.why ? word(`entry.out.${session.why}`) : "");
  return html`
    <p class="quiet">${word("entry.what")}</p>
    ${said ? html`<p class="notice" role="status">${said}</p>` : nothing}
    <form @submit=${sent((form) => signIn(form.email.value, form.password.value))}>
      ${field("email", { autocomplete: "username", value: entry.email })}
      ${field("password", { autocomplete: "current-password" })}
      ${button("entry.sign_in")}
    </form>
    ${Object.entries(ways?.providers ?? {}).map(([name, label]) => html`
      <a class="button wide" href=${providerAddress(name)}>${word("entry.by_provider", { label })}</a>`)}
    <p class="ways">
      <button class="plain" @click=${() => step("forgot")}>${word("entry.forgot")}</button>
      ${ways?.registration === "open"
        ? html`<button class="plain" @click=${() => step("register")}>${word("entry.register")}</button>`
        : nothing}
    </p>
    ${ways?.local ? html`<p class="notice">${word("entry.local")} <code>./justw status</code></p>` : nothing}
    ${ways && ways.registration !== "open" ? html`<p class="quiet">${word(`entry.${ways.registration}`)}</p>` : nothing}`;
}

/** Where a provider's sign-in begins; it leads back to where the person is. */
export function providerAddress(name) {
  const here = new URL(document.baseURI).pathname + location.hash;
  return `./login/oidc/${encodeURIComponent(name)}?${new URLSearchParams({ return_to: here })}`;
}
