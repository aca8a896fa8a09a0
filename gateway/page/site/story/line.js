/**
 * A job's timeline as one line, drawn to scale where that can be seen. Pure functions.
 *
 * Stations are events; what lies after each, up to the next or to now, is its stretch. Long stretches in which nothing is
 * done are broken: they take a fixed part of the line, and are marked. Places on the line go from 0 to 1.
 */

const LONG = 2000;
/** Milliseconds: shorter stretches are never broken. */
const BROKEN = 0.3;
/** What one broken stretch takes, compared with all that is to scale; of several each takes less. */
const NARROWEST = 0.045;
/** The least part of the line for a stretch, so that events can be told apart. */
const LEAD_OUT = 0.07;
/** The part of the line after the last event of a job that is over. */

const MEANING = {
  "job.uploaded": ["waiting", "uploaded"],
  "job.requeued": ["waiting", "uploaded"],
  "job.started": ["working", "converting"],
  "job.retrying": ["pausing", "retrying"],
  "job.converted": ["mail", "converted"],
  "job.failed": ["mail", "failed"],
  "job.cancelled": ["over", "cancelled"],
};
const ENDS = new Set(["job.converted", "job.failed", "job.cancelled"]);
const OF_MAILS = new Set(["job.notified", "job.notification_failed", "job.notification_declined"]);

/**
 * @typedef {"waiting" | "working" | "pausing" | "mail" | "over"} Doing what a stretch is filled with
 * @typedef {{entry: object, time: number, lasts: number, at: number, until: number, broken: boolean, doing: Doing,
 *   state: string, run: number, attempt: number}} Station `at`, `until`: where its stretch begins and ends
 */

/**
 * Lay out a timeline. `now`: milliseconds since 1970. `done`: nothing more is under way.
 * @returns {Station[]}
 */
export function layOut(timeline, { now, done }) {
  const stations = told(timeline);
  const last = stations.length - 1;
  stations.forEach((station, index) => {
    const next = index < last ? stations[index + 1].time : done ? station.time : Math.max(now, station.time);
    station.lasts = next - station.time;
    if (index === last && done) station.doing = "over";
  });
  const worked = sum(stations.filter(({ doing }) => doing === "working").map(({ lasts }) => lasts));
  for (const station of stations)
    station.broken = station.doing !== "working" && station.lasts > Math.max(LONG, 2 * worked);
  const widths = widthsOf(stations, done);
  let at = 0;
  stations.forEach((station, index) => {
    station.at = at;
    at += widths[index];
    station.until = index === last ? 1 : at;
  });
  return stations;
}

/** The station that a place on the line belongs to: the last event before it. */
export function indexAt(stations, place) {
  return Math.max(0, stations.findLastIndex(({ at }) => at <= place + 1e-9));
}

/** The moment of a place on the line, in milliseconds since 1970. */
export function timeAt(stations, place) {
  const { at, until, time, lasts } = stations[indexAt(stations, place)];
  return time + (until > at ? Math.min(1, (place - at) / (until - at)) * lasts : 0);
}

/** The place that is meant by somebody who points at one: that of an event very near it, else the same. */
export function snapped(stations, place, reach) {
  const near = stations.map(({ at }) => at).filter((at) => Math.abs(at - place) <= reach);
  return near.sort((one, other) => Math.abs(one - place) - Math.abs(other - place))[0] ?? place;
}

/**
 * How long each stretch takes when the story is played, in milliseconds: as long as it took, a broken one a second, and
 * all together no longer than `most`. `rate`: how much faster than it was.
 */
export function playing(stations, most = 15000) {
  const own = stations.map(({ lasts, broken }) => (broken ? 1000 : Math.max(lasts, 200)));
  const rate = Math.max(1, sum(own) / most);
  return { rate, lengths: own.map((length) => length / rate) };
}

/** In the order of the log, with what the job was after each. Services' clocks differ, and no stretch is negative. */
function told(timeline) {
  const ended = new Set();
  let time = -Infinity;
  let was = { doing: "waiting", state: "uploaded", run: 1, attempt: 1 };
  return [...timeline].sort((one, other) => one.offset - other.offset).map((entry) => {
    time = Math.max(time, Date.parse(entry.time));
    was = after(was, entry, ended.has(entry.run));
    if (ENDS.has(entry.type)) ended.add(entry.run);
    return { entry, time, ...was };
  });
}

function after(was, { type, run, attempt }, isOver) {
  const late = run && (run < was.run || (isOver && run === was.run));
  if (OF_MAILS.has(type) && run === was.run) {
    const state = type === "job.notified" && was.state === "converted" ? "notified" : was.state;
    return { ...was, doing: "over", state };
  }
  if (!(type in MEANING) || late) return was; // it tells of no other state, or of a run that had ended
  const [doing, state] = MEANING[type];
  return { doing, state, run: run || was.run, attempt: attempt || was.attempt };
}

function widthsOf(stations, done) {
  const drawn = stations.filter((_, index) => !(done && index === stations.length - 1));
  const scaled = Math.max(1, sum(drawn.filter(({ broken }) => !broken).map(({ lasts }) => lasts)));
  const breaks = drawn.filter(({ broken }) => broken).length;
  const broken = (scaled * BROKEN) / Math.max(1, breaks / 2);
  const weights = drawn.map((each) => (each.broken ? broken : each.lasts));
  const least = Math.min(NARROWEST, 0.6 / Math.max(1, drawn.length));
  const room = (done ? 1 - LEAD_OUT : 1) - least * drawn.length;
  const total = Math.max(1, sum(weights));
  return [...weights.map((weight) => least + (room * weight) / total), ...(done ? [LEAD_OUT] : [])];
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}
