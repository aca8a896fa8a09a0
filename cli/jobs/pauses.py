"""`tonearm jobs pauses`: where chapters may begin, as the option `marks` takes them."""

from urllib.parse import quote

import click
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.jobs.choice.argument import job_argument
from cli.jobs.choice.ids import job_meant
from cli.jobs.exits import OF_ONE
from cli.tree.command import command
from cli.tree.printer import Printer, printing
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


@command(
    examples=['tonearm convert talk.mp4 -O marks="$(tonearm jobs pauses @-1)" -O chapters=split'],
    exits=OF_ONE,
    output="AudioPauses",
)
@job_argument
@click.option(
    "--shortest",
    type=float,
    default=_SHORTEST,
    metavar="SECONDS",
    help=f"of a pause; {_SHORTEST:g} if not given",
)
@printing
@asking
def pauses(gateway: Gateway, job: str, shortest: float, out: Printer) -> None:
    """Print where chapters begin if each such pause parts two: times of the video, one a line."""
    job_id = job_meant(gateway, job)
    with gateway.asking("GET", f"/jobs/{quote(job_id, safe='')}/pauses") as answer:
        found, body = read_as(answer, Pauses), answer.content

    def told() -> None:
        wanted = [each.video_begins for each in found.pauses if each.length >= shortest]
        begun = [at for at in wanted if at is not None]
        if not begun:
            raise NothingFound(f"there is no pause of {shortest:g} seconds or more between its ends")
        print(chapters.as_text(tuple(Chapter(start=at, end=at) for at in (0.0, *begun))))

    out.one(body, told)
