"""Signing in a device that has no browser, by one that has: the OAuth device grant (RFC 8628).

The device gets two codes. It shows the short one to its person, who types it on the page where they are
signed in, by whatever way, and approves. With the long one the device asks meanwhile, and is let in once.

Who approves by a session that has ended since has approved nothing, nor by one whose account has another
password since: whoever closed the account, or changed its password, meant this device, too.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from auth import opaque
from auth.errors import BadCredentials, DeviceWaits, DirectoryUnavailable, InvalidToken, NoSuchDevice
from auth.keys.access_tokens import Claims
from auth.sessions.open_account import open_account
from auth.sessions.sessions import Grant, Sessions
from auth.stores.devices import Answer, Device, DeviceStore
from auth.stores.directory import Account, Directory
from auth.throttle import Deed, Throttle

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=2)
"""Between two questions of a device."""
_EARLY = timedelta(seconds=0.5)
"""How much sooner one may come: the way here takes longer at one time than at another."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of the short code: no vowels, so no words (RFC 8628, 6.1). Eight of them are 34 bits."""
_LENGTH = 8


class Refusal(StrEnum):
    """Why a device is not let in, in the words of RFC 8628, 3.5."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"


_SENTENCES = {
    Refusal.PENDING: "nobody has approved it yet; ask again",
    Refusal.SLOW_DOWN: "this was too soon after the last time; wait five seconds longer from now on",
    Refusal.DENIED: "it was denied, or what has approved it is signed out, or the password was changed",
    Refusal.EXPIRED: "the code was used, has expired, or is not one of ours: begin again",
}


class Codes(Struct, frozen=True):
    """The codes of a sign-in that has begun. The repr shows neither."""

    device_code: str
    user_code: str

    def __repr__(self) -> str:
        return "Codes(…)"


class DeviceSignIns:
    """Sign-ins of devices. Every method raises DirectoryUnavailable when the database is away."""

    def __init__(
        self,
        *,
        store: DeviceStore,
        directory: Directory,
        sessions: Sessions,
        throttle: Throttle,
        clock: Callable[[], datetime],
        secret: bytes,
    ) -> None:
        """All replicas share the `secret`: a plain hash of a short code could be reversed by trying all."""
        self._store, self._directory, self._sessions = store, directory, sessions
        self._throttle, self._clock, self._secret = throttle, clock, secret

    async def begin(self, program: str, address: str) -> Codes:
        """Begin one for a client of this address, if it is known. Raises TooManyFailures."""
        codes, now = Codes(opaque.make(opaque.DEVICE), _user_code()), self._clock()
        digest = opaque.digest(codes.device_code)
        await self._throttle.failed(
            await self._throttle.admit(digest.hex(), address, Deed.DEVICE, tacitly=False)
        )
        await self._store.add(
            Device(
                digest=digest,
                user_code=self._hashed(codes.user_code),
                begun=now,
                expires=now + LIFETIME,
                program=program,
                address=address,
            )
        )
        return codes

    async def waiting(self, user_code: str, person: Claims, address: str) -> Device:
        """Return the one with this code that waits. Raises NoSuchDevice, TooManyFailures.

        Codes are throttled by who tries them and from where, as passwords are.
        """
        tried = await self._throttle.admit(person.sub, address, Deed.USER_CODE, tacitly=False)
        try:
            device = await self._store.waiting(self._hashed(user_code), self._clock())
        except DirectoryUnavailable:
            await self._throttle.let_go(tried)
            raise
        if device is None:
            await self._throttle.failed(tried)
            raise NoSuchDevice(
                "no device waits with this code: look whether it is right, or begin again there"
            )
        await self._throttle.let_go(tried)
        return device

    async def approve(self, user_code: str, person: Claims, address: str) -> None:
        """Let the device in as this person. Raises NoSuchDevice, TooManyFailures."""
        password = _known_by(await open_account(self._directory, person.sub))
        approval = Answer(account_id=person.sub, session_id=person.sid, password=password)
        await self._answer(user_code, person, address, approval)

    async def deny(self, user_code: str, person: Claims, address: str) -> None:
        """Never let it in. Raises NoSuchDevice, TooManyFailures."""
        await self._answer(user_code, person, address, Answer(account_id=person.sub))

    async def enter(self, device_code: str) -> Grant:
        """Begin the device's session, once it is approved, and once only. Raises DeviceWaits."""
        now = self._clock()
        if not opaque.is_well_formed(device_code, opaque.DEVICE):
            raise _waits(Refusal.EXPIRED)
        digest = opaque.digest(device_code)
        if (device := await self._store.ask(digest, now)) is None:
            raise _waits(Refusal.EXPIRED)
        if not device.is_answered:
            soon = device.asked is not None and now - device.asked < INTERVAL - _EARLY
            raise _waits(Refusal.SLOW_DOWN if soon else Refusal.PENDING)
        if (device := await self._store.take(digest)) is None:
            raise _waits(Refusal.EXPIRED)
        if device.denied:
            raise _waits(Refusal.DENIED)
        return await self._begun(device)

    async def _begun(self, device: Device) -> Grant:
        async def still_approved(account: Account) -> bool:
            return device.password == _known_by(account) and await self._sessions.lasts(device.session_id)

        try:
            account = await open_account(self._directory, device.account_id)
            # A device proves nothing: whoever has found an old session must not make a fresh one of it.
            proven = await self._sessions.proven(device.session_id)
            return await self._sessions.begin(
                account, still_right=still_approved, program=device.program, proven=proven
            )
        except (BadCredentials, InvalidToken):
            raise _waits(Refusal.DENIED) from None

    async def _answer(self, user_code: str, person: Claims, address: str, answer: Answer) -> None:
        device = await self.waiting(user_code, person, address)
        if not await self._store.answer(device.user_code, self._clock(), answer):
            raise NoSuchDevice("somebody has answered this a moment ago")

    def _hashed(self, user_code: str) -> bytes:
        """Return what is stored of a short code, however a person writes it."""
        letters = re.sub(r"[^A-Z]", "", user_code[: _LENGTH * 4].upper())
        return hmac.digest(self._secret, letters.encode(), "sha256")


def _user_code() -> str:
    """Return a new short code: WDJB-MJHT."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"


def _known_by(account: Account) -> bytes:
    """Return a mark of the account's password as it is now. Who changes it keeps their session."""
    return opaque.digest(account.password_hash)


def _waits(refusal: Refusal) -> DeviceWaits:
    return DeviceWaits(refusal, _SENTENCES[refusal])
