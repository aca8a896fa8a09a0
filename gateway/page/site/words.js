/**
 * What a person reads, in their language. Each language is one file in `words/`, with the same keys; the gateway
 * lists the files in the page itself, so another language is another file and nothing else.
 *
 * The gateway serves each in two parts: what the first load says, and the rest, which is loaded when the first of its
 * messages is asked for.
 *
 * A message may have places for values, `{name}`, and forms for numbers: `{one: "{count} job", other: "{count} jobs"}`.
 */

import { repaint } from "./paint.js";

const LANGUAGES = document.documentElement.dataset.languages.split(" ");
const CHOSEN = "tonearm.language";

let messages = {};
let later = null;
let isWhole = false;
let language = "en";
let plural = new Intl.PluralRules("en");

/** Load the words of the language that was chosen, or that the browser likes best. */
export async function loadWords() {
  const liked = [localStorage.getItem(CHOSEN), ...navigator.languages].filter(Boolean);
  language = liked.map((tag) => tag.split("-")[0]).find((tag) => LANGUAGES.includes(tag)) ?? "en";
  messages = (await import(`./words/${language}.js`)).default;
  const wasWhole = isWhole;
  [later, isWhole] = [null, false];
  if (wasWhole) await allWords();
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

/** Load what the first load has no words for. A place that comes later waits for it. */
export function allWords() {
  const asked = language;
  return (later ??= import(`./words/${asked}.later.js`).then((found) => {
    if (asked !== language) return;
    messages = { ...messages, ...found.default };
    isWhole = true;
    repaint();
  }, (error) => {
    later = null; // without a connection: asked for again with the next message
    throw error;
  }));
}

/** The message of a key. One that is not there yet is fetched, and is empty until then. */
function messageOf(key) {
  if (key in messages || isWhole) return messages[key];
  allWords().catch(() => {});
  return "";
}

/** Choose a language, for this browser. */
export async function chooseLanguage(tag) {
  localStorage.setItem(CHOSEN, tag);
  await loadWords();
}

/** @returns {{tag: string, name: string}[]} the languages there are, each by its own name */
export function languages() {
  return LANGUAGES.map((tag) => ({ tag, name: new Intl.DisplayNames(tag, { type: "language" }).of(tag) }));
}

/** The tag of the language in use, for `Intl`. */
export function currentLanguage() {
  return language;
}

const formats = new Map();

/** A format of `Intl` in the language in use, as the browser's country writes it: `format("NumberFormat", {…})`. It is dear to make, so it is made once. */
export function format(kind, options) {
  const key = kind + language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl[kind](navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language, options));
  return formats.get(key);
}

/** Say a message: `word(key, {count: 3})`. A key that is missing is shown as it is, to be seen. */
export function word(key, values = {}) {
  const found = messageOf(key) ?? key;
  const text = typeof found === "string" ? found : (found[plural.select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    typeof values[name] === "number" ? number(values[name]) : (values[name] ?? whole));
}

/** A name for a message: it cannot turn the direction of what stands around it. */
export function isolated(name) {
  return `\u2068${name}\u2069`;
}

/** True if there is a message of this key. */
export function hasWord(key) {
  return Boolean(messageOf(key));
}

/** A number as people write it here. */
export function number(value, options = {}) {
  return format("NumberFormat", options).format(value);
}

/** A size: 3.4 MB. */
export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** step;
  return number(value, {
    style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: value < 10 && step ? 1 : 0,
  });
}

/** A length of time as players show it: 4:07, 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, at) => (at ? String(part).padStart(2, "0") : String(part))).join(":");
}

/** A span in words, roughly: 40 sec, 3 min, 2 hr. */
export function span(seconds) {
  const [unit, length] = unitOf(seconds);
  return number(Math.round(seconds / length), { style: "unit", unit, unitDisplay: "short" });
}

/** Two spans as a range, roughly: 20–40 sec; 0 to 3 min is ≤3 min. */
export function spans(least, most) {
  const [unit, length] = unitOf(most);
  const [from, to] = [Math.round(least / length), Math.max(1, Math.round(most / length))];
  const said = format("NumberFormat", { style: "unit", unit, unitDisplay: "short" });
  if (from === to) return said.format(to);
  return from === 0 ? `≤\u202f${said.format(to)}` : said.formatRange(from, to);
}

function unitOf(seconds) {
  return seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : seconds < 172800 ? ["hour", 3600] : ["day", 86400];
}

/** A moment: today its time, else its date and time. @param {string | Date} time */
export function moment(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return format("DateTimeFormat", { timeStyle: "short", ...(today ? {} : { dateStyle: "medium" }) }).format(at);
}
