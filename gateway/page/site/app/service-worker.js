/**
 * The service worker: keeps the shell, so that the page opens without a network, and takes what is shared to the app.
 *
 * It answers for the page itself and for files under its own version, and for nothing else: the API, downloads, event
 * streams and all other pages go past it. The page comes from the network first, so a new version is there with the
 * next load; pages only ask for files of their own version, so an old worker and a new page do not meet. The gateway
 * puts `SHELL` before this: its `version`, and the `files` of the first load.
 */

const CACHES = `tonearm ${self.registration.scope} `; // several may be served by one origin
const OURS = CACHES + SHELL.version;
const SHARED = `${CACHES}shared`;
const PATIENCE = 4000;
/** Milliseconds that the network has for the page, where there is a kept one. */

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  const path = pathname.startsWith(at("").pathname) ? pathname.slice(at("").pathname.length) : null;
  if (path === "" && request.mode === "navigate" && request.method === "GET") event.respondWith(shell(request));
  else if (path === "share" && request.method === "POST") event.respondWith(share(request));
  else if (path?.startsWith(`page/${SHELL.version}/`) && request.method === "GET") event.respondWith(file(request));
});

async function install() {
  const cache = await caches.open(OURS);
  const page = await fetch(at(""), { headers: { Accept: "text/html" }, cache: "no-cache" });
  if (!(await page.clone().text()).includes(`/page/${SHELL.version}/`)) throw new Error("another version is served by now");
  await Promise.all([cache.put(at(""), page), ...SHELL.files.map((name) => keep(cache, at(`page/${SHELL.version}/${name}`)))]);
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys())
    if (name.startsWith(CACHES) && name !== OURS && name !== SHARED) await caches.delete(name);
  await self.clients.claim();
}

/** The page, as it is now; as it was kept where there is no network, none that answers, or a gateway that is away. */
async function shell(request) {
  const kept = await caches.match(at(""), { cacheName: OURS });
  if (!kept) return fetch(request);
  const asked = fetch(request).then((answer) => (answer.status < 500 ? answer : kept), () => kept);
  return Promise.race([asked, new Promise((resolve) => setTimeout(resolve, PATIENCE, kept))]);
}

async function file(request) {
  const cache = await caches.open(OURS);
  return (await cache.match(request.url)) ?? keep(cache, request.url);
}

/** Fetch a file, and keep it if it is of this version: a replica that is another one says so. */
async function keep(cache, url) {
  const response = await fetch(url);
  if (response.ok && response.headers.get("cache-control")?.includes("immutable")) await cache.put(url, response.clone());
  return response;
}

/** Put shared files aside, and open the page, which uploads them when somebody is signed in. */
async function share(request) {
  const form = await request.formData();
  const cache = await caches.open(SHARED);
  const files = form.getAll("file").filter((each) => each instanceof File && each.size);
  await Promise.all(files.map((each) => cache.put(at(`shared/${crypto.randomUUID()}`), new Response(each, {
    headers: { "Content-Type": each.type || "application/octet-stream", "Tonearm-Name": encodeURIComponent(each.name) },
  }))));
  return Response.redirect(at("#/"), 303);
}

function at(path) {
  return new URL(path, self.registration.scope);
}
