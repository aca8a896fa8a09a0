"""Asks sources: where the guard lets it, and with an address that nobody else has in plain text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from msgspec import Struct

from events.types import ImportFailure
from gateway.errors import AddressRefused
from gateway.imports.answers import Fields, Known, Part, part_of, question
from gateway.imports.failures import ImportFailing, of_outbound
from gateway.imports.names import name_of
from gateway.imports.records import ImportRecord
from service.handover_keys import HandoverKeys, NotSealed
from service.outbound.client import Call, Outbound
from service.outbound.errors import OutboundError, Refused
from service.outbound.urls import Target, read

REDIRECTS = 8
"""Hops from the address that a person gave to the file itself. Browsers follow 20."""


class Offer(Struct, frozen=True):
    """An answer of a source. `pieces` can be read once, and raise ImportStuck where they end early."""

    part: Part
    name: str
    pieces: AsyncIterator[bytes]


class Sources:
    """The way out, and the keys that seal addresses."""

    def __init__(self, outbound: Outbound, keys: HandoverKeys) -> None:
        self._outbound, self._keys = outbound, keys

    async def check(self, url: str) -> Target:
        """Return what the URL means, if we would ask there now. Raises AddressRefused."""
        try:
            return await self._outbound.check(url)
        except Refused as error:
            raise AddressRefused(str(error)) from error

    def sealed(self, import_id: str, target: Target) -> bytes:
        """Return the address as it may be stored. Raises NoHandoverSecrets."""
        return self._keys.seal(_purpose(import_id), target.url)

    @asynccontextmanager
    async def asked(self, record: ImportRecord) -> AsyncIterator[Offer]:
        """Ask for what is not there yet; the answer is open for the block. Raises ImportTrouble, Anew."""
        target = self._target(record)
        known = Known(offset=record.offset, length=record.length, validator=record.validator)
        call = Call(target=target, headers=question(known), redirects=REDIRECTS)
        try:
            async with self._outbound.ask(call) as answer:
                fields = _fields(answer.headers)
                part = part_of(answer.status, fields, known)
                name = name_of(fields.disposition, answer.target.path, target.path)
                yield Offer(part, name, _pieces(answer.pieces()))
        except OutboundError as error:
            raise of_outbound(error) from error

    def _target(self, record: ImportRecord) -> Target:
        try:
            return read(self._keys.open(_purpose(record.id), record.address))
        except NotSealed as error:
            raise ImportFailing(ImportFailure.INTERNAL, "this server cannot read the address now") from error


def _purpose(import_id: str) -> str:
    return f"import-url {import_id}"


def _fields(headers: httpx.Headers) -> Fields:
    return Fields(
        etag=headers.get("etag", ""),
        modified=headers.get("last-modified", ""),
        date=headers.get("date", ""),
        length=headers.get("content-length", ""),
        range=headers.get("content-range", ""),
        encoding=headers.get("content-encoding", ""),
        type=headers.get("content-type", ""),
        disposition=headers.get("content-disposition", ""),
        ranges=headers.get("accept-ranges", ""),
    )


async def _pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Hand on the bytes; their end before the end is no fault of who takes them in."""
    try:
        async for piece in pieces:
            yield piece
    except OutboundError as error:
        raise of_outbound(error) from error
