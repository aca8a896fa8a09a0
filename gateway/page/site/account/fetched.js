/** What the server knows of the account: fetched when somebody comes to the place, forgotten when they leave it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { word } from "../words.js";

/** A part of the account by its path. `value` is null until it is known; `trouble` says why it is not. */
export function fetched(path) {
  const part = {
    value: null,
    trouble: "",
    async load() {
      part.trouble = "";
      try {
        part.value = await api(path);
      } catch (problem) {
        part.trouble = problem.message;
      }
      repaint();
    },
    forget() {
      part.value = null;
    },
    /** Show it by `template(value)`, or what went wrong. */
    shown(template) {
      if (part.trouble)
        return html`<p class="notice bad" role="alert">${part.trouble}</p>
          <button @click=${part.load}>${word("frame.try_again")}</button>`;
      return part.value === null ? nothing : template(part.value);
    },
  };
  return part;
}

/**
 * Something that a person asks for: `run(doing)` notes that it is under way, and the `problem` if it did not work;
 * `done` is true once it has.
 */
export function deed() {
  const it = {
    busy: false, problem: null, done: false,
    reset() { Object.assign(it, { busy: false, problem: null, done: false }); },
    async run(doing) {
      if (it.busy) return;
      Object.assign(it, { busy: true, problem: null, done: false });
      repaint();
      try {
        await doing();
        it.done = true;
      } catch (problem) {
        it.problem = problem;
      }
      it.busy = false;
      repaint();
    },
    /** What went wrong, as a sentence of its own. */
    alert: () => (it.problem ? html`<p class="notice bad" role="alert">${said(it.problem)}</p>` : nothing),
  };
  return it;
}

/** What went wrong; the name of the one field that a form has is left out. */
function said(problem) {
  return Object.values(problem.fields ?? {})[0] ?? problem.message;
}
