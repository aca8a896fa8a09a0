/** The events of a job as they stand in the log: read once, when somebody wants to see one. */

import { ask } from "../server/api.js";

/**
 * Read a job's events, by their ids. The stream of a job that is done ends by itself. That of another stays open, so it
 * is left when all of `timeline` have come, or by `signal`. Throws Problem, Offline.
 * @returns {Promise<Map<string, object>>}
 */
export async function rawEvents({ job_id: id, timeline, done }, signal) {
  const headers = { Accept: "text/event-stream" };
  const response = await ask(`jobs/${id}/events?include=arguments`, { headers, signal });
  if (done) return eventsIn(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  let found = new Map();
  while (!timeline.every((each) => found.has(each.id))) {
    const { done: isOver, value } = await reader.read();
    if (isOver) break;
    read += value;
    found = eventsIn(read);
  }
  reader.cancel().catch(() => {});
  return found;
}

function eventsIn(text) {
  const whole = text.split("\n\n").slice(0, -1);
  return new Map(whole.map(eventOf).filter(Boolean).map((event) => [event.id, event]));
}

/** The event in a message; null for what is none: a ping, progress. */
function eventOf(message) {
  const lines = message.split("\n");
  if (!lines.some((line) => line.startsWith("id:"))) return null;
  const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
  return JSON.parse(data.join("\n"));
}
