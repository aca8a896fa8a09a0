"""An account's own defaults for conversions, in MongoDB: kept as they were given, checked when set."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from gateway.uploads.options import Given, options_of


class Presets:
    """One document for each account that has set a preset."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._presets = database["presets"]

    async def get(self, account: str) -> dict[str, str]:
        """Return the preset, empty when there is none. Raises Unavailable."""
        with translated("the presets"):
            found = await self._presets.find_one({"_id": account})
        return dict(found["options"]) if found else {}

    async def set(self, account: str, given: Given, defaults: Given) -> None:
        """Keep a preset, or forget it when it is empty. Raises BadOptions, Unavailable."""
        options_of(given, defaults)
        with translated("the presets"):
            if given:
                document = {"_id": account, "options": dict(given)}
                await self._presets.replace_one({"_id": account}, document, upsert=True)
            else:
                await self._presets.delete_one({"_id": account})
