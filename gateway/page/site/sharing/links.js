/** Links that are good now, as rows: the address with a button that copies it, until when, and the way to end it. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { icon } from "../look/icon.js";
import { repaint } from "../paint.js";
import { styles } from "../styles.js";
import { clock, moment, word } from "../words.js";

await styles(import.meta.url, "./links.css");

/** The id of the link whose address was copied last. */
let copied = "";

/**
 * @param links as the server lists them
 * @param {{end: (link) => void, busy: boolean, named?: (link) => unknown}} how `named` stands before each
 */
export function linkRows(links, { end, busy, named = () => nothing }) {
  return html`<ul role="list" class="links">${repeat(links, (each) => each.link_id, (link) => html`<li>
    <div class="links-told">${named(link)}<span class="quiet">${told(link)}</span></div>
    <div class="row">
      <input class="links-address" readonly aria-label=${word("sharing.address")} .value=${link.url} @focus=${({ target }) => target.select()}>
      <button @click=${(event) => copy(event, link)}>${icon(copied === link.link_id ? "check" : "copy")}${word(copied === link.link_id ? "sharing.copied" : "sharing.copy")}</button>
      <button class="plain" ?disabled=${busy} @click=${() => end(link)}>${word("sharing.end")}</button>
    </div>
  </li>`)}</ul>
  <p class="unseen" role="status">${copied ? word("sharing.copied") : nothing}</p>`;
}

function told({ start, end, expires, mailed }) {
  const part = start === null ? word("sharing.whole") : word("job.part", { from: clock(start), to: clock(end) });
  return [part, word("sharing.until", { time: moment(expires) }), ...(mailed ? [word("sharing.mailed")] : [])].join(" · ");
}

/** Copy an address. Where a page may not (plain HTTP), it is selected, and the keyboard copies it. */
async function copy({ currentTarget }, link) {
  currentTarget.closest(".row").querySelector("input").select();
  try {
    await navigator.clipboard.writeText(link.url);
    copied = link.link_id;
  } catch {
    copied = "";
  }
  repaint();
}
