"""The options by which a command finds a gateway and an account, and the gateway signed in to."""

import argparse
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

from cli.client.credentials import credentials_for
from cli.client.errors import SignInRefused
from cli.client.gateway import Gateway, unreachable
from cli.client.unfinished import Unfinished, state_folder
from cli.exits import Exit

EXITS: Mapping[Exit, str] = {
    Exit.UNAVAILABLE: "the gateway is away",
    Exit.REFUSED: "the state of things, or a limit, is in the way",
    Exit.NOPERM: "the account may not do this",
}
"""What may happen to whoever asks a gateway."""


def asking(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options, and give the function the gateway first. It raises ClientError, WrongArgument."""

    @click.option("--url", help="a gateway elsewhere; without it, the local stack's")
    @click.option("--email", help="who signs in (or TONEARM_EMAIL, with TONEARM_PASSWORD)")
    @functools.wraps(function)
    def asked(url: str | None, email: str | None, **given: Any) -> Any:
        with _signed_in(url, email) as gateway:
            return function(gateway, **given)

    return asked


class Access(NamedTuple):
    """A gateway and an account that were named, if any; nobody is asked before `signed_in`."""

    url: str | None
    email: str | None
    password: str | None = None

    @contextmanager
    def signed_in(self, *, start: bool = False) -> Iterator[Gateway]:
        """Give the gateway for a block. With `start` the local stack is started if it is meant.

        Raises ClientError, CredentialsMissing, WrongArgument, and what starting the stack raises.
        """
        account = credentials_for(self.url, self.email, self.password, start=start, environ=os.environ)
        unfinished = Unfinished(state_folder(os.environ) / "uploads")
        with Gateway(account.url, account.kept, unfinished) as gateway:
            # Who gives a password means it to be tried, whatever session is kept.
            sign_in = gateway.sign_in_anew if self.password else gateway.sign_in
            try:
                sign_in(account.email, account.ask)
            except SignInRefused as error:
                hint = f"\n  {account.hint}" if account.hint else ""
                raise SignInRefused(error.status, f"{error}{hint}") from error
            with unreachable(account.url):
                yield gateway


def naming(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options, and give the function an Access first: it checks its arguments before it asks."""

    @click.option("--url", help="a gateway elsewhere; without it, the local stack's")
    @click.option("--email", help="who signs in (or TONEARM_EMAIL, with TONEARM_PASSWORD)")
    @functools.wraps(function)
    def named(url: str | None, email: str | None, **given: Any) -> Any:
        return function(Access(url, email), **given)

    return named


@contextmanager
def _signed_in(url: str | None, email: str | None) -> Iterator[Gateway]:
    with Access(url, email).signed_in() as gateway:
        yield gateway


def add_arguments(parser: argparse.ArgumentParser, whose: str) -> None:
    """Declare the arguments; `whose` is in words what the account owns."""
    parser.add_argument("--url", help="the gateway; without it, the local stack's")
    parser.add_argument("--email", help=f"whose {whose} (or TONEARM_EMAIL, with TONEARM_PASSWORD)")


@contextmanager
def signed_in(arguments: argparse.Namespace) -> Iterator[Gateway]:
    """Give the gateway for a block. Raises ClientError, CredentialsMissing, WrongArgument."""
    with _signed_in(arguments.url, arguments.email) as gateway:
        yield gateway
