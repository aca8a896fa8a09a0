"""The pages that links in mails lead to, and the same routes for programs, in JSON.

Opening a page uses no token up: programs that look at mails for people open every link.
"""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from events.errors import TonearmError
from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.entry import WaysIn
from gateway.accounts.messages import Addressed, Invited, Message, NewPassword, PasswordChange
from gateway.accounts.outcomes import Outcome, answered, failed
from gateway.callers.cookies import check_origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import FromElsewhere
from gateway.http.contract import ANYBODY, TEXT, Answer, Body, Contract, Error, as_json
from gateway.http.pages import Field, Form, Link, fields_of, is_form, page, wants_page
from service.known_problems import ACCOUNT_EXISTS, BAD_FIELD, BAD_REQUEST, LINK_SPENT, TOO_MANY_TRIES
from service.scopes import ACCOUNT, ADMIN

_TAGS = ["accounts"]
_ROOT = "../"
"""From each of these pages to the page."""
_NEW = Outcome(said="", status=HTTPStatus.OK)


class _Page(Struct, frozen=True, kw_only=True):
    """A page with a form. `text` stands above the form."""

    action: str
    title: str
    text: str
    fields: tuple[Field, ...]
    button: str

    def show(self, token: str = "", refused: Outcome = _NEW, *, rule: str = "") -> Response[str]:
        """Show the page, perhaps again; `rule` stands below the password."""
        hidden = (("token", token),) if token else ()
        fields = [replace(each, hint=rule) if each is _PASSWORD else each for each in self.fields]
        form = Form(action=self.action, fields=fields, button=self.button, hidden=hidden)
        return page(
            self.title,
            self.text,
            root=_ROOT,
            form=form,
            alert=refused.said,
            status=refused.status,
            retry_after=refused.retry_after,
        )


_PASSWORD = Field(
    name="password",
    label="New password",
    type="password",
    autocomplete="new-password",
)
_FORGOT = _Page(
    action="forgot",
    title="Forgotten your password?",
    text="Say your address, and a mail comes with a link by which you choose a new one.",
    fields=(Field(name="email", label="E-mail address", type="email", autocomplete="username"),),
    button="Send the mail",
)
_RESET = _Page(
    action="reset",
    title="Choose a new password",
    text="All that is signed in to your account now will be signed out.",
    fields=(_PASSWORD,),
    button="Set the password",
)
_CONFIRM = _Page(
    action="confirm",
    title="Choose your password",
    text="With it, and with your address, you sign in from now on.",
    fields=(_PASSWORD,),
    button="Confirm the address",
)

_Token = Annotated[str, QueryParameter(name="token", max_length=200)]


MAIL_ACCEPTED = Answer("A mail may be on its way; the same, whoever has the address", as_json(Message))


def _page_contract(*errors: Error) -> Contract:
    """Return the contract of a page with a form."""
    return Contract(scope=ANYBODY, errors=errors, answers={200: Answer("A form", {"text/html": TEXT})})


def _token_contract(done: str) -> Contract:
    """Return the contract of a route that sets a password by a mail's token."""
    return Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, FromElsewhere, BAD_REQUEST, LINK_SPENT, BAD_FIELD),
        body=Body(as_json(NewPassword)),
        answers={200: Answer(f"{done}; as a page for a form", as_json(Message))},
    )


@get("/password/forgot", operation_id="showForgotPasswordForm", tags=_TAGS, opt=_page_contract().opt)
async def forgot_page() -> Response[str]:
    """Show the form."""
    return _FORGOT.show()


