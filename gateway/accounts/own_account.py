"""One's own account: who is signed in, and the end of it."""

from http import HTTPStatus

from litestar import Response, delete, get
from litestar.di import NamedDependency

from events.errors import Unavailable
from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.messages import Erasing, OwnAccount
from gateway.callers.cookies import Cookies
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import Crowded
from gateway.http.contract import Answer, Body, Contract, as_json
from service.known_problems import BAD_FIELD, BAD_REQUEST, SIGN_IN_AGAIN, TOO_MANY_TRIES
from service.scopes import ACCOUNT

_TAGS = ["accounts"]


@get(
    "/account",
    operation_id="getOwnAccount",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(Crowded, Unavailable),
        answers={200: Answer("Your account", as_json(OwnAccount))},
    ).opt,
)
async def show_account(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """Show who is signed in."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


@delete(
    "/account",
    status_code=204,
    operation_id="eraseOwnAccount",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(*BODY_ERRORS, BAD_REQUEST, SIGN_IN_AGAIN, TOO_MANY_TRIES, BAD_FIELD),
        body=Body(as_json(Erasing), required=False),
        answers={204: Answer("The account is erased; its jobs and files go with it")},
    ).opt,
)
async def erase_account(
    request: AnyRequest, auth: NamedDependency[AuthProxy], session_cookies: NamedDependency[Cookies]
) -> Response[None]:
    """Erase your account with all its jobs and files, by your password once more."""
    answer = await auth.forward(request, token=caller_of(request).token)
    if answer.status_code == HTTPStatus.NO_CONTENT and request.cookies:
        return session_cookies.dropped(answer)
    return answer


ROUTES = [show_account, erase_account]
