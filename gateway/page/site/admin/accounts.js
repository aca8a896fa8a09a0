/** Accounts: find one, limit it, end what is signed in, erase it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { api, ask } from "../server/api.js";
import { session } from "../server/session.js";
import { bytes, moment, word } from "../words.js";

/** The limits, each with the unit that people think in, as so many of the API's. */
const LIMITS = { bytes_stored: 1e9, audio_seconds: 60, jobs_today: 1, jobs_open: 1, uploads_at_once: 1, requests_a_minute: 1 };
const PAUSE = 250;

let found = null;
let next = null;
let sought = "";
let trouble = null; // with the list
let refusal = null; // of what was to be done
let said = "";
let limited = "";
let timer = 0;
let visit = 0;
let leaving = null;

export const accounts = {
  open({ query }) {
    [sought, said, limited, leaving, refusal] = [query.get("q") ?? "", "", "", null, null];
    load();
    return () => clearTimeout(timer);
  },
  template: () => html`<section aria-labelledby="admin-accounts"><h2 id="admin-accounts">${word("admin.way.accounts")}</h2>
    <div role="search" class="field"><label for="admin-q">${word("admin.accounts.q")}</label>
      <input id="admin-q" type="search" maxlength="254" autocomplete="off" .value=${sought} @input=${typed}></div>
    <p role="status" class=${said ? "notice" : "unseen"}>${said}</p>
    ${[trouble, refusal].map((each) => each && html`<p class="notice bad" role="alert">${each.message}</p>`)}
    ${found && !found.length ? html`<p>${word("admin.accounts.none")}</p>` : nothing}
    <ul role="list" class="admin-list">${repeat(found ?? [], ({ account_id: id }) => id, row)}</ul>
    ${next ? html`<button @click=${() => load(next)}>${word("admin.more")}</button>` : nothing}
    ${leaving ? dialog(leaving) : nothing}</section>`,
};

function typed({ target }) {
  sought = target.value;
  clearTimeout(timer);
  timer = setTimeout(load, PAUSE);
}

async function load(cursor = "") {
  const mine = ++visit;
  try {
    const query = Object.entries({ q: sought, cursor }).filter(([, value]) => value);
    const page = await api("admin/accounts", { query });
    if (mine !== visit) return;
    [found, next, trouble] = [cursor ? [...found, ...page.items] : page.items, page.next_cursor, null];
  } catch (problem) {
    if (mine === visit) trouble = problem;
  }
  repaint();
}

function row(account) {
  const id = account.account_id;
  const isOwn = id === session.account;
  return html`<li data-account=${id}>
    <div class="row apart"><strong class="admin-name"><bdi dir="auto">${account.email}</bdi></strong>
      <span class="quiet">${account.roles.map((role) => word(`admin.role.${role}`)).join(", ")}${
        account.state === "active" ? "" : ` · ${word(`admin.accounts.${account.state}`)}`}</span></div>
    ${account.remark ? html`<p class="hint">${account.remark}</p>` : nothing}
    <p class="quiet">${word("admin.accounts.since", { time: moment(account.created) })}
      ${account.last_sign_in ? word("admin.accounts.seen", { time: moment(account.last_sign_in) }) : nothing}
      ${word("admin.accounts.uses", { size: bytes(account.bytes_stored), open: account.jobs_open, today: account.jobs_today })}
      ${Object.keys(account.limits).length ? word("admin.accounts.limited") : nothing}</p>
    <div class="row">
      <a class="button" href="${addressOf("admin", "jobs")}?account=${id}">${word("admin.way.jobs")}</a>
      <button aria-expanded=${limited === id} @click=${() => { limited = limited === id ? "" : id; repaint(); }}>${word("admin.accounts.limits")}</button>
      <button @click=${() => revoke(account)}>${word("admin.accounts.revoke")}</button>
      ${isOwn ? nothing : html`<button class="bad" @click=${() => { leaving = account; repaint(); }}>${word("admin.accounts.erase")}</button>`}</div>
    ${limited === id ? limits(account) : nothing}</li>`;
}

async function doing(deed, words) {
  try {
    await deed();
    [said, refusal] = [words, null];
  } catch (problem) {
    [said, refusal] = ["", problem];
  }
  await load();
}

function revoke({ account_id: id, email }) {
  doing(() => ask(`admin/accounts/${id}/revoke`, { method: "POST" }), word("admin.accounts.revoked", { email }));
}

function limits({ account_id: id, email, limits: own }) {
  const field = (name) => {
    const kind = !(name in own) ? "role" : own[name] === null ? "none" : "own";
    const value = kind === "own" ? own[name] / LIMITS[name] : "";
    return html`<div class="admin-limit"><label for="limit-${name}">${word(`admin.limit.${name}`)}</label>
      <select id="limit-${name}" name=${name} @change=${({ target }) => {
        const amount = target.form[`${name}.amount`];
        amount.hidden = target.value !== "own";
        amount.required = !amount.hidden;
        if (amount.required) amount.focus();
      }}>${["role", "none", "own"].map((each) => html`<option value=${each} ?selected=${each === kind}>${word(`admin.limits.${each}`)}</option>`)}</select>
      <input type="number" min="0" step="any" name="${name}.amount" aria-label="${word(`admin.limit.${name}`)}: ${word("admin.limits.amount")}"
        ?hidden=${kind !== "own"} ?required=${kind === "own"} .value=${String(value)}></div>`;
  };
  const submit = (event) => {
    event.preventDefault();
    const form = event.target;
    const chosen = Object.keys(LIMITS).filter((name) => form[name].value !== "role").map((name) => [
      name, form[name].value === "none" ? null : Math.round(Number(form[`${name}.amount`].value) * LIMITS[name])]);
    limited = "";
    const send = () => ask(`admin/accounts/${id}/quota`, { method: "PUT", json: { limits: Object.fromEntries(chosen) } });
    doing(send, word("admin.limits.given", { email }));
  };
  return html`<form class="admin-limits" @submit=${submit}>${Object.keys(LIMITS).map(field)}
    <button class="primary">${word("admin.limits.save")}</button></form>`;
}

/** Show a dialog that is in the page from the next moment on. */
function show(dialog) {
  requestAnimationFrame(() => dialog?.isConnected && !dialog.open && dialog.showModal());
}

/** The question before an account is erased, which its address answers. */
function dialog(account) {
  const close = () => document.getElementById("admin-erase").close();
  const submit = (event) => {
    event.preventDefault();
    close();
    const { account_id: id, email } = account;
    doing(() => ask(`admin/accounts/${id}`, { method: "DELETE" }), word("admin.accounts.erased", { email }));
  };
  const check = ({ target }) => { target.form.querySelector("button").disabled = target.value.trim() !== account.email; };
  return html`<dialog id="admin-erase" aria-labelledby="admin-erase-title" ${ref(show)} @close=${() => { leaving = null; repaint(); }}><form @submit=${submit}>
    <h2 id="admin-erase-title">${word("admin.erase.title")}</h2>
    <p>${word("admin.erase.what", { count: account.jobs_open })}</p>
    <div class="field"><label for="admin-erase-email">${word("admin.erase.type")} <bdi dir="auto">${account.email}</bdi></label>
      <input id="admin-erase-email" autocomplete="off" spellcheck="false" @input=${check}></div>
    <div class="row"><button class="bad" disabled>${word("admin.erase.do")}</button>
      <button type="button" @click=${close}>${word("admin.erase.keep")}</button></div></form></dialog>`;
}

