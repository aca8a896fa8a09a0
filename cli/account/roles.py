"""The roles that an account is given, as arguments."""

from collections.abc import Callable
from typing import Any

import click

from auth.stores.directory import ADMIN, USER

ROLE = click.Choice([USER, ADMIN])


def new_account(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the arguments of a new account: an address, and roles, which `roles_of` reads."""
    more = click.argument("more", metavar="[ROLE]…", nargs=-1, type=ROLE, help="more roles")
    roles = click.option("--role", "roles", multiple=True, type=ROLE, help="a role; default: user")
    address = click.argument("address", metavar="ADDRESS", help="its e-mail address")
    return address(roles(more(function)))


def roles_of(roles: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return the roles: those of `--role user admin`, or the usual one."""
    return tuple(dict.fromkeys((*roles, *more))) or (USER,)
