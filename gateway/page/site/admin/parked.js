/** Work that was given up: why, and the way back. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { addressOf } from "../places.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { queueWord, short, stateWord } from "./overview.js";

let items = null;
let said = "";
let trouble = null; // with the list
let refusal = null; // of what was to be put back
let busy = false;

export const parked = {
  open() {
    [said, refusal] = ["", null];
    load();
    return () => {};
  },
  template: () => html`<section aria-labelledby="admin-parked">
    <div class="row apart"><h2 id="admin-parked">${word("admin.way.parked")}</h2>
      ${isForAll() ? html`<button ?disabled=${busy} @click=${() => putBack({})}>${word("admin.parked.all")}</button>` : nothing}</div>
    <p class="quiet">${word("admin.parked.what")}</p>
    <p role="status" class=${said ? "notice" : "unseen"}>${said}</p>
    ${[trouble, refusal].map((each) => each && html`<p class="notice bad" role="alert">${each.message}</p>`)}
    ${items && !items.length ? html`<p>${word("admin.parked.none")}</p>` : nothing}
    <ul role="list" class="admin-list">${(items ?? []).map(row)}</ul></section>`,
};

/** All are put back at once where there are many, or one that has no button of its own: a letter is of no job. */
function isForAll() {
  return items?.length > 1 || items?.some(({ job_id: id, remedy }) => !id && remedy !== "keep");
}

async function load() {
  try {
    ({ items } = await api("admin/parked"));
    trouble = null;
  } catch (problem) {
    trouble = problem;
  }
  repaint();
}

function row(item) {
  const id = item.job_id;
  return html`<li data-parked=${id ?? item.event_id ?? ""} data-remedy=${item.remedy}>
    <div class="row apart"><strong>${queueWord(item.queue)}</strong>
      ${id ? html`<a href="${addressOf("admin", "jobs")}?job=${id}"><code>${short(id)}</code></a>` : nothing}</div>
    <p class="admin-reason"><code>${item.reason}</code></p>
    <p>${word("admin.parked.attempts", { count: item.attempt })}${item.state ? ` ${word("admin.parked.state", { state: stateWord(item.state) })}` : ""}
      ${word(`admin.remedy.${item.remedy}`)}</p>
    ${id && item.remedy !== "keep" ? html`<button ?disabled=${busy} @click=${() => putBack({ queue: item.queue, job_id: id })}>
      ${word(item.remedy === "drop" ? "admin.parked.remove" : "admin.parked.back")}</button>` : nothing}</li>`;
}

async function putBack(query) {
  busy = true;
  repaint();
  try {
    const done = (await api("admin/parked/requeue", { method: "POST", query })).items;
    const count = (...remedies) => done.filter(({ remedy }) => remedies.includes(remedy)).length;
    said = word("admin.parked.done", { back: count("run", "hand_out"), removed: count("drop"), left: count("keep") });
    refusal = null;
  } catch (problem) {
    [said, refusal] = ["", problem];
  }
  busy = false;
  await load();
}
