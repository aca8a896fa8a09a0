"""The lines of the log that are wanted: by type, by job, by account. Pure."""

from fnmatch import fnmatchcase

from msgspec import Struct

from cli.ids import made_at
from cli.log.log import SKEW, Line
from events.log.stream import First, FromTime
from events.payload import Aggregate


class Choice(Struct, frozen=True, kw_only=True):
    """The types, jobs and account of the wanted lines; empty: all. Ids are whole, and types may be globs.

    A line that is no event has no type, job or account: any of these leaves it out.
    """

    types: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    account: str = ""

    def has(self, line: Line) -> bool:
        """Return True if the line is wanted."""
        event = line.event
        if event is None:
            return not (self.types or self.jobs or self.account)
        return (
            (not self.types or any(fnmatchcase(event.type, glob) for glob in self.types))
            and (not self.jobs or (event.subject in self.jobs and event.aggregate is Aggregate.JOB))
            and (not self.account or event.account == self.account)
        )

    @property
    def marks(self) -> tuple[bytes, ...]:
        """Bytes of which one stands in each wanted record. Most records need not be decoded, so."""
        return tuple(
            each.encode(errors="surrogateescape")
            for each in (self.jobs or ((self.account,) if self.account else ()))
        )

    @property
    def beginning(self) -> First | FromTime:
        """The latest place to begin: nothing is wanted from before the jobs were made, as their ids show."""
        times = [made_at(job) for job in self.jobs]
        begun = min((time for time in times if time), default=None) if all(times) else None
        return FromTime(begun - SKEW) if begun else First()
