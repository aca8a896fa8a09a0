/**
 * Short notes at the page's edge, with perhaps one thing to do about them. They stand outside of what is painted, so
 * that a screen reader tells of them and of nothing else. Ctrl+Z does what the newest one offers.
 */

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { onSession, session } from "../server/session.js";
import { icon } from "./icon.js";
import { styles } from "../styles.js";
import { word } from "../words.js";

const AWHILE = 8000; // ms

let notes = [];
let numbers = 0;
const region = Object.assign(document.createElement("div"), { className: "toasts" });
const voice = Object.assign(document.createElement("div"), { className: "unseen" });
region.setAttribute("role", "status");
voice.setAttribute("role", "status");
document.body.append(region, voice);
styles(import.meta.url, "./toasts.css");

/**
 * Show a note to who is signed in, for a while; for longer while somebody is at it. `action` is done when its button,
 * `label`, is pressed; `over` when the note goes without that. Returns what makes it go at once.
 */
export function toast(text, { label, action, over = () => {}, bad = false } = {}) {
  if (session.state === "out") return () => {};
  const note = { number: (numbers += 1), text, label, bad, timer: null, from: null };
  note.act = () => {
    drop(note);
    action();
    if (note.from?.isConnected) note.from.focus();
  };
  note.go = () => { if (drop(note)) over(); };
  notes = [...notes, note];
  hurry(note);
  draw();
  return note.go;
}

/** Take all away, undone and not over: they tell of what was somebody's who is here no more. */
function clear() {
  notes.forEach(drop);
}

/** Tell something to who hears the page. */
export function say(text) {
  voice.textContent = text;
}

function hurry(note) {
  clearTimeout(note.timer);
  note.timer = setTimeout(note.go, AWHILE);
}

function drop(note) {
  clearTimeout(note.timer);
  const was = notes.includes(note);
  notes = notes.filter((each) => each !== note);
  draw();
  return was;
}

function draw() {
  const stay = (note) => ({ relatedTarget }) => {
    clearTimeout(note.timer);
    if (relatedTarget && !region.contains(relatedTarget)) note.from = relatedTarget;
  };
  const go_on = (note) => () => notes.includes(note) && hurry(note);
  render(repeat(notes, (note) => note.number, (note) => html`
    <div class=${note.bad ? "toast bad" : "toast"} @pointerenter=${stay(note)} @pointerleave=${go_on(note)} @focusin=${stay(note)} @focusout=${go_on(note)}>
      <p dir="auto">${note.text}</p>
      ${note.label ? html`<button class="plain" aria-keyshortcuts="Control+Z Meta+Z" @click=${note.act}>${note.label}</button>` : nothing}
      <button class="plain toast-close" aria-label=${word("frame.close")} @click=${note.go}>${icon("x")}</button>
    </div>`), region);
}

addEventListener("keydown", (event) => {
  const note = notes.findLast(({ label }) => label);
  const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isUndo || !note || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  event.preventDefault();
  note.act();
});
onSession((state) => state === "out" && clear());
