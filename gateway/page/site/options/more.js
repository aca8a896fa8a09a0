/** The options that are folded away, in groups, each with a field for it; and the presets. See `form.js`. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { styles } from "../styles.js";
import { hasWord, isolated, number, word } from "../words.js";
import { change, choosePreset, chosen, fault, faultId, findPresets, folding, select, showProblem } from "./form.js";

const DAY = 86400;
let groups = new Map();

/** Load the list of options, and the style. */
export async function ready() {
  const [{ options }] = await Promise.all([api("options"), styles(import.meta.url, "./more.css")]);
  groups = Map.groupBy(options, ({ group }) => group);
}

/** All options but the format, in groups. */
export function moreOptions(state) {
  return html`${[...groups].map(([group, options]) => html`
    <details class="options-group" ?open=${state.groups[group]}>
      <summary @click=${folding(() => toggleGroup(state, group))}>${worded(`options.group.${group}`, group)} <span class="quiet">${inShort(state, options)}</span></summary>
      <div class="options-fields">${options.filter(({ name }) => name !== "format").map((option) => field(state, option))}</div>
    </details>`)}
    ${presets(state)}`;
}

/** Open the group that holds an option. */
export function openGroupOf(state, name) {
  for (const [group, options] of groups) if (options.some((each) => each.name === name)) state.groups[group] = true;
}

function toggleGroup(state, group) {
  state.groups[group] = !state.groups[group];
  repaint();
}

function field(state, option) {
  const { name, type, values, formats, minimum } = option;
  const label = worded(name === "quality" ? "options.quality.exactly" : `options.${name}`, name);
  const isOff = !formats.includes(state.effective.format);
  if (type === "boolean") return checkbox(state, option, label);
  if (values.length) return choice(state, option, label);
  if (name === "marks") return lines(state, option, label);
  const id = name === "quality" ? `${state.id}-quality-exactly` : `${state.id}-${name}`;
  const text = worded(`options.${name}.hint`, hasWord(`options.${name}`) ? "" : option.description);
  return html`<div class="options-field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} .value=${live(state.values[name] ?? asText(option, state.effective[name]))} autocomplete="off"
      inputmode=${(type === "integer" || type === "number") && minimum >= 0 ? "decimal" : nothing} dir=${type === "text" ? "auto" : nothing}
      maxlength=${option.longest ?? 60} placeholder=${worded(`options.${name}.empty`, "")} ?disabled=${isOff}
      aria-invalid=${state.faults[name] ? "true" : nothing} aria-describedby=${`${id}-hint ${id}-fault`}
      @input=${({ target }) => change(state, { [name]: target.value.trim() ? target.value : cleared(option) }, { pause: true })}>
    <p class="hint" id=${`${id}-hint`}>${isOff ? word("options.not_for", { format: state.effective.format }) : text}</p>
    ${fault(state, name, `${id}-fault`)}
  </div>`;
}

/** A text of several lines. */
function lines(state, { name, longest }, label) {
  const id = `${state.id}-${name}`;
  return html`<div class="options-field options-lines">
    <label for=${id}>${label}</label>
    <textarea id=${id} name=${name} rows="3" dir="auto" maxlength=${longest} placeholder=${worded(`options.${name}.empty`, "")}
      .value=${live(state.values[name] ?? state.effective[name])} aria-invalid=${state.faults[name] ? "true" : nothing}
      aria-describedby=${`${id}-hint ${id}-fault`} @input=${({ target }) => change(state, { [name]: target.value }, { pause: true })}></textarea>
    <p class="hint" id=${`${id}-hint`}>${worded(`options.${name}.hint`, "")}</p>
    ${fault(state, name, `${id}-fault`)}
  </div>`;
}

function checkbox(state, { name }, label) {
  const isOn = (state.values[name] ?? String(state.effective[name])) === "true";
  return html`<div class="options-field options-check">
    <label><input type="checkbox" id=${`${state.id}-${name}`} name=${name} .checked=${live(isOn)} aria-describedby=${faultId(state, name)}
      @change=${({ target }) => change(state, { [name]: String(target.checked) })}> ${label}</label>
    ${fault(state, name)}
  </div>`;
}

function choice(state, option, label) {
  const { name, type, values } = option;
  const all = type === "integer" ? ["", ...values.map(String)] : values;
  const labelled = (each) => worded(`options.${name}.${each || "none"}`, type === "integer" ? `${number(Number(each))} ${option.unit}` : each);
  const current = state.values[name] ?? String(state.effective[name] ?? "");
  return select(state, name, label, all, current, labelled, (each) => change(state, { [name]: each }));
}

