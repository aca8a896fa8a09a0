/**
 * The question before what was shared to the app is uploaded. Any site can send what looks like a share, so the person
 * who is signed in says whether it is theirs.
 */

import { html, render } from "../vendor/lit-html/lit-html.js";
import { onSession, session } from "../server/session.js";
import { allWords, word } from "../words.js";

/** Whether the person wants these files to be uploaded; null if the session ends instead. @param {File[]} files */
export async function isWanted(files) {
  await allWords();
  if (session.state !== "in") return null;
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "shared-title");
  render(html`<form method="dialog">
    <h2 id="shared-title" tabindex="-1" autofocus>${word("app.shared", { count: files.length })}</h2>
    <p>${word("app.shared.how")}</p>
    <ul>${files.map(({ name }) => html`<li><bdi>${name}</bdi></li>`)}</ul>
    <div class="row"><button class="primary" value="yes">${word("app.shared.yes")}</button><button>${word("app.shared.no")}</button></div>
  </form>`, dialog);
  document.body.append(dialog);
  const stop = onSession(() => dialog.close("unanswered"));
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  stop();
  dialog.remove();
  return dialog.returnValue === "unanswered" ? null : dialog.returnValue === "yes";
}
