"""The options by which a command finds a gateway and an account, and the gateway signed in to."""

import argparse
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from cli.client.credentials import credentials_for
from cli.client.gateway import Gateway, unreachable
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


@contextmanager
def _signed_in(url: str | None, email: str | None) -> Iterator[Gateway]:
    account = credentials_for(url, email, None, start=False, environ=os.environ)
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, account.ask)
        with unreachable(account.url):
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
