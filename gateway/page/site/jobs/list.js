/** The jobs of an account: a list without end, which is searched, filtered, and of which many can be selected. */

import { html, noChange, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { feed } from "../log/feed.js";
import { countOf, jobs, Listing } from "../log/jobs.js";
import { repaint } from "../paint.js";
import { withPart } from "../parts.js";
import { noteLost } from "../server/reach.js";
import { onSession } from "../server/session.js";
import { number, word } from "../words.js";
import { deed, row } from "./row.js";
import { Window } from "./window.js";

const PAUSE = 250; // ms without a key before it is searched
/** Milliseconds for which the feed may be lost before it is said. */
export const QUIET = 3000;
const HAD = "tonearm.jobs"; // how many jobs there were at last: the first paint is made for that
const [WAITS, OPEN] = [["uploaded", "retrying"], ["uploaded", "converting", "retrying"]];
/** The filters, by their names in the address. */
const FILTERS = { "": [], open: OPEN, ready: ["converted", "notified"], failed: ["failed"], cancelled: ["cancelled"] };

let listing = null; // kept, and live, while somebody is elsewhere
let view = null; // which rows are drawn
let close = () => {};
let left = null; // the uppermost row that was seen when somebody left the list, and where it stood
let hands = null; // what keys and boxes do, loaded after the first paint
let filter = "";
let counts = null; // of the listing before, until there are others
let typing = null;
let had = Number(localStorage.getItem(HAD)); // jobs there were at last

export const jobList = {
  /** True if there is something else here than an empty list. */
  get isUsed() {
    return listing?.ids.length > 0 || filter !== "" || Boolean(listing?.q) || (listing?.counts?.total ?? had) > 0;
  },
  open({ query }) {
    const before = [filter, listing?.q];
    filter = query.get("state") in FILTERS ? query.get("state") : "";
    const q = query.get("q") ?? "";
    if (listing && [filter, q].every((each, at) => each === before[at])) comeBack();
    else anew(q);
    import("./hands.js").then((loaded) => { hands = loaded; }, noteLost);
    const stop = new AbortController();
    for (const type of ["scroll", "resize"]) addEventListener(type, look, { passive: true, signal: stop.signal });
    return () => {
      left = uppermost();
      clearTimeout(typing);
      stop.abort();
    };
  },
  template() {
    requestAnimationFrame(look);
    moor();
    return jobList.isUsed || listing.error ? whole() : empty();
  },
};

function anew(q) {
  hands?.chosen.clear();
  counts = listing?.counts ?? counts;
  close();
  listing = new Listing({ states: FILTERS[filter], q });
  view = new Window();
  close = listing.open();
}

/** The first row in sight: its job, and where it stands, in px; null for who is at the top of the page. */
function uppermost() {
  for (const row of scrollY ? document.querySelectorAll(".job-list > .job") : []) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight) return { id: row.dataset.jobId, top };
  }
  return null;
}

/**
 * Keep in its place what one looks at, whatever the painting that begins now changes above it: a job that came, or rows
 * that are higher than was guessed. Browsers do so themselves, but not where margins change.
 */
function moor() {
  const [moored, shown] = [uppermost(), listing];
  if (moored) queueMicrotask(() => listing === shown && standAt(moored));
}

/** Scroll until the row stands there again. */
function standAt({ id, top }) {
  const row = document.querySelector(`.job-list > [data-job-id="${id}"]`);
  const moved = row ? row.getBoundingClientRect().top - top : 0;
  if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
}

/** Once it is painted, be where one was, whatever has come above meanwhile. */
function comeBack() {
  if (!left) return;
  const place = left;
  view.pinned = place.id;
  requestAnimationFrame(() => requestAnimationFrame(() => standAt(place)));
}

