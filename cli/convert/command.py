"""`tonearm convert VIDEO…`: upload videos, or have them fetched, and download their audio.

Every upload names its format, and whether chapters are split, even where that is the account's preset. So the
file's ending is known before anything is uploaded. `cli.convert.targets` decides which file may be replaced.
With `-o -` standard output has the bytes of the audio, and everything else goes to standard error.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from cli.client.answers import Job, Preset, Queue
from cli.client.credentials import Credentials, credentials_for
from cli.client.download import download, pour
from cli.client.errors import (
    ClientError,
    CredentialsMissing,
    ImportEnded,
    OptionsRefused,
    RequestRefused,
    SignInRefused,
    SourceChanged,
    Unreachable,
)
from cli.client.gateway import Gateway, Password
from cli.client.patience import PATIENCE
from cli.client.unfinished import Unfinished, state_folder
from cli.convert.imports import fetched
from cli.convert.screen import Screen
from cli.convert.sources import Source, source
from cli.convert.targets import (
    InTheWay,
    Output,
    StandardOutput,
    impossible,
    make_folder,
    make_way,
    misnamed,
    named_by,
    output_named,
    target_for,
    unwritable,
)
from cli.errors import WrongArgument
from cli.exits import Exit
from cli.jobs.shown import ahead
from cli.options import pair
from cli.pretty import clock, console_for, size, visible
from events.options import Chapters, Format, Options, Tags, offered_as
from events.wishes import NotUnderstood, canonical

_FURTHER = (
    *(field for field in Options.__struct_fields__ if field not in ("format", "quality", "chapters", "tags")),
    *Tags.__struct_fields__,
)
_OF_ONE_VIDEO = (InTheWay, RequestRefused, ImportEnded, SourceChanged, FileNotFoundError)
"""Errors after which the next video has its turn."""
_MAIL = ("job.notified", "job.notification_failed", "job.notification_declined")
MAIL_SECONDS = 3.0
"""Seconds for which the timeline waits for the line about the mail."""


class _Progress(Struct, frozen=True):
    percent: float | None = None
    speed: float | None = None
    attempt: int = 1


def main(argv: list[str]) -> int:
    """Run `tonearm convert`. Returns the exit code; with several files, that of the first trouble."""
    options = _parser().parse_args(argv)
    for each in options.videos:
        if each.file and (why := _unreadable(each.file)):
            _complain(f"{each.file} {why}")
            return Exit.NOINPUT
    try:
        output = output_named(options.output, len(options.videos))
        if output == StandardOutput() and sys.stdout.isatty():
            raise WrongArgument("sound is nothing to read: send standard output to a file or a program")
        wished = _wished(options, output)
        if "format" in wished and "format" in (named := named_by(output)):
            _check_name(output, {**named, "chapters": Chapters.KEEP, **wished})
        account = credentials_for(
            options.url, options.email, options.password, start=options.start, environ=os.environ
        )
        unfinished = Unfinished(state_folder(os.environ) / "uploads")
        with Gateway(account.url, account.kept, unfinished) as gateway:
            if options.password:  # who gives one means it to be tried, whatever session is kept
                _sign_in(gateway.sign_in_anew, account)
            return _convert_all(gateway, account, options, output, wished)
    except BrokenPipeError:  # nobody reads the output any more
        raise
    except (ClientError, CredentialsMissing, WrongArgument, OSError) as error:
        _complain(_text(error))
        return _exit_for(error)


def _convert_all(
    gateway: Gateway,
    account: Credentials,
    options: argparse.Namespace,
    output: Output,
    wished: Mapping[str, str],
) -> Exit:
    """Convert one file after another; what concerns only one of them is told, and the next has its turn."""
    if not {"format", "chapters"} <= wished.keys():
        _sign_in(gateway.sign_in, account)
        preset = gateway.checked(wished) if "preset" in wished else gateway.preset()
        wished = _with_preset(wished, preset, one_file="format" in named_by(output))
    ending = _check_name(output, wished)
    targets = [target_for(video.path, output, ending) for video in options.videos]
    if named := [target for target in targets if target]:
        if why := impossible([video.path for video in options.videos], named, output):
            raise WrongArgument(why)
        make_folder(output)
        if why := unwritable(named):
            _complain(why)
            return Exit.CANTCREAT
    progress = console_for(sys.stderr)
    screen = Screen(progress, console_for(sys.stdout) if named else progress)
    code = Exit.OK
    for video, target in zip(options.videos, targets, strict=True):
        try:
            _sign_in(gateway.sign_in, account)  # an upload needs a token that lasts
            ended = _convert(gateway, video, target, wished, screen, force=options.force)
        except (OptionsRefused, SignInRefused, BrokenPipeError):  # about all of them
            raise
        except _OF_ONE_VIDEO as error:
            gone = isinstance(error, FileNotFoundError) and error.filename == str(video.file)
            _complain(f"{video.name}: {'it is not there any more' if gone else _text(error)}")
            ended = _exit_for(error)
        except (ClientError, OSError) as error:
            _complain(_text(error))
            return code or _exit_for(error)
        code = code or ended
    return code


def _check_name(output: Output, wished: Mapping[str, str]) -> str:
    """Return the ending of what these options make. Raises WrongArgument if the output's name has another."""
    _, ending = offered_as(Format(wished["format"]), parts=wished.get("chapters") == Chapters.SPLIT)
    if why := misnamed(output, ending):
        raise WrongArgument(why)
    return ending


