/** Where the address of a video is given, and a row for each video that the server fetches. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { repaint } from "../paint.js";
import { go, place } from "../places.js";
import { sentence } from "../server/api.js";
import { onSession, session } from "../server/session.js";
import { styles } from "../styles.js";
import { isGood, wish } from "../uploads/choice.js";
import { speed } from "../uploads/pace.js";
import { bytes, number, span, word } from "../words.js";
import { again, begin, imports, remove } from "./imports.js";
import { addressIn } from "./address.js";

const EMPTY = { isOpen: false, text: "", problem: "", isBusy: false };
const form = { ...EMPTY };
/** True while something of this page is dragged: its own links are no videos. */
let isOwn = false;

/** The button that opens the form. */
export const way = () => (imports.enabled ? html`<button class="plain import-way" aria-expanded=${form.isOpen ? "true" : "false"}
  @click=${toggle}>${word("imports.way")}</button>` : nothing);

/** The form. */
export const entry = () => (imports.enabled && form.isOpen ? html`<form class="import-form" @submit=${submit}>
  <label for="import-url">${word("imports.address")}</label>
  <div class="row"><input id="import-url" type="url" inputmode="url" required autocomplete="off" maxlength="8192" placeholder="https://"
    aria-invalid=${form.problem ? "true" : nothing} aria-describedby="import-said" .value=${live(form.text)}
    @input=${({ target }) => { form.text = target.value; form.problem = ""; repaint(); }}>
    <button class="primary" ?disabled=${form.isBusy}>${word("imports.fetch")}</button></div>
  <p id="import-said" class=${form.problem ? "wrong" : "hint"} aria-live="polite">${form.problem || word("imports.hint")}</p>
</form>` : nothing);

/** The rows. */
export function rows() {
  if (!imports.items.size) return nothing;
  return html`<section class="uploads" aria-label=${word("imports.title")}>
    <ul role="list">${repeat(imports.items.values(), (each) => each.import_id, row)}</ul></section>`;
}

function row(each) {
  const { import_id: id, state, filename, bytes_done: done, bytes_total: total } = each;
  const percent = total ? Math.floor((100 * done) / total) : null;
  const isKnown = state !== "failed" && done > 0 && percent !== null;
  return html`<li class="upload" data-import-id=${id} data-state=${state}>
    <div class="row apart upload-head"><bdi class="upload-name">${filename}</bdi>
      <span class="number quiet">${isKnown ? number(percent / 100, { style: "percent" }) : nothing}</span></div>
    ${isKnown ? html`<progress max="100" value=${percent} aria-label=${filename}></progress>` : nothing}
    <div class="row apart">
      <div class="upload-told">${told(each)}</div>
      <div class="row upload-ways">${ways(each)}</div>
    </div>
  </li>`;
}

function told({ state, trouble, error, bytes_done: done, bytes_total: total, pace }) {
  if (state === "failed") return html`<span class="upload-bad">${sentence(error.message)}</span>`;
  const rate = state === "fetching" ? speed(pace) : 0;
  const parts = done ? [total ? word("uploads.sent", { sent: bytes(done), size: bytes(total) }) : word("imports.so_far", { size: bytes(done) })] : [];
  if (rate) parts.push(word("uploads.speed", { speed: bytes(rate) }));
  if (rate && total) parts.push(word("uploads.left", { time: span((total - done) / rate) }));
  const at = html`<span class="number">${parts.join(" · ")}</span>`;
  if (trouble) return html`<span class="upload-bad">${sentence(trouble)} ${word("imports.again_later")}</span> ${at}`;
  if (state === "waiting" || !done) return html`<span>${word(state === "waiting" ? "uploads.waits" : "imports.asks")}</span> ${at}`;
  return at;
}

function ways({ import_id: id, filename: name, state }) {
  const button = (key, act, isPlain = true) => html`<button class=${isPlain ? "plain" : nothing}
    aria-label=${word("uploads.act", { act: word(`uploads.${key}`), name })} @click=${act}>${word(`uploads.${key}`)}</button>`;
  if (state !== "failed") return button("cancel", (event) => leave(event, id));
  const retry = imports.asked.has(id) ? button("retry", () => again(id).catch(({ message }) => show(message)), false) : nothing;
  return html`${retry}${button("remove", (event) => leave(event, id))}`;
}

/** Take a row away, and leave the keyboard at the next one. */
function leave({ currentTarget }, id) {
  const own = currentTarget.closest("li");
  const next = own.nextElementSibling ?? own.previousElementSibling;
  const target = next?.querySelector("button:last-of-type") ?? document.getElementById("upload-input");
  remove(id);
  target?.focus();
}

async function toggle() {
  form.isOpen = !form.isOpen;
  repaint();
  await new Promise(requestAnimationFrame);
  if (form.isOpen) document.getElementById("import-url")?.focus();
}

function show(problem) {
  Object.assign(form, { isOpen: true, problem });
  repaint();
}

function submit(event) {
  event.preventDefault();
  fetchFrom(form.text.trim());
}

async function fetchFrom(address) {
  if (place().name) go("");
  Object.assign(form, { isBusy: true, problem: "" });
  repaint();
  try {
    if (await isGood()) {
      await begin(address, wish().options);
      Object.assign(form, { text: "", isOpen: false });
    } else {
      Object.assign(form, { text: address, isOpen: true });
    }
  } catch (error) {
    console.warn(error);
    form.text = address;
    show(error.kind ? error.message : word("frame.broken"));
  }
  form.isBusy = false;
  repaint();
}

const isOffered = ({ dataTransfer }) =>
  !isOwn && imports.enabled && session.state === "in" && dataTransfer?.types.includes("text/uri-list") && !dataTransfer.types.includes("Files");
const isField = ({ target }) => target instanceof Element && target.closest("input:not([type=file]), textarea, [contenteditable]");

await styles(import.meta.url, "../uploads/rows.css");
await styles(import.meta.url, "./view.css");
onSession((state) => state === "out" && Object.assign(form, EMPTY)); // the next one may be somebody else
addEventListener("dragstart", () => (isOwn = true));
addEventListener("dragend", () => (isOwn = false));
addEventListener("dragover", (event) => isOffered(event) && !isField(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!isOffered(event) || isField(event)) return;
  event.preventDefault();
  const address = addressIn(event.dataTransfer.getData("text/uri-list"));
  if (address) fetchFrom(address);
});
addEventListener("paste", (event) => {
  if (!imports.enabled || session.state !== "in" || isField(event) || event.clipboardData?.files.length) return;
  const address = addressIn(event.clipboardData?.getData("text/plain") ?? "");
  if (!address) return;
  event.preventDefault();
  fetchFrom(address);
});
