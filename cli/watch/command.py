"""`tonearm watch DIR`: convert what appears in a folder, once it is complete."""

import os
from pathlib import Path
from typing import Any

import click

from cli.client.asking import Access, naming
from cli.client.own_files import state_folder
from cli.convert.flags import audio_options
from cli.convert.outcome import CODES
from cli.convert.report import ConvertedVideo
from cli.convert.search import Chosen
from cli.convert.targets import Folder
from cli.convert.wish import asked_for
from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.tree.command import command
from cli.watch.aftermath import Aftermath
from cli.watch.folder import Watched
from cli.watch.loop import Watch
from cli.watch.loop import watch as watch_folder

SETTLE, AT_ONCE, MOST_AT_ONCE = 10.0, 3, 16
_FOLDER = click.Path(file_okay=False)


@command(
    examples=[
        "tonearm watch recordings",
        "tonearm watch -r inbox -o audio/ --move-to done --preset Speech",
        "tonearm watch inbox -o audio/ --delete --format opus",
    ],
    exits={
        Exit.OK: "SIGTERM has ended it",
        Exit.NOINPUT: "there is no such folder",
        Exit.REFUSED: "the same folder is watched so already",
        Exit.NOPERM: "nobody is signed in, or the account may not do this",
        Exit.INTERRUPTED: "Ctrl-C",
    },
    codes=CODES,
    output=ConvertedVideo,
)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "-o", "--output", metavar="DIR", type=_FOLDER, help="a folder for the audio; else beside each video"
)
@click.option("-r", "--recursive", is_flag=True, help="look into its folders, too")
@click.option("--include", multiple=True, metavar="PATTERN", help="only what is called so")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="nothing that is called so")
@click.option("--move-to", metavar="DIR", type=_FOLDER, help="move a video there when its audio is here")
@click.option("--delete", is_flag=True, help="delete a video when its audio is here")
@click.option(
    "--settle",
    metavar="SECONDS",
    type=click.FloatRange(0, 86_400),
    default=SETTLE,
    show_default=True,
    help="how long a file must not change before it is complete",
)
@click.option(
    "-j",
    "--jobs",
    "at_once",
    metavar="N",
    type=click.IntRange(1, MOST_AT_ONCE),
    default=AT_ONCE,
    show_default=True,
    help="so many videos at once",
)
@click.option("--force", is_flag=True, help="replace a file that was not made from this video")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON for each video that has ended")
@audio_options
@naming
def watch(access: Access, folder: str, given: Any, **typed: Any) -> int:
    """Convert what appears in a folder, once it is complete.

    What lies there already is converted, too. What was converted, or cannot be, is remembered over
    restarts. A gateway that is away is waited for. Files that some program has not finished, such as *.part,
    are left alone.
    """
    if "" in (
        folder,
        typed["output"],
        typed["move_to"],
    ):  # a script's empty variable must not mean this folder
        raise WrongArgument("a name is empty: say which folder is meant")
    return watch_folder(access, _order(Path(folder), given=given, **typed))


def _order(
    folder: Path, *, given: Any, output: str | None, move_to: str | None, delete: bool, **more: Any
) -> Watch:
    """Return what is asked for. Raises WrongArgument, NothingFound."""
    if not folder.is_dir():
        raise NothingFound(f"{folder} is not there")
    if move_to is not None and delete:
        raise WrongArgument("--move-to and --delete exclude each other")
    if move_to is not None and Path(move_to).exists() and folder.samefile(move_to):
        raise WrongArgument("--move-to names the folder that is watched: it takes another")
    goes_to = Folder(Path(output) if output is not None else None)
    others = [Path(each).absolute() for each in (output, move_to) if each is not None]
    return Watch(
        watched=Watched(
            folder,
            Chosen(more.pop("recursive"), more.pop("include"), more.pop("exclude")),
            others,
        ),
        output=goes_to,
        asked=asked_for(given, goes_to),
        aftermath=Aftermath(Path(move_to) if move_to is not None else None, delete),
        state=state_folder(os.environ) / "watch",
        **more,
    )
