/** What is signed in to the account. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { api } from "../server/api.js";
import { doLast, endAll } from "../server/session.js";
import { moment, word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const listed = fetched("sessions");
const ending = deed();

export const sessions = {
  open() {
    ending.reset();
    return listed.load();
  },
  close: listed.forget,
  template: () => html`${ending.alert()} ${listed.shown(({ items }) => html`
    <ul role="list" class="things">${repeat(items, (each) => each.session_id, session)}</ul>
    ${items.length > 1
      ? html`<p><button ?disabled=${ending.busy} @click=${endThemAll}>${word("account.sessions.end_all")}</button></p>`
      : nothing}`)}`,
};

function session({ session_id: id, program, created, last_used: used, current }) {
  return html`<li>
    <div class="grow"><strong>${program || word("account.sessions.unknown")}</strong>
      ${current ? html`<span class="badge">${word("account.sessions.this")}</span>` : nothing}
      <div class="quiet">${word("account.sessions.when", { begun: moment(created), used: moment(used) })}</div></div>
    ${current ? nothing : html`<button aria-label=${word("account.sessions.end_this", { program, begun: moment(created) })}
      ?disabled=${ending.busy} @click=${() => end(id)}>${word("account.sessions.end")}</button>`}
  </li>`;
}

function end(id) {
  return ending.run(async () => {
    await api(`sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
    await listed.load();
  });
}

function endThemAll() {
  return ending.run(async () => {
    await doLast();
    await endAll(() => api("logout/everywhere", { method: "POST" }), "left");
  });
}
