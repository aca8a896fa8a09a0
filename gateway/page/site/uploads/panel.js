/** Where videos are dropped, pasted and chosen. The rest of uploads is loaded when there is something to upload. */

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { icon } from "../look/icon.js";
import { repaint } from "../paint.js";
import { go, place } from "../places.js";
import { Offline } from "../server/api.js";
import { findSession, onSession, session } from "../server/session.js";
import { word } from "../words.js";
import { chosenFrom, chosenIn, givenBy, joined } from "./given.js";
import { isRemembered } from "./ongoing.js";

/** The code that uploads, and how its rows are drawn, as soon as they are needed. */
let loaded = null;
let rows = () => nothing;
let isUsed = () => false;

/** What becomes of the next uploads. */
let choice = null;
/** Videos that the server fetches from an address. */
let imports = null;
/** All that was given and waits: `said` why, and the key of the `way` on. Of `account`; "" while nobody knows whose it is. */
let held = null;
let account = session.account;
const NOTHING = { files: [], folders: [] };

const target = Object.assign(document.createElement("div"), { className: "drop-target", hidden: true });

export const uploadPanel = {
  /** Go on with what a closed tab has left. */
  open() {
    if (isRemembered()) load().then(repaint, () => {});
    const opened = choosing().then(({ open }) => open());
    opened.catch(console.warn); // without a connection; it is tried again when something is given
    opened.then(() => import("../imports/view.js")).then((part) => { imports = part; repaint(); }, () => {});
    return () => opened.then((close) => close(), () => {});
  },
  /** @param {boolean} isSmall what else is here matters more than the place to drop */
  template: (isSmall = false) => html`
    <section class=${isSmall || isUsed() ? "drop small" : "drop"} aria-labelledby="drop-title">
      ${icon("upload")}
      <div><h1 id="drop-title">${word("uploads.drop")}</h1>
        <p class="quiet drop-hint">${word("uploads.hint")}</p></div>
      <span class="button primary" aria-hidden="true">${word("uploads.choose")}</span>
      <input id="upload-input" type="file" multiple aria-label=${word("uploads.choose")} @change=${({ target: input }) => take(chosenIn(input))}>
      <button class="plain folder" @click=${() => chosenFrom({ isFolder: true }, take)}>${word("uploads.choose_folder")}</button>
      ${imports?.way() ?? nothing}
    </section>
    ${imports?.entry() ?? nothing}
    ${choice?.template() ?? html`<div class="drop-options"></div>`}
    ${held ? html`<p class="row" role="status">${held.said}
      <button @click=${() => take(NOTHING)}>${word(held.way)}</button></p>` : nothing}
    ${imports?.rows() ?? nothing}
    ${rows()}`,
};

async function choosing() {
  choice ??= await import("./choice.js").catch(away);
  repaint();
  return choice;
}

async function load() {
  loaded ??= Promise.all([import("./uploads.js"), import("./rows.js")]);
  const [uploads, { uploadRows }] = await loaded.catch(() => {
    loaded = null;
    away();
  });
  rows = uploadRows;
  isUsed = uploads.isUsed;
  return uploads;
}

function away() {
  throw new Offline();
}

/**
 * Upload what was given here, or shared to the app: `{files: [{file}], taken: () => void}`, or a promise of that; and
 * what is held. `taken`, if it is there, is called when they are among the uploads.
 */
export async function take(giving) {
  if (place().name) go("");
  let given = await giving;
  const hold = (said, way) => { held = { given: held ? joined(held.given, given) : given, said, way }; };
  try {
    if (session.state === "unknown") await findSession();
    if (session.state !== "in") return;
    const [uploads, isGood] = await Promise.all([load(), choosing().then((loaded) => loaded.isGood())]);
    if (isGood) {
      if (held) given = joined(held.given, given);
      held = null;
      await uploads.take(given, choice.wish());
      given.taken?.();
    } else {
      hold(word("options.held"), "options.go_on");
    }
  } catch (error) {
    console.warn(error);
    hold(error.kind ? error.message : word("frame.broken"), "frame.try_again");
  }
  repaint();
}

function holdsFiles({ dataTransfer }) {
  return session.state !== "out" && dataTransfer?.types.includes("Files");
}

/** Show, or show no more, that what is held may be let go anywhere. */
function offer(is) {
  if (is) render(html`${icon("upload")}<p>${word("uploads.let_go")}</p>`, target);
  target.hidden = !is;
}

document.body.append(target);
onSession((state) => {
  if (state === "out" || (account && account !== session.account)) held = null;
  account = session.account;
});
addEventListener("dragenter", (event) => {
  if (!holdsFiles(event)) return;
  load().catch(() => {}); // to be there when they are let go
  offer(true);
});
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("dragleave", ({ relatedTarget }) => relatedTarget === null && offer(false));
addEventListener("drop", (event) => {
  offer(false);
  if (!holdsFiles(event)) return;
  event.preventDefault();
  take(givenBy(event.dataTransfer));
});
addEventListener("paste", (event) => {
  if (session.state === "out" || !event.clipboardData?.files.length) return;
  event.preventDefault();
  take(givenBy(event.clipboardData));
});
