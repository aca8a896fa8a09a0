"""The webhook that is meant: by its id, or the beginning of it."""

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from cli.client.gateway import Gateway
from cli.client.items import items_at
from cli.hooks.shown import Webhook
from cli.ids import WHOLE, meant


def all_of(gateway: Gateway) -> Iterator[bytes]:
    """Return the webhooks, the oldest first, as JSON."""
    return items_at(gateway, "/webhooks")


def path_of(gateway: Gateway, hook: str, more: str = "") -> str:
    """Return the path of the webhook that is meant. Raises WrongArgument for too few characters of an id."""
    if len(hook) < WHOLE:
        known = (msgspec.json.decode(each, type=Webhook).webhook_id for each in all_of(gateway))
        hook = meant(hook, known, "webhook") or hook
    return f"/webhooks/{quote(hook, safe='')}{f'/{more}' if more else ''}"
