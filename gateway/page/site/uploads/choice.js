/** How the next uploads are converted: the form of options. The panel loads it after the first paint. */

import { approved, chosen, expectation, openOptions, optionsForm, optionsState } from "../options/form.js";

const options = optionsState({ remembered: "uploads" });

/** See `form.js`. */
export const open = () => openOptions(options);
export const template = () => optionsForm(options);
export const isGood = () => approved(options);

/** What was chosen, and how large its audio will be. */
export const wish = () => ({ options: chosen(options), expects: expectation(options) });
