/** The page as an app: its service worker, how to install it, and what was shared to it. */

import { repaint } from "../paint.js";
import { locks } from "../server/locks.js";
import { onSession, session } from "../server/session.js";

const SCOPE = new URL("./", document.baseURI).href;
const SHARED = `tonearm ${SCOPE} shared`;
/** As in the service worker. */

/** `install`: ask the person whether to install it; null where it is installed, or cannot be. */
export const app = { install: null };

begin();

function begin() {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    app.install = () => event.prompt().then(forget);
    repaint();
  });
  addEventListener("appinstalled", forget);
  register().catch((error) => console.warn(error)); // private windows have none, and need none
  onSession(uploadShared);
  uploadShared();
}

function forget() {
  app.install = null;
  repaint();
}

async function register() {
  if (!("serviceWorker" in navigator)) return;
  const url = new URL("service-worker.js", SCOPE).href;
  const trusted = globalThis.trustedTypes?.createPolicy("tonearm", { createScriptURL: () => url }).createScriptURL("") ?? url;
  await navigator.serviceWorker.register(trusted, { updateViaCache: "none" });
}

/** Hand over what was shared as soon as somebody is signed in. It stays put aside until then. */
async function uploadShared() {
  if (session.state !== "in" || !("caches" in globalThis)) return;
  await locks.request("tonearm.shared", async () => {
    if (!(await caches.has(SHARED))) return;
    const cache = await caches.open(SHARED);
    const kept = await cache.keys();
    const files = await Promise.all(kept.map(async (each) => ({ file: await fileOf(await cache.match(each)) })));
    const { take } = await import("../uploads/panel.js");
    await take({ files });
    await caches.delete(SHARED);
  });
}

async function fileOf(response) {
  const bytes = await response.blob();
  return new File([bytes], decodeURIComponent(response.headers.get("Tonearm-Name")), { type: bytes.type });
}
