/** The start of the page: words, session, and the view of the place where a person is. */

import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import { paintWith, repaint } from "./paint.js";
import { place } from "./places.js";
import { Offline } from "./server/api.js";
import { isLost, noteLost, onFound } from "./server/reach.js";
import { findSession, onSession, session, signOut } from "./server/session.js";
import { chooseTheme, chosenTheme } from "./look/theme.js";
import { ongoing } from "./uploads/ongoing.js";
import { allWords, chooseLanguage, currentLanguage, languages, loadWords, number, word } from "./words.js";

/**
 * The views by the names of places. A view has `template()`; perhaps `title()`, and `open(place)`, which is called when
 * somebody comes to the place and returns what is to be done when they leave it.
 */
const VIEWS = {
  "": () => import("./home.js"),
  admin: () => import("./admin/view.js"),
  account: () => import("./account/view.js"),
  device: () => import("./device/view.js"),
  jobs: () => import("./job/view.js"),
};
const ENTRY = () => import("./entry/view.js");

/** The page as an app, once that part is loaded. */
let app = null;

/** What is shown: the view, its place's address, and how to leave it. `error`: why it could not be loaded. */
let shown = { address: null, view: null, close: () => {}, error: null };

async function show() {
  const here = place();
  const load = session.state === "out" ? ENTRY : VIEWS[here.name];
  const address = `${session.state === "out"}${location.hash}`;
  if (shown.address === address) return;
  // Who types a filter stays at it: it stands behind the place's path.
  const came = shown.address && shown.address.split("?")[0] !== address.split("?")[0];
  shown = { ...shown, address, error: null };
  // A view stays until the next one is loaded; but who is out sees nothing of the one who was in.
  if (!load || load === ENTRY) leave();
  if (load) {
    try {
      const [{ view }] = await Promise.all([load(), load === ENTRY || !here.name ? null : allWords()]);
      if (shown.address !== address) return; // somebody has gone on meanwhile
      leave();
      shown.view = view;
      shown.close = view.open?.(here) ?? (() => {});
    } catch (error) {
      console.warn(error);
      if (shown.address !== address) return;
      leave();
      shown.error = error;
    }
  }
  repaint();
  if (came) import("./look/arrival.js").then(({ arrive }) => arrive(), () => {});
}

function leave() {
  shown.close();
  shown = { ...shown, view: null, close: () => {} };
}

function page() {
  const here = place();
  const title = shown.view?.title?.();
  const percent = ongoing.percent === null ? "" : number(ongoing.percent / 100, { style: "percent" });
  document.title = [percent, title, "Tonearm"].filter(Boolean).join(" – ");
  return html`
    <a class="skip unseen" href="#content" @click=${skip}>${word("frame.skip")}</a>
    <header class="frame-head">
      <a class="mark" href="#/"><img src=${new URL("./look/mark.svg", import.meta.url).href} alt="">Tonearm</a>
      ${session.state === "in" ? ways(here) : nothing}
    </header>
    <main class="frame-main" id="content" tabindex="-1">
      <div role="status">${isLost() ? html`<p class="notice">${word("frame.lost")}</p>` : nothing}</div>
      ${content(here)}</main>
    ${foot()}`;
}

function ways(here) {
  const way = (name, key) => html`<a href="#/${name}" aria-current=${here.name === name ? "page" : nothing}>${word(key)}</a>`;
  const isAdmin = session.roles.includes("admin");
  return html`<nav aria-label="Tonearm">
    ${way("", "frame.home")} ${way("account", "frame.account")} ${isAdmin ? way("admin", "frame.admin") : nothing}
    <button class="plain" @click=${signOut}>${word("frame.sign_out")}</button>
  </nav>`;
}

function content(here) {
  if (shown.error)
    return html`<p role="alert">${word("frame.broken")}</p>
      <button @click=${() => location.reload()}>${word("frame.try_again")}</button>`;
  if (session.state !== "out" && !VIEWS[here.name])
    return html`<h1>${word("frame.nowhere")}</h1><p><a href="#/">${word("frame.back_home")}</a></p>`;
  return shown.view?.template() ?? nothing;
}

function foot() {
  const theme = chosenTheme();
  return html`<footer class="frame-foot">
    <a href="./schema">${word("frame.api")}</a>
    ${app?.install ? html`<button class="plain" @click=${app.install}>${word("frame.install")}</button>` : nothing}
    <label>${word("frame.language")}
      <select @change=${({ target }) => chooseLanguage(target.value).then(repaint)}>
        ${languages().map(({ tag, name }) => html`<option value=${tag} ?selected=${tag === currentLanguage()} lang=${tag}>${name}</option>`)}
      </select></label>
    <label>${word("frame.theme")}
      <select @change=${({ target }) => chooseTheme(target.value)}>
        ${["system", "light", "dark"].map((each) => html`<option value=${each} ?selected=${each === theme}>${word(`frame.theme.${each}`)}</option>`)}
      </select></label>
  </footer>`;
}

function skip(event) {
  event.preventDefault(); // the hash is the place
  document.getElementById("content").focus();
}

await loadWords();
if (!session.likely) session.state = "out"; // as it was at last: the sign-in is painted before anybody answers
document.getElementById("page").replaceChildren();
paintWith(() => render(page(), document.getElementById("page")));
addEventListener("hashchange", show);
onSession(show);
await show();
await ask();
onFound(ask);
({ app } = await import("./app/app.js").catch(() => ({ app: null })));

/** Ask who is signed in; again as soon as the server answers, or knows it: one that has just begun does not (503). */
function ask() {
  return findSession().catch((error) => {
    if (error.status === 503) noteLost();
    else if (!(error instanceof Offline)) shown = { ...shown, error };
    repaint();
  });
}
