/**
 * The options of a conversion, as a person chooses them: format and quality first, the rest folded away in `more.js`.
 *
 *   const options = optionsState({ remembered: "uploads" });   // once, outside of templates
 *   openOptions(options);                                      // when its place is opened
 *   html`${optionsForm(options, { seconds })}`                 // in the place's template
 *   if (await approved(options)) send(chosen(options));        // before anything is sent
 *   const expects = expectation(options); expects(seconds);    // bytes of the audio, for a recording of this length
 *   showProblem(options, problem);                             // if the server refuses options all the same
 *
 * The server is the only judge: after each change it is asked what the choice amounts to (`POST /options/check`), and
 * its answer is what the fields show. `values` holds only what the person has chosen here.
 */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { repaint } from "../paint.js";
import { api, sentence } from "../server/api.js";
import { onSession, session } from "../server/session.js";
import { styles } from "../styles.js";
import { bytes, clock, hasWord, number, word } from "../words.js";

const FORMATS = ["mp3", "m4a", "opus", "ogg", "flac", "wav"];
/** Qualities by the names that people have for them. Lossless formats have none. */
const STEPS = {
  mp3: { small: "V6", good: "", best: "V0", source: "source" },
  m4a: { small: "96k", good: "", best: "256k", source: "source" },
  opus: { small: "64k", good: "", best: "192k", source: "source" },
  ogg: { small: "V7", good: "", best: "V1", source: "source" },
};
/** What is chosen for one video is not remembered for the next. */
const FOR_ONE_VIDEO = new Set(["start", "end", "marks", "cover_at", "track", "title", "artist", "album", "date", "comment"]);
const PAUSE = 400; // milliseconds without a key before the server is asked
let forms = 0;

await styles(import.meta.url, "./form.css");

/**
 * Make the state of one form. @param {{remembered?: string, values?: Object<string, string>}} how `remembered`: the
 * name under which the last choice is kept for this account, in this browser; `values`: what to begin with.
 */
export function optionsState({ remembered = "", values = {} } = {}) {
  return {
    id: `options-${(forms += 1)}`, account: null, remembered, given: values, values: { ...values }, preset: "", presets: [],
    effective: { format: "mp3", quality: "", start: 0, end: null, speed: 1, ...values },
    rate: undefined, faults: {}, turn: 0, timer: 0, unfolded: false, more: null, groups: {}, said: "", undo: null,
  };
}

/** Begin: remember the last choice, ask for presets, and for what the choice amounts to. Returns what ends it. */
export function openOptions(state) {
  const begin = () => session.state === "in" && start(state);
  begin();
  return onSession(begin);
}

/** What was chosen, by name: for a query, for JSON, or for the metadata of an upload. All values are texts. */
export function chosen(state) {
  return state.preset ? { preset: state.preset, ...state.values } : { ...state.values };
}

/** Ask the server now. True if it takes the choice, else the first fault is shown, and its field has the focus. */
export async function approved(state) {
  await judged(state);
  if (Object.keys(state.faults).length === 0) return true;
  await reveal(state);
  return false;
}

/** Show at their fields what a request was refused for. Returns false if the problem is not about options. */
export function showProblem(state, problem) {
  if (problem.kind !== "bad-options") return false;
  state.faults = problem.fields;
  reveal(state);
  return true;
}

/** How large the audio will be, by the options as they are now: a function of the recording's seconds; null: unknown. */
export function expectation({ rate, effective: { start, end, speed } }) {
  return (seconds) => (rate && seconds ? rate * heard({ start, end, speed }, seconds) : null);
}

/** Choose: `change(options, { format: "opus", quality: undefined })`; undefined takes a choice back. */
export function change(state, changes, { pause = false } = {}) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete state.values[name];
    else state.values[name] = value;
    delete state.faults[name];
  }
  Object.assign(state, { said: "", undo: null });
  clearTimeout(state.timer);
  if (pause) state.timer = setTimeout(() => judged(state), PAUSE);
  else judged(state);
  repaint();
}

/** Begin anew from a preset, or from the account's defaults. */
export function choosePreset(state, name) {
  Object.assign(state, { preset: name, values: {}, faults: {} });
  change(state, {});
}

/**
 * The form. @param {{seconds?: number | null, legend?: string}} about `seconds`: the length of what will be converted,
 * if it is known; `legend`: the form's name for screen readers.
 */
export function optionsForm(state, { seconds = null, legend = word("options.legend") } = {}) {
  const { format } = state.effective;
  return html`<fieldset class="options">
    <legend class="unseen">${legend}</legend>
    <div class="options-first">
      ${select(state, "format", word("options.format"), FORMATS, format, (each) => word(`options.format.${each}`), (each) => chooseFormat(state, each))}
      ${STEPS[format] ? qualities(state) : html`<p class="options-lossless">${word("options.lossless")}</p>`}
      ${state.presets.length ? select(state, "preset", word("options.preset"), ["", ...state.presets.map(({ name }) => name)], state.preset,
        (name) => name || word("options.preset.none"), (name) => choosePreset(state, name)) : nothing}
      <output class="options-size number" for=${`${state.id}-format`}>${expected(state, seconds)}</output>
    </div>
    <details class="options-more" ?open=${state.unfolded}>
      <summary @click=${folding(() => unfold(state, !state.unfolded))}>${word("options.more")} <span class="quiet">${summary(state)}</span></summary>
      ${state.unfolded && state.more ? state.more.moreOptions(state) : nothing}
    </details>
  </fieldset>`;
}

/** What is wrong with an option, to be shown at its field, which is described by `faultId(state, name)`. */
export function fault(state, name, id = faultId(state, name)) {
  return html`<p class="wrong" id=${id} aria-live="polite" ?hidden=${!state.faults[name]}>${state.faults[name] ?? nothing}</p>`;
}

