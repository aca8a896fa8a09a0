"""`tonearm usage`: what your account uses at a gateway, and what it may use."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.pretty import clock, size
from cli.times import shown
from cli.tree.command import command
from cli.tree.printer import Printer, printing

N = TypeVar("N", int, float)


class Limits(Struct, frozen=True):
    """The most that an account may use; None: as much as it likes."""

    bytes_stored: int | None = None
    audio_seconds: float | None = None
    jobs_today: int | None = None
    jobs_open: int | None = None
    uploads_at_once: int | None = None
    requests_a_minute: int | None = None


class Usage(Struct, frozen=True):
    """The usage of an account; audio and jobs of the day that ends at `resets`."""

    bytes_stored: int
    audio_seconds: float
    jobs_today: int
    jobs_open: int
    limits: Limits
    resets: datetime


@command(examples=["tonearm usage"], exits=EXITS, output="Usage")
@printing
@asking
def usage(gateway: Gateway, out: Printer) -> None:
    """Show what your account uses at a gateway, and its limits."""
    with gateway.asking("GET", "/usage") as answer:
        used = read_as(answer, Usage)
        out.rows(answer.content, rows(used))


def rows(usage: Usage) -> Iterator[tuple[str, str]]:
    """Yield each of the account's uses, with its limit where there is one."""
    limits = usage.limits
    yield "stored", _of(usage.bytes_stored, limits.bytes_stored, size)
    yield "audio today", _of(usage.audio_seconds, limits.audio_seconds, clock)
    yield "jobs today", _of(usage.jobs_today, limits.jobs_today, str)
    yield "jobs open", _of(usage.jobs_open, limits.jobs_open, str)
    if limits.uploads_at_once is not None:
        yield "uploads", f"{limits.uploads_at_once:,} at once"
    if limits.requests_a_minute is not None:
        yield "requests", f"{limits.requests_a_minute:,} a minute"
    yield "next day", shown(usage.resets)


def _of(used: N, limit: N | None, said: Callable[[N], str]) -> str:
    return said(used) if limit is None else f"{said(used)} of {said(limit)}"
