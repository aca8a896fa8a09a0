"""The findings of a comparison of job views, and their printed form."""

import sys

import msgspec
from msgspec import Struct, field

from cli.exits import Exit
from cli.pretty import escaped
from cli.replay.views.differences import Difference, table
from cli.tree.printer import Printer

SHOWN = 20
"""Jobs of each kind that are named without --limit."""


class Findings(Struct):
    """Jobs by how the two sides compare. What follows from a job's different offsets is no difference."""

    left: str
    right: str
    equal: int = 0
    missing: list[str] = field(default_factory=list)
    """Only on the left side."""
    extra: list[str] = field(default_factory=list)
    """Only on the right side."""
    different: dict[str, list[Difference]] = field(default_factory=dict)
    moving: int = 0
    """One side has seen events that the other has not come to yet."""
    cut: int = 0
    """The log no longer holds the beginning of their story."""

    @property
    def same(self) -> bool:
        """True if nothing differs."""
        return not (self.missing or self.extra or self.different)

    @property
    def exit(self) -> Exit:
        """OK or DIFFERENT."""
        return Exit.OK if self.same else Exit.DIFFERENT

    def show(self, out: Printer, limit: int = SHOWN) -> None:
        """Print what differs, for people `limit` jobs of each kind, and the counts."""
        out.one(msgspec.json.encode(self), lambda: self._tell(limit))

    def _tell(self, limit: int) -> None:
        _name(f"missing in {self.right}", self.missing, limit)
        _name(f"extra in {self.right}", self.extra, limit)
        for job_id in sorted(self.different)[:limit]:
            print(f"different: {escaped(job_id)}")
            print(table(self.different[job_id][:limit], self.left, self.right))
        _rest("different", len(self.different), limit)
        verdict = "equal" if self.same else "DIFFERENT"
        counts = {
            "equal": self.equal,
            "missing": len(self.missing),
            "extra": len(self.extra),
            "different": len(self.different),
        }
        counts |= {"at different offsets": self.moving} if self.moving else {}
        counts |= {"begun before the log does": self.cut} if self.cut else {}
        listed = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        print(f"{verdict}: {self.left} and {self.right}: {listed}")
        sys.stdout.flush()


def _name(what: str, job_ids: list[str], limit: int) -> None:
    for job_id in sorted(job_ids)[:limit]:
        print(escaped(f"{what}: {job_id}"))
    _rest(what, len(job_ids), limit)


def _rest(what: str, count: int, limit: int) -> None:
    if count > limit:
        print(f"{what}: {count - limit:,} more")
