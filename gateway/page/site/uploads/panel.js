/** Where videos are dropped, and those on their way in. */

import { html } from "../vendor/lit-html/lit-html.js";
import { word } from "../words.js";

export const uploadPanel = {
  open: () => () => {},
  template: () => html`<section aria-label=${word("uploads.drop")}>
    <h1>${word("uploads.drop")}</h1>
    <input type="file" multiple aria-label=${word("uploads.drop")}>
  </section>`,
};
