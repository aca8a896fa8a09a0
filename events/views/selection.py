"""The choice among an account's jobs that is asked for.

The database narrows them down by what it has beside a packed view, and by the view's text. What it finds is
looked at once more, so that recent jobs and stored ones are judged by the same rule.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from events.options import Options
from events.projections.job_view import JobView, State
from events.views.documents import Document

_NONE_GIVEN = Options()
_COMPARED = 300
"""Characters of a text that the database looks for."""
_SLACK = 24 * 3600 * 1000
"""In ms. A job's id is made when its upload begins; it counts as created when the upload has ended."""


class Selection(Struct, frozen=True, kw_only=True):
    """Jobs in a state, of a family, with a text in their file's name in any case, created since and before.

    What is None or empty does not matter, but deleted jobs are found by their state only. `options`: values
    of the conversion by name, tags among them. `spoken`: jobs whose audio says the text, whatever their name.
    """

    state: State | None = None
    name: str = ""
    family: str = ""
    since: datetime | None = None
    until: datetime | None = None
    options: tuple[tuple[str, Any], ...] = ()
    linked: datetime | None = None
    """Only those that a link leads to at this time."""
    spoken: frozenset[str] = frozenset()
    video: str = ""
    """The SHA-256 of their video, in hex."""

    def has(self, view: JobView) -> bool:
        """Return True if the job is one of them."""
        return (
            (view.state is not State.DELETED if self.state is None else view.state is self.state)
            and (not self.video or self.video == (view.video.sha256 if view.video else ""))
            and (not self.family or self.family == family_of(view))
            and (self.since is None or view.created >= self.since)
            and (self.until is None or view.created < self.until)
            and (self.linked is None or any(link.expires > self.linked for link in view.standing_links))
            and all(_value(options_of(view), name) == value for name, value in self.options)
            and (
                (view.job_id in self.spoken and view.deletion is None)  # its words go a moment later
                or re.search(re.escape(self._name), view.filename, re.IGNORECASE) is not None
            )
        )

    @property
    def is_exact(self) -> bool:
        """True if the database finds no others than these."""
        return not (self.name or self.since or self.until or self.options or self.linked)

    def bounds(self) -> tuple[str, str | None]:
        """Return a job id before all of them, and one after all of them, None for none."""
        since = _first_id(self.since.timestamp() * 1000 - _SLACK) if self.since else ""
        family = _first_id((UUID(self.family).int >> 80) - _SLACK) if self.family else ""
        return max(since, family), _first_id(self.until.timestamp() * 1000 + _SLACK) if self.until else None

    def indexed(self) -> Document:
        """Return what an index of its own finds at once; empty: nothing. SecantusDB uses the index of what
        stands first, so this goes before all else.
        """
        return {"video": self.video} if self.video else {}

    def query(self) -> Document:
        """Return what the database can look for: all of them are found, and perhaps some others."""
        # SecantusDB uses no index for what stands beside an `$and`.
        of_state: Document = {"state": self.state.value if self.state else {"$ne": State.DELETED.value}}
        wanted: list[Document] = []
        if self.family:
            of_family = {"view": {"$regex": f'"family":{re.escape(_text(self.family))}'}}
            wanted.append({"$or": [{"_id": self.family}, of_family]})
        if self.name:
            holds = r'"filename":"(?:[^"\\]|\\.)*' + _beginning(_text(self._name)[1:-1])
            named: Document = {"view": {"$regex": holds, "$options": "i"}}
            spoken: Document = {"_id": {"$in": sorted(self.spoken)}}
            wanted.append({"$or": [named, spoken]} if self.spoken else named)
        if self.linked:
            wanted.append({"view": {"$regex": r'"links":\[\{'}})
        for name, value in self.options:
            if value != _value(_NONE_GIVEN, name):  # a default is not stored
                wanted.append({"view": {"$regex": _beginning(f'"{name}":{_text(value)}')}})
        return of_state | (wanted[0] if len(wanted) == 1 else {"$and": wanted} if wanted else {})

    @property
    def _name(self) -> str:
        return unicodedata.normalize("NFC", self.name)  # as names are stored


EVERY = Selection()
"""All jobs but deleted ones."""


def family_of(view: JobView) -> str:
    """Return the family of a job: the first job of its video."""
    return (view.video.family if view.video else "") or view.job_id


def options_of(view: JobView) -> Options:
    """Return the options of a job's conversion."""
    return view.video.options if view.video else _NONE_GIVEN


def _value(options: Options, name: str) -> Any:
    """Return an option's value, or a tag's."""
    return getattr(options if hasattr(options, name) else options.tags, name)


def _first_id(milliseconds: float) -> str:
    """Return a bound before every id made from this time on, also where no id could hold the time."""
    return str(UUID(int=min(max(int(milliseconds), 0), 2**48 - 1) << 80))


def _beginning(text: str) -> str:
    """Return the pattern of a text that begins like this. SecantusDB takes none of over 1000 characters."""
    return re.escape(text[:_COMPARED])


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
