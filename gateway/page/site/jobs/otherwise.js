/** The videos of many jobs once more, with other options: a dialog with the form. */

import { html } from "../vendor/lit-html/lit-html.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { approved, chosen, openOptions, optionsForm, optionsState } from "../options/form.js";
import { repaint } from "../paint.js";
import { word } from "../words.js";
import { outputs } from "./deeds.js";

export class Otherwise {
  options = optionsState();
  #dialog = null;
  #end;

  /** @param {() => void} onMade @param {() => void} onClosed made or not */
  constructor(ids, onMade, onClosed) {
    Object.assign(this, { ids, onMade, onClosed });
    this.#end = openOptions(this.options);
  }

  template() {
    return html`<dialog class="jobs-otherwise" aria-labelledby="otherwise-title" ${ref(this.#show)} @close=${this.#over}>
      <form novalidate @submit=${this.#make}>
        <h2 id="otherwise-title">${word("jobs.otherwise.title", { count: this.ids.length })}</h2>
        ${optionsForm(this.options)}
        <div class="row">
          <button class="primary">${word("jobs.otherwise.make")}</button>
          <button type="button" class="plain" @click=${() => this.#dialog.close()}>${word("jobs.otherwise.drop")}</button>
        </div>
      </form></dialog>`;
  }

  /** A dialog can be opened only when it is in the page: from the next moment on. Where no job is left it is taken out. */
  #show = (dialog) => {
    if (!dialog) return this.#over();
    this.#dialog = dialog;
    requestAnimationFrame(() => dialog.isConnected && !dialog.open && dialog.showModal());
  };

  #over = () => {
    this.#end?.();
    if (this.#end) this.onClosed();
    this.#end = null;
  };

  #make = async (event) => {
    event.preventDefault();
    if (!(await approved(this.options)) || !this.#dialog.open) return;
    this.#dialog.close();
    this.onMade();
    outputs(this.ids, chosen(this.options));
    repaint();
  };
}
