"""An account's own defaults for conversions, and its presets with names, in MongoDB.

    presets   one document per account: `options`, its defaults; `named`, its presets; `version`

Options are kept as they were given, and checked when set. Presets are changed by compare-and-set: two pages
that save at the same moment lose nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from events.mongodb_errors import translated
from gateway.errors import BadOptions, Crowded, Fault
from gateway.uploads.options import PRESET, Given, Wish, options_of, over

MOST = 50
"""Presets with names that an account may have."""
_ATTEMPTS = 10

Named = Mapping[str, Given]
"""Presets by their names."""


class Presets:
    """The presets of all accounts. `defaults` are the server's, for all accounts."""

    def __init__(self, database: AsyncDatabase[Any], defaults: Given) -> None:
        self._presets, self.defaults = database["presets"], defaults

    async def wish(self, account: str, given: Given) -> Wish:
        """Return the conversion that a request of this account asks for. Raises BadOptions, Unavailable.

        What is given outweighs the preset that it names, and that the account's own defaults.
        """
        kept = await self._read(account)
        return Wish(options_of(given, _chosen(kept, given), _own(kept), self.defaults), given)

    async def chosen(self, account: str, given: Given) -> Given:
        """Return the options of the preset that a request names; none where it names none.

        Raises BadOptions, Unavailable.
        """
        return _chosen(await self._read(account), given) if PRESET in given else {}

    async def own(self, account: str) -> Wish:
        """Return the conversion of a request that asks for nothing, and the account's own defaults.

        Raises Unavailable.
        """
        own = _own(await self._read(account))
        return Wish(options_of({}, own, self.defaults), own)

    async def set(self, account: str, given: Given) -> Wish:
        """Keep an account's own defaults. They may begin with one of its presets.

        Raises BadOptions, Unavailable.
        """
        told = over(await self.chosen(account, given), given)
        wish = Wish(options_of(told, self.defaults), told)
        if not told:
            await self.forget(account)
            return wish
        with translated("the presets"):
            await self._presets.update_one({"_id": account}, {"$set": {"options": told}}, upsert=True)
        return wish

    async def forget(self, account: str) -> None:
        """Forget an account's own defaults. Raises Unavailable."""
        with translated("the presets"):
            await self._presets.update_one({"_id": account}, {"$unset": {"options": ""}})

    async def named(self, account: str) -> Named:
        """Return an account's presets in the order of their names. Raises Unavailable."""
        return _named(await self._read(account))

    async def save(self, account: str, name: str, given: Given) -> Given:
        """Keep a preset under a name, which may have another by now, and return it as it is kept.

        It may begin with another preset. Raises BadOptions, Crowded, Unavailable.
        """
        told = over(await self.chosen(account, given), given)
        options_of(told, self.defaults)

        def saved(named: Named) -> Named:
            if name not in named and len(named) >= MOST:
                raise BadOptions(
                    [Fault("name", f"you have {MOST} presets, which is the most: delete one first")]
                )
            return {**named, name: told}

        await self._change(account, saved)
        return told

    async def remove(self, account: str, name: str) -> None:
        """Remove a preset, if it is there. Raises Crowded, Unavailable."""
        await self._change(account, lambda named: {each: named[each] for each in named if each != name})

    async def forget_account(self, account: str) -> None:
        """Forget all presets of an account. Raises Unavailable."""
        with translated("the presets"):
            await self._presets.delete_one({"_id": account})

    async def _read(self, account: str) -> dict[str, Any] | None:
        with translated("the presets"):
            found: dict[str, Any] | None = await self._presets.find_one({"_id": account})
        return found

    async def _change(self, account: str, change: Callable[[Named], Named]) -> None:
        """Write what `change` makes of the presets, once nobody else has written meanwhile."""
        for _ in range(_ATTEMPTS):
            kept = await self._read(account)
            before = _named(kept)
            after = change(before)
            if after == before or await self._write(account, kept, after):
                return
        raise Crowded("too many changes of your presets came at once")

    async def _write(self, account: str, kept: Mapping[str, Any] | None, named: Named) -> bool:
        """Write the presets if nobody else has meanwhile."""
        version = kept.get("version", 0) if kept else 0
        changed = {
            "version": version + 1,
            "named": [{"name": name, "options": dict(each)} for name, each in named.items()],
        }
        as_read = {"version": version} if version else {"version": {"$exists": False}}
        with translated("the presets"):
            try:
                if kept is None:
                    await self._presets.insert_one({"_id": account, **changed})
                    return True
                written = await self._presets.update_one({"_id": account, **as_read}, {"$set": changed})
            except DuplicateKeyError:
                return False
        return written.matched_count == 1


def _own(kept: Mapping[str, Any] | None) -> Given:
    return dict(kept.get("options", {})) if kept else {}


def _named(kept: Mapping[str, Any] | None) -> Named:
    found = {each["name"]: dict(each["options"]) for each in kept.get("named", ())} if kept else {}
    return dict(sorted(found.items(), key=lambda each: (each[0].casefold(), each[0])))


def _chosen(kept: Mapping[str, Any] | None, given: Given) -> Given:
    name = given.get(PRESET)
    if name is None:
        return {}
    named = _named(kept)
    if name not in named:
        there = f"there are {', '.join(named)}" if named else "you have none"
        raise BadOptions([Fault(PRESET, f"there is no preset {name}; {there}")])
    return named[name]
