"""The arguments by which a command finds a gateway and an account, and the gateway signed in to."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cli.client.credentials import credentials_for
from cli.client.gateway import Gateway, unreachable


def add_arguments(parser: argparse.ArgumentParser, whose: str) -> None:
    """Declare the arguments; `whose` is in words what the account owns."""
    parser.add_argument("--url", help="the gateway; without it, the local stack's")
    parser.add_argument("--email", help=f"whose {whose} (or TONEARM_EMAIL, with TONEARM_PASSWORD)")


@contextmanager
def signed_in(arguments: argparse.Namespace) -> Iterator[Gateway]:
    """Give the gateway for a block. Raises ClientError, CredentialsMissing, WrongArgument."""
    account = credentials_for(arguments.url, arguments.email, None, start=False, environ=os.environ)
    with Gateway(account.url, account.kept) as gateway:
        gateway.sign_in(account.email, account.ask)
        with unreachable(account.url):
            yield gateway