/** What an empty field says: a tag is the video's own, another option is as if nothing was chosen anywhere. */
function cleared({ group, default: standard }) {
  return group === "tags" ? undefined : standard === null ? "" : String(standard);
}

/** A value as people write it: 1:30.5, 7d. What changes nothing is an empty field. */
function asText({ type }, value) {
  if (value === null || value === undefined || (type === "time" && value === 0)) return "";
  if (type === "span") return value && value % DAY === 0 ? `${value / DAY}d` : `${value}s`;
  if (type !== "time") return String(value);
  const minutes = Math.floor(value / 60);
  const seconds = String(Math.round((value - minutes * 60) * 1000) / 1000).replace(/^\d(?=$|\.)/, "0$&");
  return minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

function inShort(state, options) {
  const given = options.filter(({ name }) => name !== "format" && name in state.values);
  return given.map(({ name }) => worded(`options.${name}`, name)).join(", ");
}

function presets(state) {
  const id = `${state.id}-preset-name`;
  const isThere = state.presets.some(({ name }) => name === state.naming);
  return html`<div class="options-presets">
    <div class="options-field">
      <label for=${id}>${word("options.preset.save_as")}</label>
      <div class="row">
        <input id=${id} dir="auto" .value=${live(state.naming ?? "")} maxlength="60" autocomplete="off"
          aria-invalid=${state.faults.name ? "true" : nothing} aria-describedby=${faultId(state, "name")}
          @input=${({ target }) => { state.naming = target.value.trim(); repaint(); }}
          @keydown=${(event) => event.key === "Enter" && (event.preventDefault(), save(state))}>
        <button type="button" ?disabled=${!state.naming} @click=${() => save(state)}>${word(isThere ? "options.preset.replace" : "options.preset.save")}</button>
      </div>
      ${fault(state, "name")}
    </div>
    <div class="row">
      ${state.preset ? html`<button type="button" class="plain bad" @click=${() => remove(state)}>${word("options.preset.delete", { name: isolated(state.preset) })}</button>` : nothing}
      <button type="button" class="plain" @click=${() => keepAsDefaults(state)}>${word("options.defaults.keep")}</button>
      <button type="button" class="plain" @click=${() => choosePreset(state, "")}>${word("options.defaults.back")}</button>
      <button type="button" class="plain" @click=${() => forgetDefaults(state)}>${word("options.defaults.forget")}</button>
    </div>
    <p class="row quiet" role="status">${state.said}
      ${state.undo ? html`<button type="button" class="plain" @click=${state.undo}>${word("options.undo")}</button>` : nothing}</p>
  </div>`;
}

async function save(state) {
  const name = state.naming;
  if (!name) return;
  await done(state, async () => {
    const saved = await put(name, chosen(state));
    await findPresets(state);
    choosePreset(state, saved.name);
    Object.assign(state, { naming: "", said: word("options.preset.saved", { name: isolated(saved.name) }) });
  });
}

async function remove(state) {
  const name = state.preset;
  const { options } = state.presets.find((each) => each.name === name) ?? { options: {} };
  await done(state, async () => {
    await api(`presets/${encodeURIComponent(name)}`, { method: "DELETE" });
    await findPresets(state);
    choosePreset(state, "");
    const undo = () => done(state, async () => {
      await put(name, options);
      await findPresets(state);
      choosePreset(state, name);
    });
    Object.assign(state, { said: word("options.preset.deleted", { name: isolated(name) }), undo });
  });
}

async function keepAsDefaults(state) {
  await done(state, async () => {
    await api("preset", { method: "PUT", json: chosen(state) });
    choosePreset(state, "");
    state.said = word("options.defaults.kept");
  });
}

async function forgetDefaults(state) {
  await done(state, async () => {
    await api("preset", { method: "DELETE" });
    choosePreset(state, "");
    state.said = word("options.defaults.forgotten");
  });
}

function put(name, options) {
  return api(`presets/${encodeURIComponent(name)}`, { method: "PUT", json: options });
}

/** Do it; what the server has against it is said at the field, or in a sentence. */
async function done(state, deed) {
  try {
    await deed();
  } catch (problem) {
    if (problem.kind === "bad-options" && problem.fields.name) state.faults = problem.fields;
    else if (!showProblem(state, problem)) state.said = problem.message;
  }
  repaint();
}

function worded(key, otherwise) {
  return hasWord(key) ? word(key) : otherwise;
}
