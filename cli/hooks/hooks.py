"""`tonearm hooks`: your webhooks at a gateway: made, listed, deleted, and their secrets."""

import sys

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.errors import NothingFound
from cli.exits import Exit
from cli.hooks.shown import COLUMNS, Webhook
from cli.hooks.which import all_of, path_of
from cli.tree.command import command
from cli.tree.known import HOOK
from cli.tree.printer import Printer, printing
from events.types import NEWSWORTHY

OF_ONE = {**EXITS, Exit.NOTHING: "there is no such webhook"}


class Deleted(Struct, frozen=True):
    """A webhook that is deleted."""

    webhook_id: str


@command(
    name="list",
    examples=["tonearm hooks list"],
    exits={**EXITS, Exit.NOTHING: "you have none"},
    output="Webhook",
)
@printing
@asking
def listing(gateway: Gateway, out: Printer) -> None:
    """Print your webhooks, the oldest first."""
    if not out.table(all_of(gateway), Webhook, COLUMNS):
        raise NothingFound("you have no webhooks")


@command(
    examples=["tonearm hooks create https://example.org/hook --event job.converted --event job.failed"],
    exits=EXITS,
    output="NewWebhook",
)
@click.argument("address", metavar="URL", help="where to send: https://…")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(NEWSWORTHY),
    help="what of; may be repeated (default: all of them)",
)
@printing
@asking
def create(gateway: Gateway, address: str, events: tuple[str, ...], out: Printer) -> None:
    """Make a webhook, and print its secret this once."""
    wanted = {"url": address, "events": events or NEWSWORTHY}
    _show_secret(gateway, "/webhooks", msgspec.json.encode(wanted), out)


@command(examples=["tonearm hooks secret 0199"], exits=OF_ONE, output="NewWebhook")
@click.argument("hook", type=HOOK, metavar="ID", help="the webhook's id, or the beginning of it")
@printing
@asking
def secret(gateway: Gateway, hook: str, out: Printer) -> None:
    """Exchange a webhook's secret, and print the new one. For a day the old one signs beside it."""
    _show_secret(gateway, path_of(gateway, hook, "secret"), b"", out)


@command(examples=["tonearm hooks delete 0199"], exits=OF_ONE, output=Deleted)
@click.argument("hook", type=HOOK, metavar="ID", help="the webhook's id, or the beginning of it")
@printing
@asking
def delete(gateway: Gateway, hook: str, out: Printer) -> None:
    """Delete a webhook."""
    path = path_of(gateway, hook)
    with gateway.asking("DELETE", path):
        document = msgspec.json.encode(Deleted(path.rpartition("/")[2]))
        out.one(document, lambda: print("the webhook is deleted", file=sys.stderr))


def _show_secret(gateway: Gateway, path: str, content: bytes, out: Printer) -> None:
    with gateway.asking("POST", path, content=content) as answer:
        hook, body = read_as(answer, Webhook), answer.content

    def told() -> None:
        print(f"webhook {hook.webhook_id}; its secret is shown only this once:", file=sys.stderr)
        print(hook.secret)

    out.one(body, told)
