/** Which mails about jobs come. A choice is kept as soon as it is made. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { api } from "../server/api.js";
import { word } from "../words.js";
import { deed, fetched } from "./fetched.js";

const chosen = fetched("preferences");
const choosing = deed();

export const mails = {
  open() {
    choosing.reset();
    return chosen.load();
  },
  close: chosen.forget,
  template: () => chosen.shown((value) => html`
    <fieldset><legend class="quiet">${word("account.mails.which")}</legend>
      ${["all", "failures", "none"].map((each) => html`<label class="choice">
        <input type="radio" name="mails" value=${each} .checked=${value.mails === each} @change=${() => choose(each)}>
        <span>${word(`account.mails.${each}`)}</span></label>`)}
    </fieldset>
    ${choosing.alert()}
    <p class="hint" role="status">${choosing.done ? word("account.mails.kept") : nothing}</p>`),
};

function choose(wanted) {
  return choosing.run(async () => {
    chosen.value = await api("preferences", { method: "PUT", json: { mails: wanted } });
  });
}