@post(
    "/password/forgot",
    status_code=202,
    operation_id="requestPasswordReset",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(*BODY_ERRORS, FromElsewhere, BAD_REQUEST, TOO_MANY_TRIES, BAD_FIELD),
        body=Body(as_json(Addressed)),
        answers={202: MAIL_ACCEPTED},
    ).opt,
)
async def forgot(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[Any]:
    """Have a mail sent by which the password can be replaced, if there is an account."""
    return await _submitted(auth, request, _FORGOT)


@get("/password/reset", operation_id="showResetPasswordForm", tags=_TAGS, opt=_page_contract().opt)
async def reset_page(ways_in: NamedDependency[WaysIn], token: _Token = "") -> Response[str]:
    """Show the form; the token stays good."""
    return _RESET.show(token, rule=await ways_in.password_rule())


@post(
    "/password/reset",
    status_code=200,
    operation_id="resetPassword",
    tags=_TAGS,
    opt=_token_contract("The password is set").opt,
)
async def reset(
    request: AnyRequest, auth: NamedDependency[AuthProxy], ways_in: NamedDependency[WaysIn]
) -> Response[Any]:
    """Set a new password by a mail's token, good once, and end all sessions and API keys."""
    return await _submitted(auth, request, _RESET, ways_in)


@get("/register/confirm", operation_id="showConfirmRegistrationForm", tags=_TAGS, opt=_page_contract().opt)
async def confirm_page(ways_in: NamedDependency[WaysIn], token: _Token = "") -> Response[str]:
    """Show the form; the token stays good."""
    return _CONFIRM.show(token, rule=await ways_in.password_rule())


@post(
    "/register/confirm",
    status_code=200,
    operation_id="confirmRegistration",
    tags=_TAGS,
    opt=_token_contract("The account is there").opt,
)
async def confirm(
    request: AnyRequest, auth: NamedDependency[AuthProxy], ways_in: NamedDependency[WaysIn]
) -> Response[Any]:
    """Finish a registration, or accept an invitation: choose the password, by a mail's token."""
    return await _submitted(auth, request, _CONFIRM, ways_in)


@post(
    "/password",
    status_code=204,
    operation_id="changePassword",
    tags=_TAGS,
    opt=Contract(
        scope=ACCOUNT,
        errors=(*BODY_ERRORS, BAD_REQUEST, TOO_MANY_TRIES, BAD_FIELD),
        body=Body(as_json(PasswordChange)),
        answers={204: Answer("The password is set; all other sessions have ended")},
    ).opt,
)
async def change_password(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[None]:
    """Replace your password; your other sessions end."""
    return await auth.forward(request, token=caller_of(request).token)


@post(
    "/invitations",
    status_code=202,
    operation_id="invitePerson",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN,
        errors=(*BODY_ERRORS, BAD_REQUEST, ACCOUNT_EXISTS, BAD_FIELD),
        body=Body(as_json(Invited)),
        answers={202: Answer("The invitation is on its way", as_json(Message))},
    ).opt,
)
async def invite(request: AnyRequest, auth: NamedDependency[AuthProxy]) -> Response[Any]:
    """Invite somebody by mail, as an administrator."""
    return await auth.forward(request, token=caller_of(request).token)


async def _submitted(
    auth: AuthProxy, request: AnyRequest, shown: _Page, ways_in: WaysIn | None = None
) -> Response[Any]:
    """Pass on a program's request, or a form's. A browser's form is answered by a page."""
    if not is_form(request):
        return await auth.forward(request)
    if not wants_page(request):
        check_origin(request.headers)
        return await auth.forward(request, body=msgspec.json.encode(fields_of(await auth.body(request))))
    token = ""
    try:
        check_origin(request.headers)
        fields = fields_of(await auth.body(request))
        token = fields.get("token", "")
        answer = await auth.forward(request, body=msgspec.json.encode(fields))
    except TonearmError as error:
        outcome = failed(error)
    else:
        outcome = answered(answer)
    if outcome.is_good:
        on = [Link("Sign in", _ROOT)] if shown is not _FORGOT else []
        return page(shown.title, outcome.said, root=_ROOT, links=on, status=outcome.status)
    rule = await ways_in.password_rule() if ways_in else ""
    return shown.show(token, outcome, rule=rule)


ROUTES = [
    forgot_page,
    forgot,
    reset_page,
    reset,
    confirm_page,
    confirm,
    change_password,
    invite,
]
