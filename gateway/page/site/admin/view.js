/** The administration: five places under `#/admin`. Only administrators see it; the API refuses all others, too. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { onSession, session } from "../server/session.js";
import { styles } from "../styles.js";
import { hasWord, word } from "../words.js";
import { accounts } from "./accounts.js";
import { jobs } from "./jobs.js";
import { overview } from "./overview.js";
import { parked } from "./parked.js";
import { tail } from "./tail.js";

const PARTS = { "": overview, jobs, parked, accounts, events: tail };

let part = null;

await styles(import.meta.url, "./admin.css");

const isAdmin = () => session.roles.includes("admin");

export const view = {
  title: () => word("frame.admin"),
  open(place) {
    part = place.rest[0] ?? "";
    let close = null;
    const begin = () => {
      if (isAdmin()) close ??= PARTS[part]?.open(place);
    };
    begin();
    const forget = onSession(begin); // after a reload nobody knows the roles yet
    return () => { forget(); close?.(); };
  },
  template() {
    if (session.state === "unknown") return nothing;
    if (!isAdmin() || !PARTS[part])
      return html`<h1>${word("frame.nowhere")}</h1><p><a href="#/">${word("frame.back_home")}</a></p>`;
    return html`<h1>${word("frame.admin")}</h1>
      <nav class="admin-ways" aria-label=${word("frame.admin")}>${Object.keys(PARTS).map(way)}</nav>
      <div class="admin-part">${PARTS[part].template()}</div>`;
  },
};

function way(name) {
  const key = `admin.way.${name || "overview"}`;
  const address = name ? `#/admin/${name}` : "#/admin";
  return html`<a href=${address} aria-current=${name === part ? "page" : nothing}>${hasWord(key) ? word(key) : name}</a>`;
}
