/** Videos that the server fetches from an address, for who is signed in: those that are no jobs yet, or never become one. */

import { onFeed } from "../log/feed.js";
import { jobs } from "../log/jobs.js";
import { repaint } from "../paint.js";
import { api } from "../server/api.js";
import { onSession, session } from "../server/session.js";
import { newId } from "../uploads/ids.js";
import { paced } from "../uploads/pace.js";

/**
 * `enabled`: the server takes new ones. `items`: by id, the newest first, as `GET /imports` shows them; `pace` is of the
 * last seconds. `asked`: by id, what was asked for in this tab: the server shows no address again.
 */
export const imports = { enabled: false, items: new Map(), asked: new Map() };

let loading = null;
const removed = new Set(); // an answer that was on its way then may still have them

/** Load the list, once however many want it. */
export function load() {
  loading ??= api("imports").then(({ enabled, items }) => {
    const before = imports.items;
    imports.enabled = enabled;
    const shown = items.filter(({ import_id: id }) => !removed.has(id) && !jobs.has(id));
    imports.items = new Map(shown.map((each) => [each.import_id, { ...each, pace: before.get(each.import_id)?.pace ?? [] }]));
    repaint();
  }).catch(() => {}).finally(() => (loading = null)); // the list of jobs says what is wrong
  return loading;
}

/** Ask for a video. Throws Problem, Offline. */
export async function begin(url, options) {
  const begun = await api("imports", { method: "POST", json: { url, options }, headers: { "Idempotency-Key": newId() } });
  const id = begun.import_id;
  if (jobs.has(id)) return; // it is here already
  imports.asked.set(id, { url, options });
  imports.items = new Map([[id, { pace: [], ...begun }], ...imports.items]);
  repaint();
  await loading;
  load(); // what happened meanwhile was heard before it was known
}

/** Call it off, or take one away that has failed. */
export async function remove(id) {
  removed.add(id);
  imports.items.delete(id);
  imports.asked.delete(id);
  repaint();
  await api(`imports/${id}`, { method: "DELETE" }).catch(() => {
    removed.delete(id);
    load();
  });
}

/** Ask once more for one that has failed. Throws Problem, Offline. */
export async function again(id) {
  const { url, options } = imports.asked.get(id);
  await begin(url, options);
  await remove(id);
}

function change(id, fields) {
  const known = imports.items.get(id);
  if (!known) return false;
  imports.items.set(id, { ...known, ...fields });
  repaint();
  return true;
}

function hear({ type, data }) {
  if (type === "progress" && imports.items.has(data.job_id)) {
    const { job_id: id, bytes_done, bytes_total } = data;
    if (bytes_done === undefined) return;
    const pace = paced(imports.items.get(id).pace, Date.now(), bytes_done);
    change(id, { state: "fetching", trouble: "", bytes_done, bytes_total, pace });
  } else if (type === "import.requested") {
    if (!imports.items.has(data.subject)) load();
  } else if (type === "import.failed") {
    change(data.subject, { state: "failed", error: data.data });
  } else if (type === "import.cancelled" || type === "job.uploaded") {
    if (imports.items.delete(data.subject)) repaint();
    imports.asked.delete(data.subject);
  } else if (type === "live" && data) {
    load();
  }
}

onFeed(hear);
onSession((state) => {
  imports.items = new Map();
  imports.asked.clear();
  if (state === "in") load();
  else imports.enabled = false;
});
if (session.state === "in") load();
