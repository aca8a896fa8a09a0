"""Signing in a device that has no browser, by one that has (RFC 8628); auth does the work.

A page of this site asks the person. Its address has the short code behind the hash, so that it is in no log.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct

from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.messages import Access, DeviceCode, DeviceCodes, UserCode, WaitingDevice
from gateway.callers.guard import AnyRequest, caller_of
from gateway.http.contract import ANYBODY, Answer, Body, Contract, as_json
from service.known_problems import BAD_FIELD, BAD_REQUEST, DEVICE_WAITS, NO_SUCH_DEVICE, TOO_MANY_TRIES
from service.scopes import ACCOUNT

_TAGS = ["accounts"]


class _Begun(Struct, frozen=True):
    device_code: str
    user_code: str
    expires_in: int
    interval: int


def _contract(answer: Answer, status: int) -> Contract:
    return Contract(
        scope=ACCOUNT,
        errors=(*BODY_ERRORS, BAD_REQUEST, BAD_FIELD, NO_SUCH_DEVICE, TOO_MANY_TRIES),
        body=Body(as_json(UserCode)),
        answers={status: answer},
    )


@post(
    "/login/device",
    status_code=200,
    operation_id="beginDeviceSignIn",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, TOO_MANY_TRIES),
        answers={200: Answer("The codes, good for ten minutes", as_json(DeviceCodes))},
    ).opt,
)
async def begin(
    request: AnyRequest, auth: NamedDependency[AuthProxy], public_url: NamedDependency[str]
) -> Response[Any]:
    """Begin the sign-in of a device without a browser: its person approves it by another (RFC 8628)."""
    answer = await auth.forward(request, body=b"")
    if answer.status_code != HTTPStatus.OK:
        return answer
    begun = msgspec.json.decode(answer.content, type=_Begun)
    codes = DeviceCodes(
        device_code=begun.device_code,
        user_code=begun.user_code,
        verification_uri=f"{public_url}/device",
        verification_uri_complete=f"{public_url}/#/device?code={begun.user_code}",
        expires_in=begun.expires_in,
        interval=begun.interval,
    )
    return Response(codes, headers={"Cache-Control": "no-store"})


@post(
    "/login/device/token",
    status_code=200,
    operation_id="finishDeviceSignIn",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, BAD_REQUEST, BAD_FIELD, DEVICE_WAITS),
        body=Body(as_json(DeviceCode)),
        answers={200: Answer("The tokens, once the device is approved", as_json(Access))},
    ).opt,
)
async def enter(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[Any]:
    """Let the device in, once its person has approved it. Until then it asks every `interval` seconds."""
    return await auth.forward(request)


@post(
    "/login/device/waiting",
    status_code=200,
    operation_id="showWaitingDevice",
    tags=_TAGS,
    opt=_contract(Answer("What waits", as_json(WaitingDevice)), 200).opt,
)
async def waiting(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[Any]:
    """Show which device waits with this code."""
    return await auth.forward(request, token=caller_of(request).token)


@post(
    "/login/device/approve",
    status_code=204,
    operation_id="approveDevice",
    tags=_TAGS,
    opt=_contract(Answer("It is let in when it asks next"), 204).opt,
)
async def approve(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[None]:
    """Let the device in with this code, as you."""
    return await auth.forward(request, token=caller_of(request).token)


@post(
    "/login/device/deny",
    status_code=204,
    operation_id="denyDevice",
    tags=_TAGS,
    opt=_contract(Answer("It is not let in"), 204).opt,
)
async def deny(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[None]:
    """Never let the device in with this code."""
    return await auth.forward(request, token=caller_of(request).token)


@get("/device", status_code=303, include_in_schema=False, opt=Contract(scope=ANYBODY, errors=()).opt)
async def lead_to_place(request: AnyRequest) -> Response[None]:
    """Lead a browser to the place where the short code is typed. This address is short, too."""
    # By a path that holds under whatever a proxy puts before it, and where a slash was typed at its end.
    above = ".." if request.scope["raw_path"].endswith(b"/") else "."
    to = {"Location": f"{above}/#/device", "Cache-Control": "no-store"}
    return Response(None, status_code=HTTPStatus.SEE_OTHER, headers=to)


ROUTES = [begin, enter, waiting, approve, deny, lead_to_place]
