"""The facts of imports: videos that are fetched from an address. The address is in the store only.

An import's id becomes its job's id. Its good end is `job.uploaded`.
"""

from enum import StrEnum
from typing import ClassVar

from events.payload import Aggregate, Payload
from events.types.values import Actor


class ImportFailure(StrEnum):
    """The reason why nothing came of an import, for programs; the sentence for people stands beside it."""

    FORBIDDEN = "forbidden"
    """The address is none that may be asked."""
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """The source answered with an error."""
    NOT_MEDIA = "not_media"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    CHANGED = "changed"
    """The source was another one when the import went on."""
    QUOTA = "quota"
    INTERNAL = "internal"


class ImportFact(Payload, frozen=True, kw_only=True):
    """Something that happened to an import."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.IMPORT


class ImportRequested(ImportFact, frozen=True, kw_only=True):
    """A video shall be fetched."""

    TYPE: ClassVar[str] = "import.requested"
    NAMED_BY = ()


class ImportFailed(ImportFact, frozen=True, kw_only=True):
    """The video will not be fetched. `message` is one sentence for the person who asked for it."""

    TYPE: ClassVar[str] = "import.failed"
    NAMED_BY = ()
    code: ImportFailure
    message: str


class ImportCancelled(ImportFact, frozen=True, kw_only=True, omit_defaults=True):
    """The import was called off before it was whole."""

    TYPE: ClassVar[str] = "import.cancelled"
    NAMED_BY = ()
    by: Actor = Actor.USER