function whole() {
  const { ids, total } = listing;
  const { rows, below } = view.of(ids);
  return html`<section class="jobs" aria-labelledby="jobs-title" aria-busy=${listing.isLoading}>
    <h2 id="jobs-title" class="unseen">${word("jobs.title")}</h2>
    ${head()}
    ${notLive()}
    <ul role="list" class="job-list" .style=${`--below: ${below}px`} @keydown=${(event) => hands?.onKey(event, listing, view)} @focusin=${(event) => hands?.pin(event, view)} @focusout=${(event) => hands?.unpin(event, view)}>
      ${repeat(rows, ({ id }) => id, ({ id, index, gap }) => row({
        job: jobs.get(id), index, gap, total, isSelected: hands?.chosen.has(id) ?? false,
        drop: () => byHand("drop", id, view), select: (event) => byHand("select", id, event),
      }))}
    </ul>
    ${end()}
    ${hands?.chosen.bar(listing) ?? nothing}
  </section>`;
}

function empty() {
  const known = !listing.more && !listing.isLoading;
  return known ? html`${notLive()}<p class="quiet jobs-empty">${word("jobs.empty")}</p>` : nothing;
}

function head() {
  const told = listing.counts ?? counts;
  const waiting = told ? countOf(told, WAITS) : 0;
  return html`<div class="jobs-head">
    <nav class="jobs-filters" aria-label=${word("jobs.filter")}>${Object.keys(FILTERS).map((name) => html`
      <a href=${addressed(name, listing.q)} aria-current=${name === filter ? "true" : nothing} data-filter=${name || "all"}>${word(`jobs.filter.${name || "all"}`)}
        ${told ? html`<span class="jobs-count number">${number(countOf(told, FILTERS[name]))}</span>` : nothing}</a>`)}</nav>
    <input type="search" class="jobs-search" aria-label=${word("jobs.search")} placeholder=${word("jobs.search")} maxlength="200" .value=${isTyping() ? noChange : listing.q} @input=${search}>
  </div>
  ${waiting > 1 && (filter === "" || filter === "open") ? html`<p class="jobs-all"><button class="plain" @click=${() => deed("cancelAll", WAITS, listing.q)}>
    ${word("jobs.cancel_waiting", { count: waiting })}</button></p>` : nothing}`;
}

function end() {
  if (listing.error) return html`<p class="wrong" role="alert">${listing.error.message}</p><button @click=${() => listing.load()}>${word("frame.try_again")}</button>`;
  if (listing.more) return html`<p class="jobs-more"><button ?disabled=${listing.isLoading} @click=${() => listing.load()}>${word("jobs.more")}</button></p>`;
  return listing.ids.length ? nothing : html`<p class="quiet jobs-empty">${word("jobs.none")} <a href="#/">${word("jobs.show_all")}</a></p>`;
}

function notLive() {
  return feed.live || Date.now() - feed.quietSince < QUIET ? nothing : html`<p class="notice" role="status">${word("jobs.not_live")}</p>`;
}

function search({ target }) {
  clearTimeout(typing);
  typing = setTimeout(() => {
    history.replaceState(null, "", addressed(filter, target.value));
    dispatchEvent(new HashChangeEvent("hashchange"));
  }, PAUSE);
}

function addressed(state, q) {
  const query = new URLSearchParams(Object.entries({ state, q }).filter(([, value]) => value));
  return query.size ? `#/?${query}` : "#/";
}

/** See which rows are in sight, and whether more are needed. */
function look() {
  if (!listing) return;
  const total = (listing.q ? null : listing.counts?.total) ?? had;
  if (total !== had) localStorage.setItem(HAD, (had = total));
  const list = document.querySelector(".job-list");
  if (!list) return;
  if (view.look(list, listing.ids)) repaint();
  if (view.reaches(listing.ids.length) && listing.more && !listing.error && listing.ids.length) listing.load();
}

onSession((state) => {
  if (state !== "out") return;
  close();
  [listing, counts] = [null, null];
});

const byHand = (name, id, more) => withPart(import("./hands.js"), (loaded) => loaded[name](id, more, listing));
const isTyping = () => document.activeElement?.matches(".jobs-search") ?? false;
