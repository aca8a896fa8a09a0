/** The audio of many jobs as one ZIP: the server gives their choice a short address, and the browser downloads from there. */

import { toast } from "../look/toasts.js";
import { api } from "../server/api.js";
import { bytes, word } from "../words.js";
import { tellRefused } from "./deeds.js";

const MOST = 1000; // as the server has it

/** Download these jobs' audio. Says how much it is, and which of them have none; `begun` is called when it begins. */
export async function download(ids, begun) {
  if (ids.length > MOST) return toast(word("jobs.zip.too_many", { count: MOST }), { bad: true });
  try {
    const made = await api("archives", { method: "POST", json: { job_ids: ids } });
    Object.assign(document.createElement("a"), { href: `archives/${made.archive_id}`, download: "" }).click();
    begun();
    toast(word("jobs.zip.begun", { size: bytes(made.bytes) }));
    tellRefused(made.refused.map(({ job_id: id, type: kind, detail }) => ({ id, kind, detail })));
  } catch (problem) {
    toast(problem.message, { bad: true });
  }
}
