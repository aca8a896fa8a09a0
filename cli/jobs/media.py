"""`tonearm jobs media`: what a job's video holds, as `tonearm probe` shows it of a file."""

from urllib.parse import quote

from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.exits import Exit
from cli.jobs.choice.argument import job_argument
from cli.jobs.choice.ids import job_meant
from cli.jobs.exits import OF_ONE
from cli.media import rows
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from events.media import Media


@command(
    examples=[
        "tonearm jobs media @-1",
        "tonearm jobs media @-1 --format '{container} {duration_seconds:.0f}'",
    ],
    exits={**OF_ONE, Exit.REFUSED: "nobody has looked at the video yet"},
    output="Media",
)
@job_argument
@printing
@asking
def media(gateway: Gateway, job: str, out: Printer) -> None:
    """Say what a job's video holds: container, tracks, chapters, and the tags of its sound."""
    path = f"/jobs/{quote(job_meant(gateway, job), safe='')}/media"
    with gateway.asking("GET", path) as answer:
        found = read_as(answer, Media)
        out.rows(answer.content, rows(found))
