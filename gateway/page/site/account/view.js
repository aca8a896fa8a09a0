/** One's account: who one is, what one uses, what is signed in, and the end of it all. */

import { html } from "../vendor/lit-html/lit-html.js";
import { styles } from "../styles.js";
import { word } from "../words.js";
import { erasing } from "./erasing.js";
import { feeds } from "./feeds.js";
import { holder } from "./holder.js";
import { hooks } from "./hooks.js";
import { keys } from "./keys.js";
import { mails } from "./mails.js";
import { password } from "./password.js";
import { sessions } from "./sessions.js";
import { shared } from "./shared.js";
import { usage } from "./usage.js";

const SECTIONS = { holder, usage, shared, feeds, sessions, keys, hooks, password, mails, erasing };

await styles(import.meta.url, "./account.css");

export const view = {
  open() {
    for (const section of Object.values(SECTIONS)) section.open?.();
    return () => {
      for (const section of Object.values(SECTIONS)) section.close?.();
    };
  },
  title: () => word("account.title"),
  template: () => html`<div class="account">
    <h1>${word("account.title")}</h1>
    ${Object.entries(SECTIONS).map(([name, section]) => html`
      <section aria-labelledby="account-${name}">
        <h2 id="account-${name}">${word(`account.${name}`)}</h2>
        ${section.template()}
      </section>`)}
  </div>`,
};