/** The id of that text. */
export function faultId(state, name) {
  return `${state.id}-${name}-fault`;
}

/** A select for one option. `labelled(value)` is a value in words, `choose(value)` is called with the one that is chosen. */
export function select(state, name, label, values, current, labelled, choose) {
  const shown = values.includes(current) ? values : [...values, current];
  return html`<div class="options-field">
    <label for=${`${state.id}-${name}`}>${label}</label>
    <select id=${`${state.id}-${name}`} name=${name} aria-invalid=${state.faults[name] ? "true" : nothing}
      aria-describedby=${faultId(state, name)} @change=${({ target }) => choose(shown[target.selectedIndex])}>
      ${shown.map((each) => html`<option value=${each} dir="auto" .selected=${live(each === current)}>${labelled(each)}</option>`)}
    </select>
    ${fault(state, name)}
  </div>`;
}

/** Let the state decide what is open: a browser would tell of it only after the next repaint. */
export function folding(toggle) {
  return (event) => {
    event.preventDefault();
    toggle();
  };
}

/** Fold or unfold what is not shown at first. */
async function unfold(state, open) {
  if (state.unfolded === open) return;
  state.unfolded = open;
  try {
    const more = open ? await import("./more.js") : null;
    await more?.ready();
    state.more = more ?? state.more;
  } catch (error) {
    state.unfolded = false; // it can be tried again
    console.warn(error);
  }
  repaint();
}

/** Ask for the presets again. */
export async function findPresets(state) {
  state.presets = (await api("presets")).items;
  repaint();
}

async function start(state) {
  const isNew = state.account !== session.account;
  if (isNew) {
    const { preset = "", values = {} } = remembered(state) ?? {};
    const chosenBefore = state.account === null ? state.values : state.given; // perhaps before it was known who this is
    const begun = { ...values, ...chosenBefore };
    Object.assign(state, { account: session.account, preset, values: begun, presets: [], faults: {}, said: "", undo: null });
    Object.assign(state.effective, begun);
  }
  await judged(state);
  if (isNew && Object.keys(state.faults).length) { // the preset was deleted, the server replaced by another version
    if (state.faults.preset) state.preset = "";
    for (const name of Object.keys(state.faults)) delete state.values[name];
    await judged(state);
  }
  await findPresets(state).catch(() => {});
}

/** Ask the server what the choice amounts to. What it cannot answer now it will say when something is sent. */
async function judged(state) {
  clearTimeout(state.timer);
  const turn = (state.turn += 1);
  try {
    const { options, bytes_per_second: rate, faults } = await api("options/check", { method: "POST", json: chosen(state) });
    if (turn !== state.turn) return;
    state.faults = Object.fromEntries(faults.map(({ name, detail }) => [name, sentence(detail)]));
    if (options) {
      Object.assign(state, { effective: { ...options, ...options.tags }, rate });
      remember(state);
    }
  } catch {
    if (turn === state.turn) state.faults = {};
  }
  repaint();
}

function chooseFormat(state, format) {
  const before = STEPS[state.effective.format] ?? {};
  const step = Object.keys(before).find((each) => before[each] === state.effective.quality);
  state.effective.format = format;
  change(state, { format, quality: step && STEPS[format] ? STEPS[format][step] : undefined });
}

function qualities(state) {
  const { format, quality } = state.effective;
  const steps = STEPS[format];
  const labelled = (each) => {
    const step = Object.keys(steps).find((name) => steps[name] === each);
    return step ? word(`options.quality.${step}`) : qualityInWords(each);
  };
  const current = state.values.quality ?? quality;
  return select(state, "quality", word("options.quality"), Object.values(steps), current, labelled, (each) => change(state, { quality: each }));
}

/** A quality that is no step: 96 kbit/s, or V4. */
function qualityInWords(quality) {
  return /^\d+k$/i.test(quality) ? `${number(parseInt(quality, 10))} kbit/s` : quality;
}

function expected(state, seconds) {
  const { rate, effective } = state;
  if (rate === undefined) return "";
  if (rate === null) return word("options.size.source");
  if (!seconds) return word("options.size.minute", { size: bytes(rate * 60) });
  return word("options.size", { size: bytes(expectation(state)(seconds)), length: clock(heard(effective, seconds)) });
}

/** The seconds of the audio. */
function heard({ start, end, speed }, seconds) {
  return Math.max(0, Math.min(end ?? seconds, seconds) - start) / speed;
}

function summary(state) {
  const names = Object.keys(state.values).filter((name) => name !== "format" && name !== "quality");
  return names.map((name) => (hasWord(`options.${name}`) ? word(`options.${name}`) : name)).join(", ");
}

/** Unfold what holds an option, else the first fault, and lead there. */
export async function reveal(state, first = Object.keys(state.faults)[0]) {
  if (!["preset", "format", "quality"].includes(first)) {
    await unfold(state, true);
    state.more?.openGroupOf(state, first); // it may not be there without a connection
  }
  repaint();
  requestAnimationFrame(() => document.getElementById(`${state.id}-${first}`)?.focus());
}

function keyOf(state) {
  return `tonearm.options.${state.remembered}.${session.account}`;
}

function remembered(state) {
  try {
    return state.remembered ? JSON.parse(localStorage.getItem(keyOf(state))) : null;
  } catch {
    return null; // somebody else has written there
  }
}

function remember(state) {
  if (!state.remembered || !session.account) return;
  const values = Object.fromEntries(Object.entries(state.values).filter(([name]) => !FOR_ONE_VIDEO.has(name)));
  localStorage.setItem(keyOf(state), JSON.stringify({ preset: state.preset, values }));
}
