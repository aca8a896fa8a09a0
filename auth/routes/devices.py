"""The sign-in of devices over HTTP (RFC 8628). JSON in place of forms, and problem documents for errors."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from msgspec import Struct

from auth.keys.access_tokens import Claims
from auth.policy import Policy
from auth.routes.credentials import Undisclosed, json_body, program_of
from auth.routes.sessions import NO_STORE, Access, answer
from auth.sessions.devices import INTERVAL, LIFETIME, DeviceSignIns


class Begun(Struct, frozen=True):
    """The codes of a device. Seconds. The gateway adds where its person goes with the short one."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int

    def __repr__(self) -> str:
        return "Begun(…)"


class Waiting(Struct, frozen=True):
    """A device that waits: the program, and the network address that it asks from; empty if unknown."""

    program: str
    address: str
    begun: datetime
    expires: datetime


class DeviceCode(Undisclosed, frozen=True):
    """The long code, which the device keeps to itself."""

    device_code: str


class UserCode(Undisclosed, frozen=True):
    """The short code, as a person writes it."""

    user_code: str


@post("/login/device", status_code=200)
async def begin(
    request: Request[Any, Any, Any], devices: NamedDependency[DeviceSignIns], policy: NamedDependency[Policy]
) -> Response[Begun]:
    """Begin the sign-in of a device."""
    codes = await devices.begin(program_of(request), policy.client_of(request))
    life, interval = int(LIFETIME.total_seconds()), int(INTERVAL.total_seconds())
    begun = Begun(codes.device_code, codes.user_code, life, interval)
    return Response(begun, headers=NO_STORE)


@post("/login/device/token", status_code=200)
async def enter(request: Request[Any, Any, Any], devices: NamedDependency[DeviceSignIns]) -> Response[Access]:
    """Let the device in, if it is approved."""
    shown = await json_body(request, DeviceCode)
    return answer(await devices.enter(shown.device_code))


@post("/login/device/waiting", status_code=200)
async def waiting(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    devices: NamedDependency[DeviceSignIns],
    policy: NamedDependency[Policy],
) -> Response[Waiting]:
    """Show what waits with this code."""
    shown = await json_body(request, UserCode)
    found = await devices.waiting(shown.user_code, person, policy.client_of(request))
    return Response(Waiting(found.program, found.address, found.begun, found.expires), headers=NO_STORE)


@post("/login/device/approve", status_code=204)
async def approve(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    devices: NamedDependency[DeviceSignIns],
    policy: NamedDependency[Policy],
) -> None:
    """Let the device in as who asks this."""
    shown = await json_body(request, UserCode)
    await devices.approve(shown.user_code, person, policy.client_of(request))


@post("/login/device/deny", status_code=204)
async def deny(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    devices: NamedDependency[DeviceSignIns],
    policy: NamedDependency[Policy],
) -> None:
    """Never let the device in."""
    shown = await json_body(request, UserCode)
    await devices.deny(shown.user_code, person, policy.client_of(request))


ROUTES = [begin, enter, waiting, approve, deny]
