"""`play`: show what happened to jobs in their own time."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import click

from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.log.formats import NAMES, Format, LogLine, named
from cli.log.looks import Look
from cli.log.part import EVERYTHING, Part
from cli.replay.options.look import TEMPLATES, looking_at_log
from cli.replay.options.part import part_of_log
from cli.replay.show import log_for
from cli.replay.story.lines import story
from cli.replay.story.pace import Pace, idle_of, speed_of
from cli.replay.story.player import Player
from cli.replay.story.screen import Screen
from cli.replay.subcommand import subcommand
from cli.streams.readers import while_read
from cli.system.servers import Servers
from cli.tree.types import Read

_STORY = "story"


def paced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare how fast it is played, and give the function `pace`."""

    @click.option(
        "--speed",
        type=Read("SPEED", speed_of),
        default="1x",
        show_default=True,
        help="so many times as fast as it happened: 10x, 0.5x",
    )
    @click.option(
        "--idle",
        type=Read("SPAN", idle_of),
        default="2s",
        show_default=True,
        help="cut longer pauses to this: 500ms, 1m; none cuts none",
    )
    @functools.wraps(function)
    def played(*given: Any, speed: float, idle: float, **options: Any) -> Any:
        return function(*given, pace=Pace(speed, idle), **options)

    return played


@subcommand(
    examples=[
        "tonearm replay play @-1",
        "tonearm replay play 01a2 --speed 10x --idle 500ms",
        "tonearm replay play --since 1h --speed 60x --type 'job.*'",
        "tonearm replay play 01a2 -f",
    ],
    exits={Exit.NOTHING: "nothing of this is in the log"},
    output=LogLine,
    epilog=TEMPLATES,
)
@part_of_log
@paced
@looking_at_log(_STORY, *NAMES)
async def play(servers: Servers, part: Part, pace: Pace, look: Look) -> Exit:
    """Show what happened to jobs in their own time: events come as far apart as they happened.

    Without an ID all events of the part that is chosen are shown. At a terminal space pauses, + and - change
    the speed, n brings the next event at once, q ends.
    """
    if part == EVERYTHING:
        raise WrongArgument(
            "say what to play: a job (@-1 is the last one), or a part of the log (--since 1h)"
        )
    if part.limit == 0:
        return Exit.OK
    screen = Screen()
    player = Player(pace, _format(look, several=len(part.jobs) != 1), screen)
    async with (
        log_for(look, servers, screen.say) as log,
        while_read(),
        contextlib.aclosing(part.lines(log)) as batches,
    ):
        await player.play(batches)
    if not player.shown and not player.was_ended:
        raise NothingFound("nothing of this is in the log")
    return Exit.OK


def _format(look: Look, *, several: bool) -> Format:
    if look.format == _STORY:
        return story(look.screen, several=several)
    return named(look.format, look.screen, whole=look.whole)
