"""`tonearm hooks <subcommand>`: your webhooks at a gateway: made, tried, looked into, deleted.

Exit codes: 0 done; 1 a test was not accepted; 2 the arguments are wrong; 4 there is no such webhook; 69 the
gateway is away; 70 the webhook is disabled; 77 the account may not do this.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client import asking
from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.errors import NothingFound, Refused
from cli.exits import Exit
from cli.hooks.shown import Delivery, Webhook, line, lines
from cli.ids import WHOLE, meant
from cli.numbers import count
from cli.pretty import write_json
from events.types import NEWSWORTHY

_LISTED = 20
_PAGE = 100
_PATIENCE = 60.0
"""Seconds for the outcome of a test; a receiver has 20."""
_LOOK_EVERY = 0.3


class Listed(Struct, frozen=True):
    """The webhooks of an account, as the gateway has written them."""

    items: list[msgspec.Raw]


class Page(Struct, frozen=True):
    """Deliveries, as the gateway has written them."""

    items: list[msgspec.Raw]
    next_cursor: str | None = None


class Asked(Struct, frozen=True):
    """The id of a delivery that was asked for."""

    delivery_id: str


class Subcommand(NamedTuple):
    """A subcommand: the function that runs it, a line of help, and its arguments."""

    run: Callable[[Gateway, argparse.Namespace], Exit]
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def main(argv: list[str]) -> int:
    """Run `tonearm hooks`. Returns the exit code, or raises TonearmError."""
    arguments = _parser().parse_args(argv)
    with asking.signed_in(arguments) as gateway:
        return SUBCOMMANDS[arguments.subcommand].run(gateway, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tonearm hooks",
        description="Have addresses of yours told of what happens to your jobs (Standard Webhooks).",
        epilog=" ".join((__doc__ or "").partition("\n\n")[2].split()),
    )
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        sub = subcommands.add_parser(name, help=subcommand.summary, description=subcommand.summary)
        subcommand.add_arguments(sub)
        sub.add_argument("--json", action="store_true", help="as the gateway's JSON, one object a line")
        asking.add_arguments(sub, "webhooks")
    return parser


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Take no arguments."""


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hook", metavar="ID", help="the webhook's id, or the beginning of it")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="URL", help="where to send: https://…")
    parser.add_argument(
        "--event", action="append", choices=NEWSWORTHY, help="what of; may be repeated (default: all of them)"
    )


def _past(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument(
        *("-n", "--last"), type=count, default=_LISTED, metavar="N", help=f"at most so many ({_LISTED})"
    )


def _once_more(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("delivery", metavar="DELIVERY", help="the delivery's id, as `deliveries` prints it")


def _list(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print the webhooks, the oldest first."""
    found = _all(gateway)
    for item in found:
        if arguments.json:
            write_json(bytes(item))
        else:
            print(line(msgspec.json.decode(item, type=Webhook)))
    if not found:
        raise NothingFound("you have no webhooks")
    return Exit.OK


def _create(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Make a webhook, and print its secret."""
    wanted = {"url": arguments.address, "events": arguments.event or list(NEWSWORTHY)}
    return _show_secret(gateway, arguments, "/webhooks", msgspec.json.encode(wanted))


def _exchange(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Exchange the secret, and print the new one."""
    return _show_secret(gateway, arguments, _path(gateway, arguments, "secret"), b"")


def _show_secret(gateway: Gateway, arguments: argparse.Namespace, path: str, content: bytes) -> Exit:
    with gateway.asking("POST", path, content=content) as answer:
        hook, body = read_as(answer, Webhook), answer.content
    if arguments.json:
        write_json(body)
        return Exit.OK
    print(f"webhook {hook.webhook_id}; its secret is shown only this once:", file=sys.stderr)
    print(hook.secret)
    return Exit.OK


def _delete(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Delete a webhook."""
    with gateway.asking("DELETE", _path(gateway, arguments)):
        print("the webhook is deleted", file=sys.stderr)
    return Exit.OK


def _deliveries(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Print the latest deliveries, the newest first."""
    path, left, params = _path(gateway, arguments, "deliveries"), arguments.last, dict[str, Any]()
    found = False
    while left > 0:
        params["limit"] = str(min(left, _PAGE))
        with gateway.asking("GET", path, params=params) as answer:
            page = read_as(answer, Page)
        for item in page.items:
            found = True
            _print(item, as_json=arguments.json)
        left -= len(page.items)
        if page.next_cursor is None:
            break
        params["cursor"] = page.next_cursor
    if not found:
        raise NothingFound("nothing was to be delivered in the last 30 days")
    return Exit.OK


def _test(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Send a test, wait for what becomes of it, and print that."""
    return _followed(gateway, arguments, _path(gateway, arguments, "test"))


def _resend(gateway: Gateway, arguments: argparse.Namespace) -> Exit:
    """Deliver once more, wait for the first attempt, and print what became of it."""
    once_more = f"deliveries/{quote(arguments.delivery, safe='')}/resend"
    return _followed(gateway, arguments, _path(gateway, arguments, once_more))


def _followed(gateway: Gateway, arguments: argparse.Namespace, path: str) -> Exit:
    with gateway.asking("POST", path, content=b"") as answer:
        wanted = read_as(answer, Asked).delivery_id
    deliveries = _path(gateway, arguments, "deliveries")
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with gateway.asking("GET", deliveries, params={"limit": str(_LISTED)}) as answer:
            items = read_as(answer, Page).items
        for item in items:
            delivery = msgspec.json.decode(item, type=Delivery)
            if delivery.delivery_id == wanted and delivery.attempts:
                _print(item, as_json=arguments.json)
                return Exit.OK if delivery.state == "delivered" else Exit.FAILED
        time.sleep(_LOOK_EVERY)
    raise Refused("it was asked for, and was not tried within a minute: see `tonearm hooks deliveries`")


def _print(item: msgspec.Raw, *, as_json: bool) -> None:
    if as_json:
        write_json(bytes(item))
        return
    for each in lines(msgspec.json.decode(item, type=Delivery)):
        print(each)


def _all(gateway: Gateway) -> list[msgspec.Raw]:
    with gateway.asking("GET", "/webhooks") as answer:
        return read_as(answer, Listed).items


def _path(gateway: Gateway, arguments: argparse.Namespace, more: str = "") -> str:
    """Return the path of the webhook that is meant. Raises WrongArgument for too few characters of an id."""
    hook_id = arguments.hook
    if len(hook_id) < WHOLE:
        known = (msgspec.json.decode(each, type=Webhook).webhook_id for each in _all(gateway))
        hook_id = meant(hook_id, known, "webhook") or hook_id
    return f"/webhooks/{quote(hook_id, safe='')}{f'/{more}' if more else ''}"


SUBCOMMANDS = {
    "list": Subcommand(_list, "print your webhooks", _nothing),
    "create": Subcommand(_create, "make a webhook, and print its secret this once", _new),
    "test": Subcommand(_test, "send a message of the type hook.test, and say what became of it", _which),
    "deliveries": Subcommand(_deliveries, "print the latest deliveries with their attempts", _past),
    "resend": Subcommand(_resend, "deliver once more, as a new delivery", _once_more),
    "secret": Subcommand(_exchange, "exchange the secret; the old one signs for a day beside it", _which),
    "delete": Subcommand(_delete, "delete a webhook", _which),
}
