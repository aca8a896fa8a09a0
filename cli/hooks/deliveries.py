"""`tonearm hooks`: what was delivered to a webhook, and what becomes of a delivery that is asked for."""

import time
from collections.abc import Iterator
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import asking
from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.errors import NothingFound, Refused
from cli.exits import Exit
from cli.hooks.hooks import OF_ONE
from cli.hooks.shown import Delivery, lines
from cli.hooks.which import path_of
from cli.pretty import visible
from cli.tree.command import command
from cli.tree.known import HOOK
from cli.tree.printer import Printer, printing
from cli.tree.types import COUNT

_LISTED = 20
_PAGE = 100
_PATIENCE = 60.0
"""Seconds for the outcome of a test; a receiver has 20."""
_LOOK_EVERY = 0.3
_OF_A_TRY = {
    **OF_ONE,
    Exit.FAILED: "the receiver did not accept it",
    Exit.REFUSED: "the webhook is disabled, or nothing was tried within a minute",
}


class Asked(Struct, frozen=True):
    """The id of a delivery that was asked for."""

    delivery_id: str


@command(examples=["tonearm hooks deliveries 0199 -n 5"], exits=OF_ONE, output="ShownDelivery")
@click.argument("hook", type=HOOK, metavar="ID", help="the webhook's id, or the beginning of it")
@click.option("-n", "--last", type=COUNT, default=_LISTED, help=f"at most so many ({_LISTED})")
@printing
@asking
def deliveries(gateway: Gateway, hook: str, last: int, out: Printer) -> None:
    """Print the latest deliveries with their attempts, the newest first."""
    found = False
    for item in _latest(gateway, path_of(gateway, hook, "deliveries"), last):
        found = True
        _print(item, out)
    if not found:
        raise NothingFound("nothing was to be delivered in the last 30 days")


@command(examples=["tonearm hooks test 0199"], exits=_OF_A_TRY, output="ShownDelivery")
@click.argument("hook", type=HOOK, metavar="ID", help="the webhook's id, or the beginning of it")
@printing
@asking
def test(gateway: Gateway, hook: str, out: Printer) -> Exit:
    """Send a message of the type hook.test, wait for what becomes of it, and print that."""
    return _followed(gateway, hook, "test", out)


@command(
    examples=["tonearm hooks resend 0199 0199a1b2-7c3d-7000-8000-0000000000aa"],
    exits=_OF_A_TRY,
    output="ShownDelivery",
)
@click.argument("hook", type=HOOK, metavar="ID", help="the webhook's id, or the beginning of it")
@click.argument("delivery", metavar="DELIVERY", help="its whole id, as `deliveries` prints it")
@printing
@asking
def resend(gateway: Gateway, hook: str, delivery: str, out: Printer) -> Exit:
    """Deliver once more, as a new delivery, wait for the first attempt, and print what became of it."""
    return _followed(gateway, hook, f"deliveries/{quote(delivery, safe='')}/resend", out)


def _latest(gateway: Gateway, path: str, most: int) -> Iterator[bytes]:
    return items_at(gateway, path, most=most, page=_PAGE)


def _followed(gateway: Gateway, hook: str, deed: str, out: Printer) -> Exit:
    path = path_of(gateway, hook)
    with gateway.asking("POST", f"{path}/{deed}", content=b"") as answer:
        wanted = read_as(answer, Asked).delivery_id
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for item in _latest(gateway, f"{path}/deliveries", _LISTED):
            delivery = msgspec.json.decode(item, type=Delivery)
            if delivery.delivery_id == wanted and delivery.attempts:
                _print(item, out)
                return Exit.OK if delivery.state == "delivered" else Exit.FAILED
        time.sleep(_LOOK_EVERY)
    raise Refused("it was asked for, and was not tried within a minute: see `tonearm hooks deliveries`")


def _print(item: bytes, out: Printer) -> None:
    out.one(item, lambda: print(*map(visible, lines(msgspec.json.decode(item, type=Delivery))), sep="\n"))
