/** The events of a job as they stand in the log: read once, when somebody wants to see one. */

import { ask } from "../server/api.js";

/**
 * Read a job's events up to the last of `ids`, by their ids. The stream of a job under way stays open, so it is left
 * as soon as all have come. Throws Problem, Offline.
 * @returns {Promise<Map<string, object>>}
 */
export async function rawEvents(jobId, ids) {
  const leaving = new AbortController();
  const response = await ask(`jobs/${jobId}/events?include=arguments`, {
    headers: { Accept: "text/event-stream" }, signal: leaving.signal,
  });
  const missing = new Set(ids);
  const found = new Map();
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  while (missing.size) {
    const { done, value } = await reader.read();
    if (done) break;
    const messages = (rest + value).split("\n\n");
    rest = messages.pop();
    for (const event of messages.map(eventOf).filter(Boolean)) {
      found.set(event.id, event);
      missing.delete(event.id);
    }
  }
  leaving.abort();
  return found;
}

/** The event in a message; null for what is none: a ping, progress. */
function eventOf(message) {
  const lines = message.split("\n");
  if (!lines.some((line) => line.startsWith("id:"))) return null;
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
  return JSON.parse(data.join("\n"));
}
