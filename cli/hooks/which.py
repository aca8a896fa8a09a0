"""The webhook that is meant: by its id, or the beginning of it."""

from urllib.parse import quote

import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.gateway import Gateway
from cli.hooks.shown import Webhook
from cli.ids import WHOLE, meant


class Listed(Struct, frozen=True):
    """The webhooks of an account, as the gateway has written them."""

    items: list[msgspec.Raw]


def all_of(gateway: Gateway) -> list[bytes]:
    """Return the webhooks, the oldest first, as JSON."""
    with gateway.asking("GET", "/webhooks") as answer:
        return [bytes(each) for each in read_as(answer, Listed).items]


def path_of(gateway: Gateway, hook: str, more: str = "") -> str:
    """Return the path of the webhook that is meant. Raises WrongArgument for too few characters of an id."""
    if len(hook) < WHOLE:
        known = (msgspec.json.decode(each, type=Webhook).webhook_id for each in all_of(gateway))
        hook = meant(hook, known, "webhook") or hook
    return f"/webhooks/{quote(hook, safe='')}{f'/{more}' if more else ''}"
