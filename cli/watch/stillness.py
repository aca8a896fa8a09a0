"""Complete files: they have bytes, and nothing has changed about them for a while. Pure."""

from collections.abc import Iterable
from pathlib import Path

from cli.watch.folder import Identity, Seen


class Stillness:
    """Remembers since when each file has been as it is."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of stillness make a file complete."""
        self._seconds = seconds
        self._since: dict[Path, tuple[Identity, float]] = {}

    def complete(self, seen: Iterable[Seen], now: float) -> list[Seen]:
        """Return which of all files that there are now are complete. `now` never goes back."""
        before, self._since = self._since, {}
        found: list[Seen] = []
        for each in seen:
            identity, since = before.get(each.path, (each.identity, now))
            since = since if identity == each.identity else now
            self._since[each.path] = (each.identity, since)
            if each.identity.bytes and now - since >= self._seconds:
                found.append(each)
        return found
