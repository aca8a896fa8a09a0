/** The uploads as a person sees them: what is said at the panel, the total, a row for each file. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { bytes, number, span, word } from "../words.js";
import { chosenFrom } from "./given.js";
import { speed } from "./pace.js";
import { isOver, isUnderWay, total } from "./queue.js";
import { cancel, dismiss, giveAgain, openAgain, pause, resume, uploads } from "./uploads.js";

/** Rows of files that only wait, and are shown. */
const SHOWN = 20;
const CALLS = { waiting: "pause", uploading: "pause", offline: "pause", paused: "resume", failed: "retry", refused: "retry" };
/** Ways that are there all the time; the others are what a person needs now. */
const QUIET = new Set(["pause", "cancel", "remove"]);
const ACTS = { pause, resume, retry: resume };

export function uploadRows() {
  const { queue, notices, heard } = uploads();
  const shown = withoutMany(queue.uploads);
  const hidden = queue.uploads.length - shown.length;
  return html`
    <div class="unseen" role="log" aria-label=${word("uploads.title")}>
      ${heard.map(({ key, name }) => html`<p>${word(key, { name })}</p>`)}</div>
    ${notices.length ? html`<div class="uploads-notices">${notices.map((notice) => html`<p class="notice row apart">
      <span>${word(notice.key, notice.values)}</span>
      <button class="plain" @click=${() => dismiss(notice)}>${word("uploads.dismiss")}</button></p>`)}</div>` : nothing}
    ${queue.uploads.length ? html`<section class="uploads" aria-label=${word("uploads.title")}>
      ${sum(queue)}
      <ul role="list">${repeat(shown, ({ id }) => id, (upload) => row(upload, queue))}</ul>
      ${hidden ? html`<p class="quiet">${word("uploads.more", { count: hidden })}</p>` : nothing}
    </section>` : nothing}`;
}

/** The total, as long as more than one file is on its way. */
function sum(queue) {
  const { sent, size, done, count, percent } = total(queue);
  if (count < 2 || !isUnderWay(queue)) return nothing;
  const pace = queue.uploads.reduce((all, each) => all + (each.state === "uploading" ? speed(each.pace) : 0), 0);
  return html`<div class="upload-total">
    <div class="row apart"><strong>${word("uploads.total", { done, count })}</strong>
      <span class="number quiet">${line([percentOf(percent), ...going(size - sent, pace)])}</span></div>
    <progress max="100" value=${percent} aria-label=${word("uploads.title")}></progress>
  </div>`;
}

function row(upload, queue) {
  const { id, name, size, sent, state } = upload;
  const percent = size ? Math.floor((100 * sent) / size) : 0;
  const isStill = isOver(state) || state === "done" || (state === "waiting" && !sent);
  return html`<li class="upload" data-upload-id=${id} data-state=${state}>
    <div class="row apart upload-head"><bdi class="upload-name">${name}</bdi>
      <span class="number quiet">${isStill ? bytes(size) : percentOf(percent)}</span></div>
    ${isStill ? nothing : html`<progress max="100" value=${percent} aria-label=${name}></progress>`}
    <div class="row apart">
      <div class="upload-told">${told(upload, queue)}</div>
      <div class="row upload-ways">${ways(upload)}</div>
    </div>
  </li>`;
}

/** The sentence at a file: how it goes, or why it does not. */
function told({ state, size, sent, reason, note, pace, becomes }, queue) {
  const at = html`<span class="number">${line([word("uploads.sent", { sent: bytes(sent), size: bytes(size) }),
    ...(state === "uploading" ? going(size - sent, speed(pace)) : []),
    ...(becomes ? [word("options.becomes", { size: bytes(becomes) })] : [])])}</span>`;
  const why = reason ? say(reason) : "";
  const noted = note ? html`<span>${say(note)}</span>` : nothing;
  switch (state) {
    case "uploading":
      return html`${at} ${noted}`;
    case "waiting":
      return html`<span>${why || word("uploads.waits")} ${heldFor(queue, reason)}</span> ${noted}`;
    case "failed":
    case "refused":
      return html`<span class="upload-bad">${why || word("uploads.failed")}</span>`;
    case "offline":
      return html`<span class="upload-bad">${why || word("uploads.offline")}</span> ${at}`;
    case "interrupted":
      return html`<span>${why || word("uploads.interrupted")}</span> ${noted}`;
    default:
      return html`<span>${word(`uploads.${state}`)}</span> ${state === "paused" ? at : nothing}`;
  }
}

function ways({ id, name, state, isHopeless, handle }) {
  const button = (key, act) => html`<button class=${QUIET.has(key) ? "plain" : nothing} aria-label=${word("uploads.act", { act: word(`uploads.${key}`), name })} @click=${act}>
    ${word(`uploads.${key}`)}</button>`;
  const way = isHopeless ? null : CALLS[state];
  return html`
    ${way ? button(way, () => ACTS[way](id)) : nothing}
    ${state === "interrupted" ? (handle ? button("resume", () => openAgain(id))
      : button("again", () => chosenFrom({}, ({ files }) => giveAgain(id, files[0].file)))) : nothing}
    ${state === "done" ? nothing : button(isOver(state) ? "remove" : "cancel", (event) => leave(event, () => cancel(id)))}`;
}

/** Take a row away, and leave the keyboard at the next one. */
function leave({ currentTarget }, act) {
  const own = currentTarget.closest("li");
  const next = own.nextElementSibling ?? own.previousElementSibling;
  const target = next?.querySelector("button:last-of-type") ?? document.getElementById("upload-input");
  act();
  target.focus();
}

function withoutMany(all) {
  let waiting = 0;
  return all.filter(({ state }) => state !== "waiting" || waiting++ < SHOWN);
}

function going(left, pace) {
  return pace ? [word("uploads.speed", { speed: bytes(pace) }), word("uploads.left", { time: span(left / pace) })] : [];
}

function heldFor({ heldUntil }, reason) {
  const seconds = (heldUntil - Date.now()) / 1000;
  return reason && seconds > 0 ? word("uploads.held", { time: span(Math.ceil(seconds)) }) : "";
}

function say({ text, key, bytes: sizes = {}, ...values }) {
  return text ?? word(key, { ...values, ...Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, bytes(size)])) });
}

function percentOf(percent) {
  return number(percent / 100, { style: "percent" });
}

function line(parts) {
  return parts.join(" · ");
}
