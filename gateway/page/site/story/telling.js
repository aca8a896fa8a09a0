/** The story in sentences: what each event says, what it means, and what the job was after it. */

import { format, hasWord, number, word } from "../words.js";

/** A moment with its seconds; with its day where that is not today's. @param {number} time milliseconds since 1970 */
export function exactly(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return format("DateTimeFormat", { timeStyle: "medium", ...(today ? {} : { dateStyle: "medium" }) }).format(at);
}

/** The time of day, with seconds. */
export function timeOfDay(time) {
  return format("DateTimeFormat", { timeStyle: "medium" }).format(new Date(time));
}

/** The day, where it is another one than that of the moment before. */
export function dayOf(time, before) {
  const at = new Date(time);
  if (before !== undefined && at.toDateString() === new Date(before).toDateString()) return "";
  return format("DateTimeFormat", { dateStyle: "full" }).format(at);
}

/** A length of time in words, as exact as it matters: 0.3 seconds, 12 seconds, 3 minutes, 2 days. @param {number} ms */
function lasting(ms, unitDisplay = "long") {
  const seconds = ms / 1000;
  const [unit, length] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60]
    : seconds < 172800 ? ["hour", 3600] : ["day", 86400];
  const value = seconds / length;
  return number(value, {
    style: "unit", unit, unitDisplay,
    maximumFractionDigits: value >= 10 || unit === "minute" ? 0 : unit === "second" && value < 0.1 ? 2 : 1,
  });
}

/** The same for where there is little room: 0.3 sec, 36 hr. */
export function shortly(ms) {
  return lasting(ms, "short");
}

/** What happened: "The conversion began, attempt 2". */
export function sentence({ type, run, attempt, note }) {
  const said = word(known(`story.event.${type}`, "story.event.unknown"), { type });
  const counts = type === "job.requeued" ? [word("story.run", { run })]
    : ["job.started", "job.retrying"].includes(type) && attempt > 1 ? counted(run, attempt)
      : type === "job.started" && run > 1 ? [word("story.run", { run })] : [];
  if (type === "job.cancelled" && note === "by admin") return word("story.event.by_admin");
  return [said, ...counts].join(", ");
}

/** What that means for the person. */
export function meaning({ type }) {
  return word(known(`story.means.${type}`, "story.means.unknown"));
}

/** What the event itself adds, in the log's own words; empty where the sentence has said it. */
export function detail({ type, note }) {
  if (["job.uploaded", "job.requeued", "job.started", "job.cancelled", "job.notified", "job.notification_declined", "job.erased"]
    .includes(type)) return "";
  if (/^job\.((un)?linked|transcript_.*)$/.test(type)) return ""; // an id
  return type === "job.failed" ? note.replace(/^\w+: /, "") : note;
}

/** What the job was after an event: "converting, attempt 2". */
export function condition({ state, run, attempt }) {
  const counts = ["converting", "retrying"].includes(state) ? counted(run, attempt) : [];
  return [word(`story.state.${state}`), ...counts].join(", ");
}

/** What a stretch of the line was filled with, and how long: "waited 3 minutes". */
export function filled({ doing, lasts }) {
  return word(`story.doing.${doing}`, { span: lasting(lasts) });
}

function counted(run, attempt) {
  return [...(run > 1 ? [word("story.run", { run })] : []), word("story.attempt", { attempt })];
}

function known(key, otherwise) {
  return hasWord(key) ? key : otherwise;
}
