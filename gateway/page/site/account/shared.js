/** All that is handed on by links that are good now, with the way to end each. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { addressOf } from "../places.js";
import { linkRows } from "../sharing/links.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const listed = fetched("links");
const changing = deed();

export const shared = {
  open() {
    changing.reset();
    return listed.load();
  },
  close: listed.forget,
  template: () => html`
    <p class="quiet">${word("account.shared.what")}</p>
    ${changing.alert()}
    ${listed.shown(({ items, next_cursor: more }) => html`
      ${items.length ? linkRows(items, { end, busy: changing.busy, named }) : html`<p>${word("account.shared.none")}</p>`}
      ${more ? html`<button ?disabled=${changing.busy} @click=${goOn}>${word("jobs.more")}</button>` : nothing}`)}`,
};

const named = ({ job_id: id, filename }) => html`<a href=${addressOf("jobs", id)}><bdi>${filename}</bdi></a> `;

function end({ link_id: id }) {
  return changing.run(async () => {
    await api(`links/${encodeURIComponent(id)}`, { method: "DELETE" });
    listed.value = { ...listed.value, items: listed.value.items.filter((each) => each.link_id !== id) };
  });
}

function goOn() {
  return changing.run(async () => {
    const { items, next_cursor: cursor } = await api("links", { query: { cursor: listed.value.next_cursor } });
    listed.value = { items: [...listed.value.items, ...items], next_cursor: cursor };
  });
}