def _sign_in(by: Callable[[str, Password], None], account: Credentials) -> None:
    try:
        by(account.email, account.ask)
    except SignInRefused as error:
        hint = f"\n  {account.hint}" if account.hint else ""
        raise SignInRefused(error.status, f"{error}{hint}") from error


def _wished(options: argparse.Namespace, output: Output) -> dict[str, str]:
    """Return the options to ask for, by name; the gateway judges most of them. Raises WrongArgument."""
    flags = {
        "preset": options.preset,
        "format": options.format,
        "quality": options.quality,
        "chapters": options.chapters,
    }
    asked = dict(options.option) | {name: value for name, value in flags.items() if value is not None}
    for name in {"format", "chapters"} & asked.keys():
        try:
            asked[name] = canonical(name, asked[name])
        except NotUnderstood as error:
            raise WrongArgument(f"--{name}: {error}") from error
    return named_by(output) | asked


def _with_preset(wished: Mapping[str, str], preset: Preset, *, one_file: bool) -> dict[str, str]:
    """Return the options with those that decide the file's ending. `one_file`: its name is not a ZIP's."""
    chapters = Chapters.KEEP if one_file else Chapters.SPLIT
    split = {"chapters": chapters.value} if preset.chapters is Chapters.SPLIT else {}
    return {"format": preset.format.value, **split, **wished}


def _unreadable(file: Path) -> str | None:
    if not file.is_file():
        return "is not a file" if file.exists() else "is not there"
    return None if os.access(file, os.R_OK) else "may not be read"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tonearm convert", description="Turn videos into audio.")
    parser.add_argument(
        "videos",
        metavar="VIDEO",
        type=source,
        nargs="+",
        help="a file, or the address of one (https://…), which the gateway fetches",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="OUT",
        help="a file; FOLDER/, or any name for several files: made if need be; - is standard output",
    )
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        help=f"{', '.join(Format)} (default: by the ending of OUT, else by your preset)",
    )
    parser.add_argument(
        "--preset", metavar="NAME", help="one of your presets, for all that is not given here"
    )
    parser.add_argument(
        "--chapters", metavar="WHAT", help="keep them as marks, drop them, or split: a ZIP of a file for each"
    )
    parser.add_argument("--quality", metavar="Q", help="V0 (best) to V9, a bit rate such as 192k, or source")
    parser.add_argument(
        *("-O", "--option"),
        type=pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"any other wish: {', '.join(name for name in _FURTHER)}; see /schema for what they take",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a file that was not made from this video"
    )
    parser.add_argument("--url", help="a gateway elsewhere (default: the local stack, started if need be)")
    parser.add_argument("--email", help="default: TONEARM_EMAIL, or the local stack's admin")
    parser.add_argument(
        "--password", help="signs in anew (default: TONEARM_PASSWORD, or the local stack's admin's)"
    )
    parser.add_argument("--no-start", dest="start", action="store_false", help="do not start the local stack")
    return parser


