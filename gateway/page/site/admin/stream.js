/**
 * Server-sent events by `fetch`, which, unlike EventSource, renews the session, names the last event by a header, and
 * hands over events of types that this page does not know.
 */

import { ask } from "../server/api.js";
import { messages } from "../server/messages.js";

const TOO_MANY = 429; // at once, or of late

/**
 * Yield `{ id, type, data }` for ever: it connects again after the last event. Throws Problem when it is refused,
 * unless that is only for a while.
 * `onState` is told "open", and "waiting" while there is no connection.
 */
export async function* events(path, { query, signal, onState }) {
  let last = null;
  while (!signal.aborted) {
    try {
      const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const response = await ask(path, { query, headers, signal });
      onState("open");
      for await (const event of messages(response.body.pipeThrough(new TextDecoderStream()))) {
        last = event.id ?? last;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500 && error.status !== TOO_MANY) throw error;
    }
    onState("waiting");
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
  }
}
