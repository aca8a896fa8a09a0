"""Entity tags of feeds as they were last answered, so that a client that asks again costs no look at jobs.

A feed changes with the events of its account only. This process reads them all: with the first one it forgets
the account's tags. It asks the store whether the feed still stands each time, so a revoked one ends at once.
"""

from events.envelope import Recorded

_MOST = 10_000
"""Accounts whose tags are held, some 500 bytes each."""
_MOST_PAGES = 100
"""Pages of an account that are remembered."""

Pages = dict[tuple[str, str], tuple[str, str]]
"""By feed and cursor: the entity tags of a page, plain and packed."""


class RememberedFeeds:
    """The tags of the feeds that were asked for."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._pages: dict[str, Pages] = {}

    def hear(self, recorded: Recorded) -> None:
        """Forget what an event may have changed."""
        self._pages.pop(recorded.event.account, None)

    def of(self, account: str) -> Pages:
        """Return the account's pages, to look into and to add to.

        Take them before the jobs are looked at: what an event has changed since is added to nothing then.
        """
        pages = self._pages.get(account)
        if pages is None or len(pages) >= _MOST_PAGES:
            while len(self._pages) >= self._most:
                del self._pages[next(iter(self._pages))]
            pages = self._pages[account] = {}
        return pages
