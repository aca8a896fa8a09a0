"""`tonearm jobs pauses`: where chapters may begin, as the option `marks` takes them."""

import argparse
from urllib.parse import quote

from msgspec import Struct

from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs import which
from cli.pretty import write_json
from events.media import Chapter
from events.timing import chapters

_SHORTEST = 2.0


class Pause(Struct, frozen=True):
    """A pause of an audio; a chapter after it begins at this second of the video, None for none."""

    length: float
    video_begins: float | None = None


class Pauses(Struct, frozen=True):
    """The pauses of an audio, in order."""

    pauses: list[Pause]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("job", metavar="ID", help="the job's id, or the beginning of it")
    parser.add_argument(
        "--shortest",
        type=float,
        default=_SHORTEST,
        metavar="SECONDS",
        help=f"of a pause; {_SHORTEST:g} if not given",
    )


def pauses(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print where chapters begin if each such pause parts two: times of the video, one a line."""
    job_id = which.job_meant(gateway, arguments.job)
    with gateway.asking("GET", f"/jobs/{quote(job_id, safe='')}/pauses") as answer:
        found, body = read_as(answer, Pauses), answer.content
    if arguments.json:
        write_json(body)
        return Exit.OK
    wanted = [each.video_begins for each in found.pauses if each.length >= arguments.shortest]
    begun = [at for at in wanted if at is not None]
    if not begun:
        raise NothingFound(f"there is no pause of {arguments.shortest:g} seconds or more between its ends")
    print(chapters.as_text(tuple(Chapter(start=at, end=at) for at in (0.0, *begun))))
    return Exit.OK
