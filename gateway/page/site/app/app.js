/** The page as an app: its service worker, how to install it, and what was shared to it. */

import { repaint } from "../paint.js";
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
  const offer = () => offerShared().catch((error) => console.warn(error)); // without a connection: it stays put aside
  onSession(offer);
  offer();
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

/** Offer to upload what was shared as soon as somebody is signed in. It stays put aside until it is, or is not wanted. */
async function offerShared() {
  if (session.state !== "in" || !("caches" in globalThis) || !(await caches.has(SHARED))) return;
  const cache = await caches.open(SHARED);
  const keys = await cache.keys();
  const shared = await Promise.all(keys.map(async (key) => ({ key, file: await fileOf(await cache.match(key)) })));
  if (!shared.length) return;
  const [{ isWanted }, { take }] = await Promise.all([import("./shared.js"), import("../uploads/panel.js")]);
  const forget = () => Promise.all(keys.map((key) => cache.delete(key)));
  const wanted = await isWanted(shared.map(({ file }) => file));
  if (wanted === false) await forget();
  if (!wanted) return;
  const still = await Promise.all(keys.map((key) => cache.match(key))); // another tab may have asked the same
  await take({ files: shared.filter((_, at) => still[at]), taken: forget });
}

async function fileOf(response) {
  const bytes = await response.blob();
  return new File([bytes], decodeURIComponent(response.headers.get("Tonearm-Name")), { type: bytes.type });
}
