"""Pages and counts of jobs: the stored ones, corrected by and merged with those that have recent events."""

from collections import Counter
from collections.abc import AsyncIterator

from events.projections.job_view import JobView, State
from events.views.selection import Selection
from events.views.store import JobViews
from gateway.jobs import cursors
from gateway.jobs.live import LiveJobs

_AT_ONCE = 200


async def page(
    live: LiveJobs,
    stored: JobViews,
    *,
    account: str | None,
    selection: Selection,
    before: str | None,
    limit: int,
) -> tuple[list[JobView], str | None]:
    """Return those of an account's jobs, newest first, and the cursor of the next page if there is one.

    No account means all of them.

    A job with recent events may have left the state it is stored under, or be stored nowhere yet. Such
    jobs are folded from their recent events, and left out of the stored ones. Raises Unavailable.
    """
    recent = [job_id for job_id in live.recent.jobs_of(account) if before is None or job_id < before]
    found = await _recent(live, recent, account, selection, limit + 1)
    oldest = found[limit].job_id if len(found) > limit else ""  # what is older has no place on the page
    found += await _stored(stored, set(recent), account, selection, before, limit + 1, oldest)
    found.sort(key=lambda view: view.job_id, reverse=True)
    items, more = found[:limit], len(found) > limit
    return items, cursors.encode(items[-1].job_id) if more else None


async def counts(live: LiveJobs, stored: JobViews, account: str, selection: Selection) -> Counter[State]:
    """Return how many of an account's jobs are in each state. Raises Unavailable.

    Each job counts once, in the state that it had while this looked at all of them.
    """
    recent = live.recent.jobs_of(account)
    found = await _recent(live, recent, account, selection, max(1, len(recent)))
    counted, apart = Counter(view.state for view in found), set(recent)
    async for job_id, state in (await stored.live()).states(account, selection):
        counted[state] += job_id not in apart
    return counted


async def every(
    live: LiveJobs, stored: JobViews, *, account: str | None, selection: Selection
) -> AsyncIterator[JobView]:
    """Yield those of an account's jobs, or of all accounts' (None), newest first. Raises Unavailable."""
    before, more = None, True
    while more:
        views, cursor = await page(
            live, stored, account=account, selection=selection, before=before, limit=_AT_ONCE
        )
        for view in views:
            yield view
        before, more = views[-1].job_id if views else None, cursor is not None


async def _recent(
    live: LiveJobs, job_ids: list[str], account: str | None, selection: Selection, wanted: int
) -> list[JobView]:
    """Return the account's own among the jobs that its events name."""
    found: list[JobView] = []
    for at in range(0, len(job_ids), wanted):
        views = (await live.views(job_ids[at : at + wanted])).views
        found += [view for view in views.values() if account in (None, view.account) and selection.has(view)]
        if len(found) >= wanted:
            break
    return found


async def _stored(
    stored: JobViews,
    recent: set[str],
    account: str | None,
    selection: Selection,
    before: str | None,
    wanted: int,
    oldest: str,
) -> list[JobView]:
    found: list[JobView] = []
    while len(found) < wanted:
        views = await stored.page(account, selection, before, wanted)
        found += [view for view in views if view.job_id not in recent]
        if len(views) < wanted or views[-1].job_id <= oldest:
            break
        before = views[-1].job_id
    return found
