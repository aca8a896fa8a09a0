"""Ids and names of what the account has at a gateway, as arguments that a shell completes."""

from typing import Any

import click
from click.shell_completion import CompletionItem
from msgspec import Struct


class _Items(Struct, frozen=True):
    items: list[dict[str, Any]]


class Known(click.ParamType[str]):
    """A `field` of what stands at this path of the API; `about` is the field that describes it."""

    def __init__(self, path: str, field: str, about: str = "") -> None:
        self.name = "ID" if field.endswith("_id") else "NAME"
        self._path, self._field, self._about = path, field, about

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return those that begin so, as the gateway has them; nothing where it does not answer."""
        from cli.client.glance import glance

        found = glance(self._path, _Items, ctx.params)
        named = (
            [(str(each[self._field]), str(each.get(self._about, ""))) for each in found.items]
            if found
            else []
        )
        return [
            CompletionItem(name, help=told or None) for name, told in named if name.startswith(incomplete)
        ]


HOOK = Known("/webhooks", "webhook_id", "url")
LINK = Known("/links", "link_id", "filename")
FEED = Known("/feeds", "feed_id", "name")
KEY = Known("/keys", "key_id", "name")
SESSION = Known("/sessions", "session_id", "program")
IMPORT = Known("/imports", "import_id", "filename")
PRESET = Known("/presets", "name")
