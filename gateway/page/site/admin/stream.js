/**
 * Server-sent events by `fetch`, which, unlike EventSource, renews the session, names the last event by a header, and
 * hands over events of types that this page does not know.
 */

import { ask } from "../server/api.js";

/**
 * Yield `{ id, type, data }` for ever: it connects again after the last event. Throws Problem when it is refused.
 * `onState` is told "open", and "waiting" while there is no connection.
 */
export async function* events(path, { query, signal, onState }) {
  let last = null;
  while (!signal.aborted) {
    try {
      const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const response = await ask(path, { query, headers, signal });
      onState("open");
      for await (const event of parsed(response.body.pipeThrough(new TextDecoderStream()))) {
        last = event.id ?? last;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status >= 400 && error.status < 500) throw error;
    }
    onState("waiting");
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
  }
}

/** Yield the messages of a stream of text (HTML standard, 9.2.6). Lines end as the server writes them. */
export async function* parsed(texts) {
  const reader = texts.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }));
      if (fields.data) yield { id: fields.id, type: fields.event, data: JSON.parse(fields.data) };
    }
  }
}
