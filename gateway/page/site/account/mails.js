/** Which mails about jobs come, and what link they have. A choice is kept as soon as it is made. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const chosen = fetched("preferences");
const choosing = deed();
/** What was chosen last, until it is kept; null: nothing is under way. */
let wanted = null;

export const mails = {
  open() {
    choosing.reset();
    return chosen.load();
  },
  close: chosen.forget,
  template: () => chosen.shown((value) => html`
    <fieldset><legend class="quiet">${word("account.mails.which")}</legend>
      ${["all", "failures", "none"].map((each) => html`<label class="choice">
        <input type="radio" name="mails" value=${each} .checked=${live((wanted ?? value).mails === each)} @change=${() => choose({ mails: each })}>
        <span>${word(`account.mails.${each}`)}</span></label>`)}
      <label class="choice"><input type="checkbox" name="links" .checked=${live((wanted ?? value).links)} @change=${({ target }) => choose({ links: target.checked })}>
        <span>${word("account.mails.links")}</span></label>
    </fieldset>
    ${choosing.alert()}
    <p class="hint" role="status">${choosing.done ? word("account.mails.kept") : nothing}</p>`),
};

/** Keep a choice. Another one that is made meanwhile is kept after it. */
function choose(choice) {
  wanted = { ...(wanted ?? chosen.value), ...choice };
  return choosing.run(async () => {
    try {
      while (wanted !== null) await keep(wanted);
    } finally {
      wanted = null;
    }
  });
}

async function keep(choice) {
  chosen.value = await api("preferences", { method: "PUT", json: choice });
  if (wanted === choice) wanted = null;
}
