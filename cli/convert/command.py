"""`tonearm convert VIDEO…`: upload videos, or have them fetched, and download their audio.

What is wrong with the words that were typed is reported before anybody is asked; what is wrong with the
options, before anything is uploaded. With `-o -` standard output has the audio, and all else goes to
standard error.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cli.client.asking import EXITS, Access, naming
from cli.client.typed import secret
from cli.convert.flags import audio_options
from cli.convert.order import Order, convert_all
from cli.convert.outcome import CODES
from cli.convert.report import ConvertedVideo
from cli.convert.search import Chosen, listed, videos
from cli.convert.sources import STANDARD_INPUT, Source, unreadable
from cli.convert.targets import File, StandardOutput, output_named
from cli.convert.wish import asked_for
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.streams.pipes import going_on_unread
from cli.tree.command import command
from events.filenames import divided

AT_ONCE, MOST_AT_ONCE = 3, 16


@command(
    examples=[
        "tonearm convert talk.mp4",
        "tonearm convert talk.mp4 -o talk.opus --start 1:30 --end 2:15",
        "tonearm convert -r lectures -o audio/ --preset Speech",
        "tonearm convert https://example.org/talk.mp4",
        "tonearm convert - -o - < talk.mp4 > talk.mp3",
    ],
    exits={
        **EXITS,
        Exit.FAILED: "there is no audio",
        Exit.NOINPUT: "the video cannot be read",
        Exit.CANTCREAT: "the audio cannot be written, or another file is in its place",
        Exit.INTERRUPTED: "Ctrl-C",
    },
    codes=CODES,
    output=ConvertedVideo,
    epilog="Of several videos the exit code is 100 and the number that failed, 125 at most.\n\n"
    "TIME is 90, 1:30, 0:01:30.5 or 1m30s.",
)
@click.argument("video", nargs=-1, type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(),
    help="a file, whose ending decides the format; FOLDER/, or any name for several videos: made if need be;"
    " - is standard output",
)
@click.option("-r", "--recursive", is_flag=True, help="take the videos in folders, and in theirs")
@click.option("--include", multiple=True, metavar="PATTERN", help="of folders, only what is called so")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="of folders, nothing that is called so")
@click.option(
    "--from-file",
    metavar="LIST",
    type=click.Path(),
    help="videos from a list, one a line; - is standard input",
)
@click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(1, MOST_AT_ONCE),
    default=AT_ONCE,
    show_default=True,
    help="so many videos at once",
)
@click.option("--again", is_flag=True, help="convert anew what was converted already")
@click.option("--force", is_flag=True, help="replace a file that was not made from this video")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON for each video that has ended")
@audio_options
@naming
@click.option(
    "--password",
    "by_password",
    is_flag=True,
    help="signs in anew, by a password that is asked for, or read from standard input",
)
@click.option("--no-start", is_flag=True, help="do not start the local stack")
def convert(access: Access, by_password: bool, no_start: bool, **typed: Any) -> int:
    """Turn videos into audio.

    VIDEO is a file, a folder with -r, the address of a video (https://…), which the gateway fetches where its
    operator allows it (IMPORTS=on), or - for standard input. The audio goes beside it, or where -o says. What
    was converted already with the same options is not converted again.
    """
    order = _order(**typed)
    if len(order.videos) == 1 and (file := order.videos[0].file) and (why := unreadable(file)):
        raise NothingFound(f"{file} {why}")
    if by_password:
        access = access._replace(password=_password(access, order, typed["from_file"]))
    with access.signed_in(start=not no_start) as gateway:
        if order.output == StandardOutput():
            return convert_all(gateway, order)
        with going_on_unread():
            return convert_all(gateway, order)


def _password(access: Access, order: Order, from_file: str | None) -> str:
    """Return the password, which no list of processes shows. Raises WrongArgument, CredentialsMissing."""
    if from_file == STANDARD_INPUT or any(each.is_input for each in order.videos):
        raise WrongArgument("standard input has the videos: give the password as TONEARM_PASSWORD")
    return secret(f"Password of {access.email}: " if access.email else "Password: ")


def _order(
    *, video: Sequence[str], output: str | None, from_file: str | None, given: Any, **more: Any
) -> Order:
    """Return what is asked for. Raises WrongArgument, NothingFound, OSError."""
    if "" in (*video, output, from_file):  # a script's empty variable must not mean this folder
        raise WrongArgument("a name is empty: say which file or folder is meant")
    chosen = Chosen(more["recursive"], more["include"], more["exclude"])
    named = _named(video, from_file)
    meant = videos(named, chosen)
    _check_input(meant, output)
    # A folder may have one video today, and more tomorrow.
    goes_to = output_named(output, several=len(meant) > 1 or any(map(os.path.isdir, named)))
    if isinstance(goes_to, File):  # standard input has no name of its own
        name = Path(divided(goes_to.path.name)[0])
        meant = [Source(name, is_input=True) if each.is_input else each for each in meant]
    if goes_to == StandardOutput():
        if sys.stdout.isatty():
            raise WrongArgument("sound is nothing to read: send standard output to a file or a program")
        if more["as_json"]:
            raise WrongArgument("standard output takes the audio or JSON, not both")
    asked = asked_for(given, goes_to)
    return Order(
        meant,
        goes_to,
        asked,
        at_once=more["jobs"],
        again=more["again"],
        force=more["force"],
        as_json=more["as_json"],
    )


def _named(typed: Sequence[str], from_file: str | None) -> list[str]:
    """Return what was typed, and what stands in the list. Raises WrongArgument, OSError."""
    named = [*typed]
    if from_file == STANDARD_INPUT:
        if STANDARD_INPUT in named:
            raise WrongArgument("standard input is a list or a video, not both")
        named += listed(sys.stdin.buffer.read())
    elif from_file is not None:
        try:
            named += listed(Path(from_file).read_bytes())
        except OSError as error:
            raise NothingFound(f"{from_file}: {error.strerror}") from error
    if not named:
        raise WrongArgument("say which videos: files, folders with -r, addresses, or - for standard input")
    return named


def _check_input(meant: Sequence[Source], output: str | None) -> None:
    """Raise WrongArgument where standard input cannot be a video."""
    if not any(each.is_input for each in meant):
        return
    if output is None:
        raise WrongArgument("standard input has no name: say with -o where its audio goes")
    if sys.stdin.isatty():
        raise WrongArgument("a video is nothing to type: send a file, or what a program prints, to it")
