/** Private podcasts: made, shown with their addresses and QR codes, revoked. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { repaint } from "../paint.js";
import { api, ask } from "../server/api.js";
import { moment, word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const listed = fetched("feeds");
const presets = fetched("presets");
const making = deed();
const revoking = deed();
/** The ids of the feed that is open, of the one whose address was copied, of the one that is about to be revoked. */
let shown = "";
let copied = "";
let doomed = "";
/** The address of the open feed's QR code, once it is here. */
let code = "";

export const feeds = {
  open() {
    making.reset();
    revoking.reset();
    presets.load();
    return listed.load();
  },
  close() {
    listed.forget();
    close();
    doomed = "";
  },
  template: () => html`
    <p class="quiet">${word("account.feeds.what")}</p>
    ${revoking.alert()}
    ${listed.shown(({ items }) => html`<ul role="list" class="things">${repeat(items, (each) => each.feed_id, feed)}</ul>`)}
    <details class="new-feed">
      <summary>${word("account.feeds.new")}</summary>
      <form @submit=${make}>
        <div class="field"><label for="feed-name">${word("account.feeds.name")}</label>
          <input id="feed-name" name="name" required maxlength="100" autocomplete="off" placeholder=${word("account.feeds.example")}></div>
        <div class="field"><label for="feed-q">${word("account.feeds.q")}</label>
          <input id="feed-q" name="q" maxlength="200" autocomplete="off" aria-describedby="feed-q-hint">
          <p class="hint" id="feed-q-hint">${word("account.feeds.q_hint")}</p></div>
        ${presets.value?.items.length ? html`
          <div class="field"><label for="feed-preset">${word("account.feeds.preset")}</label>
            <select id="feed-preset" name="preset">
              <option value="">${word("account.feeds.any_preset")}</option>
              ${presets.value.items.map(({ name }) => html`<option value=${name}>${name}</option>`)}
            </select></div>` : nothing}
        ${making.alert()}
        <button class="primary" ?disabled=${making.busy}>${word("account.feeds.make")}</button>
      </form>
    </details>`,
};

function feed({ feed_id: id, name, url, created, q }) {
  const isDoomed = doomed === id;
  const isShown = shown === id;
  return html`<li>
    <div class="grow"><strong><bdi>${name}</bdi></strong>
      <div class="quiet">${word(q ? "account.feeds.some" : "account.feeds.since", { time: moment(created), q })}</div></div>
    <div class="row">${isDoomed
      ? html`<button class="bad" ?disabled=${revoking.busy} @click=${() => revoke(id)}>${word("account.keys.revoke_now")}</button>
          <button @click=${() => { doomed = ""; repaint(); }}>${word("account.keys.keep")}</button>`
      : html`<button aria-expanded=${isShown} aria-label=${word(isShown ? "account.feeds.hide_this" : "account.feeds.show_this", { name })}
            @click=${() => (isShown ? close() : open(id))}>${word(isShown ? "account.feeds.hide" : "account.feeds.show")}</button>
          <button aria-label=${word("account.keys.revoke_this", { name })}
            @click=${() => { doomed = id; repaint(); }}>${word("account.keys.revoke")}</button>`}</div>
    ${isShown && !isDoomed ? address(id, name, url) : nothing}
  </li>`;
}

function address(id, name, url) {
  return html`<div class="feed-address">
    ${code ? html`<img class="feed-code" src=${code} alt=${word("account.feeds.code", { name })} width="200" height="200">` : nothing}
    <div class="grow">
      <p>${word("account.feeds.how")}</p>
      <div class="row secret"><label class="unseen" for="feed-${id}">${word("account.feeds.address", { name })}</label>
        <input id="feed-${id}" class="grow" readonly .value=${url} @focus=${({ target }) => target.select()}>
        <button class="primary" @click=${() => copy(id, url)}>${word(copied === id ? "account.keys.copied" : "account.keys.copy")}</button></div>
      <p class="hint">${word(isLocal(url) ? "account.feeds.local" : "account.feeds.secret")}</p>
    </div>
  </div>`;
}

/** True for an address of this machine's own, which no phone reaches. */
function isLocal(url) {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname);
}

function make(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const { name, q, preset } = form.elements;
  return making.run(async () => {
    const made = await api("feeds", { method: "POST", json: { name: name.value, q: q.value, preset: preset?.value ?? "" } });
    form.reset();
    form.closest("details").open = false;
    await listed.load();
    await open(made.feed_id);
    requestAnimationFrame(() => document.getElementById(`feed-${made.feed_id}`)?.focus());
  });
}

/** Show a feed's address, and its QR code as soon as it is here. */
async function open(id) {
  close();
  shown = id;
  repaint();
  const picture = await ask(`feeds/${encodeURIComponent(id)}/qr.svg`, { headers: { Accept: "image/svg+xml" } }).catch(() => null);
  if (picture && shown === id) code = URL.createObjectURL(await picture.blob());
  repaint();
}

function close() {
  if (code) URL.revokeObjectURL(code);
  [shown, code, copied] = ["", "", ""];
  repaint();
}

function revoke(id) {
  return revoking.run(async () => {
    await api(`feeds/${encodeURIComponent(id)}`, { method: "DELETE" });
    doomed = "";
    if (shown === id) close();
    await listed.load();
  });
}

/** Copy the address. Where a page may not (plain HTTP), it is selected, and the keyboard copies it. */
async function copy(id, url) {
  document.getElementById(`feed-${id}`).select();
  try {
    await navigator.clipboard.writeText(url);
    copied = id;
  } catch {
    copied = "";
  }
  repaint();
}
