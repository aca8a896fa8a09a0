"""`tonearm output`: another audio of a job's video, with other options and without another upload."""

from collections.abc import Sequence
from urllib.parse import quote

from cli.called import called
from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.convert.flags import audio_options
from cli.errors import WrongArgument
from cli.exits import Exit
from cli.jobs.choice.argument import job_argument
from cli.jobs.choice.ids import Id, job_meant
from cli.jobs.exits import OF_ONE
from cli.tree.command import command
from cli.tree.printer import Printer, printing_json


@command(
    examples=[
        "tonearm output @-1 --format opus",
        "tonearm output 0199 --start 1:30 --end 2:15 -O loudness=-16",
    ],
    exits={**OF_ONE, Exit.REFUSED: "the video is gone, or four of its jobs are not over"},
    output="Accepted",
)
@job_argument
@printing_json
@audio_options
@asking
def output(gateway: Gateway, job: str, given: Sequence[tuple[str, str]], out: Printer) -> None:
    """Make another audio of a job's video: another format, another part, at another speed.

    It is a job of its own, with all that is not given here as your preset has it.
    """
    if not given:
        raise WrongArgument("say what the audio should be: --format opus, for instance")
    path = f"/jobs/{quote(job_meant(gateway, job), safe='')}/outputs"
    with gateway.asking("POST", path, params=dict(given), content=b"") as answer:
        made = read_as(answer, Id)
        fetch = f"`{called(f'download {made.job_id}')}` brings its audio here, once it is made"
        out.line(answer.content, f"job {made.job_id} waits for a converter; {fetch}")
