"""`tonearm mail`: show the mails that the local stack's mail catcher has kept, the newest last."""

import os
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import click

from cli.pretty import visible
from cli.tree.command import command
from cli.tree.types import AT_MOST


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


def shown(raw: bytes) -> str:
    """Return the mail as people read it: date, to, subject and the plain text."""
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the policy makes it one
    part = mail.get_body(("plain", "html"))
    text = str(part.get_content()) if part else ""
    heads = (f"{name}: {visible(str(mail.get(name, '')))}" for name in ("Date", "To", "Subject"))
    return "\n".join([*heads, "", *map(visible, text.strip().splitlines())])


def show(path: Path, *, raw: bool) -> None:
    """Print one mail; raw as it came over the wire."""
    content = path.read_bytes()
    if raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()
    else:
        print(shown(content), end=f"\n\n{'-' * 60}\n\n", flush=True)


@command(examples=["tonearm mail -n 1", "tonearm mail -n 0 --follow"])
@click.option("-n", "last", type=AT_MOST, help="only the last N (default: all; 0: none)")
@click.option("--raw", is_flag=True, help="as they came over the wire")
@click.option("-f", "--follow", is_flag=True, help="go on with those to come")
def mail(last: int | None, raw: bool, follow: bool) -> None:
    """Show the mails that the stack on this machine has sent, the newest last."""
    folder = Path(os.environ.get("LOCAL_DIR") or ".local") / "mail"
    mails = kept(folder)
    try:
        for path in mails if last is None else mails[len(mails) - min(last, len(mails)) :]:
            show(path, raw=raw)
        if follow:
            for path in following(folder, set(mails)):
                show(path, raw=raw)
    except KeyboardInterrupt:
        return
    if not mails:
        print(f"no mail in {folder} yet", file=sys.stderr)
