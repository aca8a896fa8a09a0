/** The events of a job as they stand in the log: read once, when somebody wants to see one. */

import { ask } from "../server/api.js";
import { messages } from "../server/messages.js";

/**
 * Read a job's events, by their ids. The stream of a job that is done ends by itself. That of another stays open, so it
 * is left when all of `timeline` have come, or by `signal`. Throws Problem, Offline.
 * @returns {Promise<Map<string, object>>}
 */
export async function rawEvents({ job_id: id, timeline, done }, signal) {
  const headers = { Accept: "text/event-stream" };
  const response = await ask(`jobs/${id}/events?include=arguments`, { headers, signal });
  const found = new Map();
  for await (const { id: offset, data } of messages(response.body.pipeThrough(new TextDecoderStream()))) {
    if (offset) found.set(data.id, data); // progress has none
    if (!done && timeline.every((each) => found.has(each.id))) break;
  }
  return found;
}
