"""An account's own defaults for conversions, in MongoDB: kept as they were given, checked when set."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from events.options import Options
from gateway.uploads.options import Given, Wish, options_of


class Presets:
    """One document for each account that has set a preset. `defaults` are the server's, for all accounts."""

    def __init__(self, database: AsyncDatabase[Any], defaults: Given) -> None:
        self._presets, self._defaults = database["presets"], defaults

    async def wish(self, account: str, given: Given) -> Wish:
        """Return the conversion that a request of this account asks for. Raises BadOptions, Unavailable."""
        with translated("the presets"):
            found = await self._presets.find_one({"_id": account})
        preset = dict(found["options"]) if found else {}
        return Wish(options_of(given, preset, self._defaults), given)

    async def set(self, account: str, given: Given) -> Options:
        """Keep a preset, and return what it amounts to. Raises BadOptions, Unavailable."""
        options = options_of(given, self._defaults)
        if not given:
            await self.forget(account)
            return options
        with translated("the presets"):
            document = {"_id": account, "options": dict(given)}
            await self._presets.replace_one({"_id": account}, document, upsert=True)
        return options

    async def forget(self, account: str) -> None:
        """Forget the preset. Raises Unavailable."""
        with translated("the presets"):
            await self._presets.delete_one({"_id": account})
