"""The options that choose jobs by what they have in common, and their parameters in the API."""

import functools
import unicodedata
from collections.abc import Callable
from typing import Any

import click
from msgspec import Struct

from cli.client.answers import Job
from cli.errors import WrongArgument
from cli.jobs.video import VIDEO
from cli.times import EXAMPLES
from cli.tree.command import option_of
from cli.tree.types import PAIR, TIMESTAMP
from events.projections.job_view import State
from events.wishes import NAMES

Function = Callable[..., Any]
_option = option_of("Which jobs")
_NAMED = ("state", "name", "family", "video", "having", "since", "until")


class Filters(Struct, frozen=True):
    """The filters that choose jobs; times in RFC 3339, the video by its SHA-256."""

    state: str | None = None
    name: str | None = None
    family: str | None = None
    video: str | None = None
    having: tuple[tuple[str, str], ...] = ()
    since: str | None = None
    until: str | None = None

    def parameters(self) -> dict[str, str]:
        """Return them as the API takes them. Raises WrongArgument."""
        if strange := [name for name, _ in self.having if name not in NAMES]:
            raise WrongArgument(f"--having: there is no option {strange[0]!r}")
        given = {
            **dict(self.having),
            "state": self.state,
            "q": self.name,
            "family": self.family,
            "video_sha256": self.video,
            "since": self.since,
            "until": self.until,
        }
        found = {name: value for name, value in given.items() if value is not None}
        if "" in found.values():  # a script's empty variable must not mean all jobs
            raise WrongArgument("a filter is empty: leave it out, or say what it looks for")
        return found

    def name_fits(self, job: Job) -> bool:
        """Return True if the file's name has what is looked for. The gateway looks at what is said, too."""
        return _plain(self.name or "") in _plain(job.filename)


def filtering(*states: State) -> Callable[[Function], Function]:
    """Declare the options, and give the function `filters`. Without states none of them is about a state."""

    def declared(function: Function) -> Function:
        @_option(
            "--name",
            metavar="TEXT",
            help="only jobs with this in their file's name, in any case; list and count: or in what they say",
        )
        @_option("--family", metavar="ID", help="only jobs of this family: of one video")
        @_option("--video", type=VIDEO, help="only jobs of this video: a file here, or its SHA-256")
        @_option(
            "--having",
            type=PAIR,
            multiple=True,
            metavar="NAME=VALUE",
            help="only jobs with this option, such as format=flac; may be repeated",
        )
        @_option("--since", type=TIMESTAMP, help=f"only jobs created then or later: {EXAMPLES}")
        @_option("--until", type=TIMESTAMP, help="only jobs created before")
        @functools.wraps(function)
        def filtered(*args: Any, **given: Any) -> Any:
            filters = Filters(**{name: given.pop(name) for name in _NAMED if name in given})
            return function(*args, filters=filters, **given)

        if not states:
            return filtered
        known = click.Choice([state.value for state in states])
        return _option("--state", type=known, help="only jobs in this state")(filtered)

    return declared


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
