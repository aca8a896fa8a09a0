/** Who is signed in. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { moment, word } from "../words.js";
import { fetched } from "./fetched.js";

/** `GET /account`, which other sections read, too. */
export const account = fetched("account");

export const holder = {
  open: account.load,
  close: account.forget,
  template: () => account.shown(({ email, created, roles, providers }) => html`
    <p class="email"><bdi>${email}</bdi></p>
    <p class="quiet">${word("account.since", { time: moment(created) })}
      ${roles.includes("admin") ? word("account.is_admin") : nothing}
      ${providers.length ? word("account.providers", { names: providers.join(", ") }) : nothing}</p>`),
};
