/** Pictures beside words. They say nothing by themselves: a screen reader passes them by. */

import { html } from "../vendor/lit-html/lit-html.js";

/** @param {string} name of the picture in `vendor/lucide` */
export function icon(name) {
  return html`<svg class="icon" aria-hidden="true"><use href=${new URL(`./icons.svg#${name}`, import.meta.url).href}></use></svg>`;
}
