"""The choices that people make, over HTTP: which mails about their jobs they get."""

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from msgspec import Struct

from auth.accounts.mail_choices import MailChoices
from auth.keys.access_tokens import Claims
from auth.routes.credentials import Undisclosed, json_body
from auth.routes.letters import Said
from auth.routes.sessions import NO_STORE
from service.mail_preference import MailChoice, MailPreference


class Wanted(Struct, frozen=True):
    """The choices that an account's holder makes. `links` may be left out: then it is as before."""

    mails: MailPreference
    links: bool | None = None


class Unsubscribing(Undisclosed, frozen=True):
    """The token of a link that ends mails."""

    token: str


@get("/preferences")
async def show_preferences(
    person: NamedDependency[Claims], mail_choices: NamedDependency[MailChoices]
) -> Response[MailChoice]:
    """Return the choices."""
    return Response(await mail_choices.of(person.sub), headers=NO_STORE)


@put("/preferences")
async def set_preferences(
    request: Request[Any, Any, Any],
    person: NamedDependency[Claims],
    mail_choices: NamedDependency[MailChoices],
) -> Response[MailChoice]:
    """Replace the choices."""
    wanted = await json_body(request, Wanted)
    return Response(await mail_choices.choose(person.sub, wanted.mails, wanted.links), headers=NO_STORE)


@get("/unsubscribe")
async def check_link(
    request: Request[Any, Any, Any], mail_choices: NamedDependency[MailChoices]
) -> Response[Said]:
    """Say whether a mail's link is good; nothing changes. The token is in the body: logs have addresses."""
    mail_choices.account_of((await json_body(request, Unsubscribing)).token)
    return Response(Said("This link ends the mails about your jobs."), headers=NO_STORE)


@post("/unsubscribe", status_code=200)
async def unsubscribe(
    request: Request[Any, Any, Any], mail_choices: NamedDependency[MailChoices]
) -> Response[Said]:
    """End the mails about jobs, by the token of a mail's link."""
    await mail_choices.unsubscribe((await json_body(request, Unsubscribing)).token)
    return Response(
        Said("No more mails about your jobs come. Mails about the account itself still do."),
        headers=NO_STORE,
    )


ROUTES = [show_preferences, set_preferences, check_link, unsubscribe]
