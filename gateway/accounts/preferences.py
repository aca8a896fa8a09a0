"""The choice of mails about jobs: made by themselves, or ended by the link in such a mail.

Mail programs follow that link by themselves (RFC 8058): one POST, without cookies, answered without a
redirect. A GET changes nothing, as programs that look at mails for people open every link.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from events.errors import TonearmError, Unavailable
from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.messages import Message, Preferences
from gateway.accounts.outcomes import answered, failed
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import Crowded
from gateway.http.contract import ANYBODY, TEXT, Answer, Body, Contract, as_json
from gateway.http.pages import Form, Link, page, wants_page
from service.known_problems import BAD_FIELD, BAD_REQUEST, LINK_SPENT
from service.scopes import ACCOUNT

_TAGS = ["accounts"]
_TITLE = "Mails about your jobs"
_ACCOUNT = [Link("Your account", "./#/account")]
_Token = Annotated[str, QueryParameter(name="token", max_length=200, description="As in the mail's link.")]


@get(
    "/preferences",
    operation_id="getPreferences",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(Crowded, Unavailable),
        answers={200: Answer("Your choices", as_json(Preferences))},
    ).opt,
)
async def show_preferences(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """Show which mails you get."""
    return await auth.forward(request, token=caller_of(request).token, body=b"")


@put(
    "/preferences",
    operation_id="putPreferences",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(*BODY_ERRORS, BAD_REQUEST, BAD_FIELD),
        body=Body(as_json(Preferences)),
        answers={200: Answer("Your choices now", as_json(Preferences))},
    ).opt,
)
async def set_preferences(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[bytes]:
    """Choose which mails about your jobs you get; mails about your account always come."""
    return await auth.forward(request, token=caller_of(request).token)


@get(
    "/unsubscribe",
    operation_id="showUnsubscribeForm",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY, errors=(LINK_SPENT,), answers={200: Answer("A form", {"text/html": TEXT})}
    ).opt,
)
async def unsubscribe_page(
    request: AnyRequest, auth: NamedDependency[AuthProxy], token: _Token = ""
) -> Response[Any]:
    """Show the form, or that the link is not a good one; nothing changes."""
    with suppress(Crowded, Unavailable):  # the button will tell
        answer = await auth.forward(request, body=msgspec.json.encode({"token": token}))
        if answer.status_code == HTTPStatus.GONE:
            if not wants_page(request):
                return answer
            return page(_TITLE, answered(answer).said, root="./", links=_ACCOUNT, status=HTTPStatus.GONE)
    return unsubscribe_form(token)


def unsubscribe_form(token: str) -> Response[str]:
    """Return the form with one button."""
    form = Form(action=f"unsubscribe?{urlencode({'token': token})}", fields=(), button="Send no more of them")
    text = "They say that a conversion has ended. Do you want no more of them?"
    return page(_TITLE, text, root="./", form=form)


@post(
    "/unsubscribe",
    status_code=200,
    operation_id="unsubscribe",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(Crowded, Unavailable, LINK_SPENT),
        answers={200: Answer("No more mails about jobs come; as a page for a form", as_json(Message))},
    ).opt,
)
async def unsubscribe(
    request: AnyRequest, auth: NamedDependency[AuthProxy], token: _Token = ""
) -> Response[Any]:
    """End the mails about jobs, in one click (RFC 8058): by the token of a mail's link, and nothing else."""
    shown = msgspec.json.encode({"token": token})
    if not wants_page(request):
        return await auth.forward(request, body=shown)
    try:
        outcome = answered(await auth.forward(request, body=shown))
    except TonearmError as error:
        outcome = failed(error)
    return page(_TITLE, outcome.said, root="./", status=outcome.status, retry_after=outcome.retry_after)


ROUTES = [show_preferences, set_preferences, unsubscribe_page, unsubscribe]
