"""The options by which a command finds a gateway and an account, and the gateway signed in to."""

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cli.client.credentials import Asked, credentials_for
from cli.client.errors import SignInRefused
from cli.client.gateway import Gateway, unreachable
from cli.client.own_files import state_folder
from cli.client.unfinished import Unfinished
from cli.exits import Exit
from cli.tree.command import option_of

_option = option_of("Which gateway")
EXITS: Mapping[Exit, str] = {
    Exit.UNAVAILABLE: "the gateway is away",
    Exit.REFUSED: "the state of things, or a limit, is in the way",
    Exit.NOPERM: "nobody is signed in, or the account may not do this",
}
"""What may happen to whoever asks a gateway."""


class Access(Asked):
    """The gateway and the account as options name them; nobody is asked before `signed_in`."""

    __slots__ = ()

    @contextmanager
    def signed_in(self, *, start: bool = False) -> Iterator[Gateway]:
        """Give the gateway for a block. With `start` the local stack is started if it is meant.

        Raises ClientError, CredentialsMissing, WrongArgument, and what starting the stack raises.
        """
        account = credentials_for(self, start=start, environ=os.environ)
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

    @_option(
        "--on",
        metavar="NAME",
        shell_complete=lambda _, __, incomplete: names(incomplete),
        help="a gateway by its name; local is the stack on this machine",
    )
    @_option("--url", help="a gateway by its address")
    @_option("--email", help="whose account, if not that of `tonearm login`")
    @functools.wraps(function)
    def named(on: str | None, url: str | None, email: str | None, **given: Any) -> Any:
        return function(Access(url, on, email), **given)

    return named


def asking(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options, and give the function the gateway first. It raises ClientError, WrongArgument."""

    @functools.wraps(function)
    def asked(access: Access, **given: Any) -> Any:
        with access.signed_in() as gateway:
            return function(gateway, **given)

    return naming(asked)


def names(incomplete: str) -> list[str]:
    """Return the names of gateways that begin so, for a shell that completes."""
    from cli.client.config import LOCAL, ConfigFile
    from cli.errors import WrongArgument

    try:
        known = ConfigFile(os.environ).read().gateways
    except (OSError, WrongArgument):
        known = {}
    return [name for name in (LOCAL, *known) if name.startswith(incomplete)]
