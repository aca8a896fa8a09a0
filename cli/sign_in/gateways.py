"""`tonearm gateways`: the gateways that are known by names. Without a command's name it lists them."""

import os
import sys

import click
import msgspec
from msgspec import Struct

from cli.client.asking import names
from cli.client.config import LOCAL, ConfigFile, default_is
from cli.client.own_files import settings_folder
from cli.client.sessions import kept_at
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.printer import Column, Printer, printing


class KnownGateway(Struct, frozen=True, kw_only=True):
    """A gateway by its name. `url` is empty for the stack on this machine; `email` where a key signs in."""

    name: str
    url: str = ""
    email: str = ""
    default: bool = False
    signed_in: bool = False


_COLUMNS = [
    Column[KnownGateway]("", lambda each: "*" if each.default else " "),
    Column[KnownGateway]("name", lambda each: each.name),
    Column[KnownGateway]("address", lambda each: each.url or "the stack on this machine", cut=True),
    Column[KnownGateway]("account", lambda each: each.email),
    Column[KnownGateway]("", lambda each: "signed in" if each.signed_in else ""),
]


@command(
    name="list",
    examples=["tonearm gateways", "tonearm gateways --format '{name} {url}'"],
    exits={},
    output=KnownGateway,
)
@printing
def listing(out: Printer) -> None:
    """Print the gateways that --on takes; * marks the one that is meant where none is named."""
    config, folder = ConfigFile(os.environ).read(), settings_folder(os.environ) / "sessions"
    default = config.default or LOCAL
    found = [KnownGateway(name=LOCAL, default=default == LOCAL)]
    found += [
        KnownGateway(
            name=name,
            url=each.url,
            email=each.email,
            default=default == name,
            signed_in=kept_at(folder, each.url, each.email).is_there,
        )
        for name, each in config.gateways.items()
    ]
    out.table(map(msgspec.json.encode, found), KnownGateway, _COLUMNS)


@command(examples=["tonearm gateways default work", "tonearm gateways default local"], exits={})
@click.argument("name", shell_complete=lambda _, __, begun: names(begun))
def default(name: str) -> None:
    """Mean this gateway where no command names one."""
    ConfigFile(os.environ).choose(name)
    print(visible(default_is(name, os.environ)), file=sys.stderr)


@command(examples=["tonearm logout --on work", "tonearm gateways remove work"], exits={})
@click.argument("name", shell_complete=lambda _, __, begun: names(begun))
def remove(name: str) -> None:
    """Forget a gateway, and its session here. `tonearm logout` ends the session at the gateway, too."""
    config, folder = ConfigFile(os.environ), settings_folder(os.environ) / "sessions"
    known = config.read().named(name)
    config.remove(name)
    with kept_at(folder, known.url, known.email).held() as session:
        session.end()
    print(visible(f"{name} is not known any more."), file=sys.stderr)


gateways = Group(
    "gateways",
    {
        "list": Entry("cli.sign_in.gateways:listing", "print the gateways that --on takes"),
        "default": Entry("cli.sign_in.gateways:default", "mean this gateway where no command names one"),
        "remove": Entry("cli.sign_in.gateways:remove", "forget a gateway, and its session here"),
    },
    usual="list",
    examples=["tonearm gateways", "tonearm login https://tonearm.example.org --name work"],
    help="See the gateways that you know by names; `tonearm login` adds one.",
)