def _convert(
    gateway: Gateway,
    video: Source,
    target: Path | None,
    wished: Mapping[str, str],
    screen: Screen,
    *,
    force: bool,
) -> Exit:
    if target and not force:
        make_way(gateway, video.file, target)
    if video.file:
        with screen.transfer("uploading", video.name, video.file.stat().st_size) as sent:
            job_id = gateway.upload(video.file, sent, wished)
    else:
        job_id = fetched(gateway, video, wished, screen)
    screen.say(f"job {job_id}")
    with _going_on(screen, gateway, job_id):
        job = _settled(gateway, job_id, video.name, screen)
        if job.audio is None:
            screen.timeline(job.timeline)
            _complain(f"{video.name}: {job.error.message if job.error else f'the job is {job.state}'}")
            return Exit.FAILED
        try:
            with screen.transfer("downloading", target.name if target else "", job.audio.bytes) as got:
                if target:
                    download(gateway, job, target, got)
                else:
                    pour(gateway, job, sys.stdout.buffer, got)
        except BrokenPipeError:
            raise
        except OSError:
            screen.say(f"Its audio stays at  {gateway.url}{job.audio.url}")
            raise
        files = f", {job.audio.parts} files" if job.audio.parts else ""
        screen.result(
            f"{target or 'written'} ({clock(job.audio.duration_seconds)}, {size(job.audio.bytes)}{files})"
        )
        if job.audio.left_out:
            screen.say(f"Left out, without sound: {', '.join(job.audio.left_out)}")
        if job.audio.notice:
            _complain(f"{video.name}: {job.audio.notice}")
        screen.timeline(_with_mail(gateway, job).timeline)
    return Exit.OK


def _settled(gateway: Gateway, job_id: str, name: str, screen: Screen) -> Job:
    """Return the job once it has come to an end, showing how it gets there."""
    with screen.conversion(name) as show:
        for message in gateway.follow(job_id):
            if message.type == "progress":
                progress = msgspec.json.decode(message.data, type=_Progress)
                show(progress.percent, f"{progress.speed:.1f}× real time" if progress.speed else "")
                continue
            if message.type == "queue":
                queue = msgspec.json.decode(message.data, type=Queue)
                if queue.place:
                    show(None, f"waiting, {ahead(queue)}")
                continue
            job = gateway.job(job_id)
            if job.done:
                show(100 if job.audio else None, "")
                return job
            show(None, _note(job))
    return _done(gateway, job_id)


def _done(gateway: Gateway, job_id: str) -> Job:
    """Return the job when it is done by the word of any gateway. One may be behind another, which told so."""
    deadline = time.monotonic() + PATIENCE
    while not (job := gateway.job(job_id)).done:
        if time.monotonic() > deadline:
            raise Unreachable(f"{gateway.url} does not follow its log: it shows the job as {job.state}")
        time.sleep(0.1)
    return job


def _note(job: Job) -> str:
    match job.state:
        case "uploaded":
            return "waiting for a converter"
        case "retrying" if job.timeline:
            return job.timeline[-1].note
        case _:
            return ""


def _with_mail(gateway: Gateway, job: Job) -> Job:
    """Return the job with the line about the mail, if that comes soon."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        job = gateway.job(job.job_id)
        if any(entry.type in _MAIL for entry in job.timeline):
            break
        time.sleep(0.1)
    return job


@contextmanager
def _going_on(screen: Screen, gateway: Gateway, job_id: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        screen.say("")
        screen.say(f"The job goes on without you. Follow it:  ./justw tail --job {job_id}")
        screen.say(f"Stop it:  ./justw jobs cancel {job_id}")
        screen.say(f"Its audio will be at  {gateway.url}/jobs/{job_id}/audio")
        raise


def _complain(text: str) -> None:
    """Print the text, which may hold names of files and a gateway's words, without control characters."""
    print("tonearm convert:", "\n".join(map(visible, text.split("\n"))), file=sys.stderr)


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _exit_for(error: Exception) -> Exit:
    match error:
        case CredentialsMissing() | OptionsRefused() | WrongArgument():
            return Exit.USAGE
        case SourceChanged() | FileNotFoundError():
            return Exit.NOINPUT
        case SignInRefused():
            return Exit.NOPERM
        case InTheWay() | OSError():
            return Exit.CANTCREAT
        case Unreachable():
            return Exit.UNAVAILABLE
        case RequestRefused(status=status) if status >= 500:
            return Exit.UNAVAILABLE
        case _:
            return Exit.FAILED
