"""`list`, `show` and `export`: accounts as they stand. None of them shows a password's hash."""

import argparse
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from auth.accounts.profiles import Profile, profile
from auth.addresses import remark
from auth.stores.directory import Account, Directory
from cli.account.settings import OperatorSettings
from cli.account.who import account_meant
from cli.errors import NothingFound
from cli.log.formats import as_json
from cli.log.keys import keys_at_hand
from cli.log.log import Log
from cli.log.places import ending
from cli.pretty import spelled, write_json
from cli.remarks import say
from cli.times import shown as shown_time
from events.log.stream import First

PAGE = 500


async def _whole(directory: Directory, who: str) -> Profile:
    account = await account_meant(directory, who)
    return profile(account, await directory.identities(account.account_id))


async def list_accounts(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Print the accounts, oldest first. Raises NothingFound."""
    found = False
    async with settings.directory() as directory:
        async for account in every(directory):
            if arguments.role and arguments.role not in account.roles:
                continue
            if arguments.disabled and not account.disabled:
                continue
            found = True
            _print(profile(account), as_json=arguments.json)
    if not found:
        raise NothingFound("there is no such account")


async def show(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Print one account."""
    async with settings.directory() as directory:
        known = await _whole(directory, arguments.who)
    if arguments.json:
        _print(known, as_json=True)
        return
    for name, value in msgspec.to_builtins(known).items():
        text = " ".join(map(_joined, value)) if isinstance(value, tuple | list) else value
        text = shown_time(known.created) if name == "created" else text
        if text != "":
            print(f"{name:<13} {'yes' if value is True else 'no' if value is False else spelled(str(text))}")


def tell_of(email: str) -> None:
    """Say on standard error what nobody may see by looking at the address of a new account."""
    if told := remark(email):
        say(f"{spelled(email)}: {told}")


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


async def export(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Write one account as JSON lines: first as the directory keeps it, then its events."""
    url = settings.need("stream_url")
    async with settings.directory() as directory:
        known = await _whole(directory, arguments.who)
    async with keys_at_hand(settings.mongodb_url, say) as keys:
        count = await _export(Log(url, say, keys), known, arguments.output)
    say(f"exported: the account and {count:,} events")


async def _export(log: Log, known: Profile, path: Path | None) -> int:
    count = 0
    with _opened(path) as output:
        output.write(msgspec.json.encode(known) + b"\n")
        async with contextlib.aclosing(log.between(First(), ending("end"))) as batches:
            async for batch in batches:
                for line in batch:
                    if line.event and line.event.account == known.account_id:
                        output.write(as_json(line) + b"\n")
                        count += 1
        output.flush()
    return count


async def every(directory: Directory) -> AsyncIterator[Account]:
    """Yield all accounts in the order of their ids, a page at a time."""
    last = ""
    while page := await directory.page(last, PAGE):
        for account in page:
            yield account
        last = page[-1].account_id


def _print(known: Profile, *, as_json: bool) -> None:
    if as_json:
        write_json(spelled(msgspec.json.encode(known).decode()).encode())
        return
    when = shown_time(known.created)
    told = f"{spelled(known.email)}  ({known.remark})" if known.remark else spelled(known.email)
    print(f"{known.account_id}  {when}  {known.state:<10}  {','.join(known.roles):<10}  {told}")


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
