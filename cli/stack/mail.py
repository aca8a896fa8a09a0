"""`tonearm mail`: show the mails that the local stack's mail catcher has kept, the newest last."""

import os
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Literal

import click
import msgspec
from msgspec import Struct

from cli.exits import Exit
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from cli.tree.types import LAST


def kept(folder: Path) -> list[Path]:
    """Return the mails, oldest first: their names begin with the time. No folder, no mails."""
    return sorted(folder.glob("[0-9]*.eml"))


def following(folder: Path, known: set[Path], pause: float = 0.3) -> Iterator[Path]:
    """Yield mails that are not known yet as they come, for ever."""
    while True:
        for path in kept(folder):
            if path not in known:
                known.add(path)
                yield path
        time.sleep(pause)


class Mail(Struct, frozen=True):
    """A mail as people read it: its plain text, or its HTML where it has no other. `date` is as written."""

    date: str
    to: str
    subject: str
    text: str


def read(raw: bytes) -> Mail:
    """Return what came over the wire as a mail."""
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the policy makes it one
    part = mail.get_body(("plain", "html"))
    text = str(part.get_content()) if part else ""
    date, to, subject = (str(mail.get(name, "")) for name in ("Date", "To", "Subject"))
    return Mail(date, to, subject, text.strip())


def show(path: Path, out: Printer) -> None:
    """Print one mail."""
    mail = read(path.read_bytes())
    out.one(msgspec.json.encode(mail), lambda: _print(mail))


def _print(mail: Mail) -> None:
    heads = (f"Date: {mail.date}", f"To: {mail.to}", f"Subject: {mail.subject}", "")
    print("\n".join(map(visible, (*heads, *mail.text.splitlines()))), end=f"\n\n{'-' * 60}\n\n", flush=True)


def show_raw(path: Path) -> None:
    """Print one mail as it came over the wire."""
    sys.stdout.flush()
    sys.stdout.buffer.write(path.read_bytes())
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


@command(
    examples=[
        "tonearm mail -n 1",
        "tonearm mail -n 0 --follow",
        "tonearm mail --format '{date} {to} {subject}'",
    ],
    exits={Exit.INTERRUPTED: "Ctrl-C"},
    output=Mail,
)
@click.option("-n", "--last", type=LAST, default=10, show_default=True, help="the last N, or `all`; 0: none")
@click.option("--raw", is_flag=True, help="as they came over the wire")
@click.option("-f", "--follow", is_flag=True, help="go on with those to come")
@printing
def mail(last: int | Literal["all"], raw: bool, follow: bool, out: Printer) -> None:
    """Show the mails that the stack on this machine has sent, the newest last."""
    if raw and not out.for_people:
        raise click.UsageError("--raw goes without --json and --format")
    print_one = show_raw if raw else partial(show, out=out)
    folder = Path(os.environ.get("LOCAL_DIR") or ".local") / "mail"
    mails = kept(folder)
    for path in mails if last == "all" else mails[max(0, len(mails) - last) :]:
        print_one(path)
    if follow:
        for path in following(folder, set(mails)):
            print_one(path)
    if not mails:
        print(f"no mail in {folder} yet", file=sys.stderr)
