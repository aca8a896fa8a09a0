"""`tonearm usage`: what your account uses at a gateway, and what it may use.

Exit codes: 0 it is shown; 2 the arguments are wrong; 69 the gateway is away; 70 a limit is in the way; 77 the
account may not do this.
"""

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.exits import Exit
from cli.pretty import clock, size, write_json
from cli.times import shown

N = TypeVar("N", int, float)


class Limits(Struct, frozen=True):
    """What an account may use; None: as much as it likes."""

    bytes_stored: int | None = None
    audio_seconds: float | None = None
    jobs_today: int | None = None
    jobs_open: int | None = None
    uploads_at_once: int | None = None
    requests_a_minute: int | None = None


class Usage(Struct, frozen=True):
    """What an account uses; audio and jobs of the day that ends at `resets`."""

    bytes_stored: int
    audio_seconds: float
    jobs_today: int
    jobs_open: int
    limits: Limits
    resets: datetime


def main(argv: list[str]) -> int:
    """Run `tonearm usage`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway, gateway.asking("GET", "/usage") as answer:
        usage = read_as(answer, Usage)
        body = answer.content
    if arguments.json:
        write_json(body)
        return Exit.OK
    for name, text in rows(usage):
        print(f"{name:<15} {text}")
    return Exit.OK


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm usage",
        description="Show what your account uses at a gateway, and its limits.",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    parser.add_argument("--json", action="store_true", help="as the gateway's JSON")
    asking.add_arguments(parser, "usage")
    return parser
