"""Imports as their owners see them. Pure."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from events.projections.job_view import JobView
from gateway.imports.records import ImportRecord, Mishap
from gateway.imports.work import EXPIRED, GAVE_UP

Time = Annotated[datetime, Meta(tz=True)]


class ImportState(StrEnum):
    """The state of an import."""

    WAITING = "waiting"
    """For its turn, or for another attempt: then `trouble` says why."""
    FETCHING = "fetching"
    IMPORTED = "imported"
    """It is a job, whose id is the import's."""
    FAILED = "failed"
    CANCELLED = "cancelled"


class Import(Struct, frozen=True, kw_only=True):
    """An import. Its address is shown to nobody, who asked for it included.

    `filename` is what is known so far. `bytes_total`: null until the source has named it. `trouble`: why it
    waits for another attempt; empty: it does not. `job_url`: the path of its job, null until it is one.
    """

    import_id: str
    state: ImportState
    filename: str
    bytes_done: int
    bytes_total: int | None
    created: Time
    trouble: str = ""
    error: Mishap | None = None
    job_url: str | None = None


class ImportList(Struct, frozen=True, kw_only=True):
    """Your imports that are no jobs, the newest first. `enabled`: this server takes new ones."""

    enabled: bool
    items: list[Import]


def present(record: ImportRecord) -> Import:
    """Return an import that is no job yet, or never becomes one."""
    return Import(
        import_id=record.id,
        state=_state(record),
        filename=record.name,
        bytes_done=record.offset,
        bytes_total=record.length,
        created=record.created.astimezone(UTC),
        trouble="" if record.is_written else record.trouble,
        error=_error(record),
    )


def present_job(view: JobView) -> Import:
    """Return an import that is a job."""
    size = view.video.bytes if view.video else 0
    return Import(
        import_id=view.job_id,
        state=ImportState.IMPORTED,
        filename=view.video.filename if view.video else "",
        bytes_done=size,
        bytes_total=size,
        created=view.created,
        job_url=f"/jobs/{view.job_id}",
    )


def _state(record: ImportRecord) -> ImportState:
    match record.gone:
        case "terminated":
            return ImportState.CANCELLED
        case "failed" | "expired":
            return ImportState.FAILED
        case None:
            return ImportState.FETCHING if record.is_written else ImportState.WAITING


def _error(record: ImportRecord) -> Mishap | None:
    match record.gone:
        case "failed":
            return record.failure or GAVE_UP
        case "expired":
            return EXPIRED
        case _:
            return None
