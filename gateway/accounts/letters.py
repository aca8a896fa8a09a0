"""Where the links in mails lead: to pages with a form, and to the same routes for programs, in JSON.

To open a page uses no token up: programs that look at mails for people open every link.
"""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from msgspec import Struct

from events.errors import TonearmError
from gateway.accounts.auth_client import Forwarding
from gateway.accounts.pages import Field, Form, page, sentence
from gateway.callers.cookies import check_origin
from gateway.callers.guard import AnyRequest, caller_of
from gateway.http.problems import kind_of

_TAGS = ["accounts"]
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 10


class _Answer(Struct, frozen=True):
    """What auth says: a sentence, or a problem."""

    message: str = ""
    detail: str = ""


class _Page(Struct, frozen=True, kw_only=True):
    """A form's page."""

    action: str
    title: str
    said: str
    fields: tuple[Field, ...]
    button: str

    def show(
        self, token: str = "", *, alert: str = "", status: int = 200, retry_after: str = ""
    ) -> Response[str]:
        hidden = (("token", token),) if token else ()
        form = Form(action=self.action, fields=self.fields, button=self.button, hidden=hidden)
        return page(self.title, self.said, form=form, alert=alert, status=status, retry_after=retry_after)


_PASSWORD = Field(
    name="password",
    label="New password",
    type="password",
    autocomplete="new-password",
    hint="A sentence is easier to keep in mind than signs, and better.",
)
_FORGOT = _Page(
    action="forgot",
    title="Forgotten your password?",
    said="Say your address, and a mail comes with a link by which you choose a new one.",
    fields=(Field(name="email", label="E-mail address", type="email", autocomplete="username"),),
    button="Send the mail",
)
_RESET = _Page(
    action="reset",
    title="Choose a new password",
    said="All that is signed in to your account now will be signed out.",
    fields=(_PASSWORD,),
    button="Set the password",
)
_CONFIRM = _Page(
    action="confirm",
    title="Choose your password",
    said="With it, and with your address, you sign in from now on.",
    fields=(_PASSWORD,),
    button="Confirm the address",
)

_Token = Annotated[str, QueryParameter(name="token", max_length=200)]


def letter_routes(auth: Forwarding) -> list[HTTPRouteHandler]:
    """Return the routes that need no access token."""

    @get("/password/forgot", tags=_TAGS, security=[])
    async def forgot_page() -> Response[str]:
        """Show the form."""
        return _FORGOT.show()

    @post("/password/forgot", status_code=202, tags=_TAGS, security=[])
    async def forgot(request: AnyRequest) -> Response[Any]:
        """Have a mail sent by which the password can be replaced, if there is an account."""
        return await _sent(auth, request, _FORGOT)

    @get("/password/reset", tags=_TAGS, security=[])
    async def reset_page(token: _Token = "") -> Response[str]:
        """Show the form; the token stays good."""
        return _RESET.show(token)

    @post("/password/reset", status_code=200, tags=_TAGS, security=[])
    async def reset(request: AnyRequest) -> Response[Any]:
        """Set a new password by a mail's token, good once, and end all sessions and API keys."""
        return await _sent(auth, request, _RESET)

    @get("/register/confirm", tags=_TAGS, security=[])
    async def confirm_page(token: _Token = "") -> Response[str]:
        """Show the form; the token stays good."""
        return _CONFIRM.show(token)

    @post("/register/confirm", status_code=200, tags=_TAGS, security=[])
    async def confirm(request: AnyRequest) -> Response[Any]:
        """Finish a registration, or accept an invitation: choose the password, by a mail's token."""
        return await _sent(auth, request, _CONFIRM)

    return [forgot_page, forgot, reset_page, reset, confirm_page, confirm]


def password_routes(auth: Forwarding) -> list[HTTPRouteHandler]:
    """Return the routes for who is signed in."""

    @post("/password", status_code=204, tags=_TAGS)
    async def change_password(request: AnyRequest) -> Response[None]:
        """Replace your password; your other sessions end."""
        return await auth.forward(request, token=caller_of(request).token)

    @post("/invitations", status_code=202, tags=_TAGS)
    async def invite(request: AnyRequest) -> Response[Any]:
        """Invite somebody by mail, as an administrator."""
        return await auth.forward(request, token=caller_of(request).token)

    return [change_password, invite]


async def _sent(auth: Forwarding, request: AnyRequest, shown: _Page) -> Response[Any]:
    """Hand through what a program has sent, or a form; a form is answered by a page."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return await auth.forward(request)
    token = ""
    try:
        check_origin(request.headers)
        fields = _read(await auth.body(request))
        token = fields.get("token", "")
        answer = await auth.forward(request, body=msgspec.json.encode(fields))
    except TonearmError as error:
        kind = kind_of(error)
        ours = kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        why = "this is not possible now; try later" if ours else str(error)
        return shown.show(
            token, alert=sentence(why), status=kind.status, retry_after=str(kind.retry_after or "")
        )
    status = answer.status_code or HTTPStatus.OK
    said = msgspec.json.decode(answer.content, type=_Answer)
    if status < HTTPStatus.BAD_REQUEST:
        return page(shown.title, said.message)
    wait = answer.headers.get("retry-after", "")
    return shown.show(token, alert=sentence(said.detail), status=status, retry_after=wait)


def _read(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode(), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}
