"""The routes by which administrators see accounts, limit them, end what is signed in, and erase them.

Auth does the work, and looks itself whether the caller's session has not ended. What an account uses is
known here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from events.errors import Unavailable
from events.projections.usage import NONE, Usage
from events.views.store import JobViews
from gateway.accounts.auth_client import BODY_ERRORS, AuthProxy
from gateway.accounts.messages import Time
from gateway.callers.guard import AnyRequest, caller_of
from gateway.errors import Crowded
from gateway.http.contract import Answer, Body, Contract, as_json
from gateway.jobs import cursors
from gateway.quotas.quotas import Quotas
from service.known_problems import BAD_FIELD, BAD_REQUEST, NO_SUCH_ACCOUNT
from service.mail_preference import MailPreference
from service.quotas import Amount, Own
from service.scopes import ADMIN

_TAGS = ["administration"]
_ASKED = (Crowded, Unavailable)
Address = Annotated[str, Meta(max_length=254, extra_json_schema={"format": "idn-email"})]
GivenAmount = Amount | None | UnsetType


class GivenLimits(Struct, forbid_unknown_fields=True):
    """Limits of an account's own; null: none. What is not named is its role's."""

    bytes_stored: GivenAmount = UNSET
    audio_seconds: GivenAmount = UNSET
    jobs_today: GivenAmount = UNSET
    jobs_open: GivenAmount = UNSET
    uploads_at_once: GivenAmount = UNSET
    requests_a_minute: GivenAmount = UNSET


class GivenQuota(Struct):
    """The limits to give to an account, in the place of all that it had of its own."""

    limits: GivenLimits


class Person(Struct, frozen=True, kw_only=True):
    """An account, as auth knows it.

    `last_sign_in` is of the sessions that are still kept, which are those of the last month at most; null: it
    has none. `remark` names letters in the address that look like others.
    """

    account_id: str
    email: Address
    roles: Sequence[Literal["user", "admin"]]
    state: Literal["active", "disabled", "unverified"]
    created: Time
    has_password: bool
    mails: MailPreference
    remark: str
    last_sign_in: Time | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.account_id!r})"


class KnownAccount(Person, frozen=True, kw_only=True):
    """An account, and what it uses as far as the stored views have counted. Days are those of UTC.

    `limits` are those of its own, in the place of its roles'; null is none.
    """

    bytes_stored: int
    audio_seconds: float
    jobs_today: int
    jobs_open: int
    limits: Own


class KnownAccounts(Struct, frozen=True, kw_only=True):
    """A page of accounts, newest first; the next one begins at `next_cursor`."""

    items: list[KnownAccount]
    next_cursor: str | None


class _Found(Struct, frozen=True):
    items: list[Person]


class Details:
    """The gateways' knowledge of accounts, beside what auth does."""

    def __init__(self, views: JobViews, quotas: Quotas) -> None:
        self._views, self._quotas = views, quotas

    async def of(self, people: Sequence[Person]) -> list[KnownAccount]:
        """Return them with usage and limits. Raises Unavailable."""
        ids = [each.account_id for each in people]
        usages = await (await self._views.live()).usage.get_many(ids)
        limits = await self._quotas.limits.own_of(ids)
        now = datetime.now(UTC)
        return [_known(each, usages.get(each.account_id, NONE), limits, now) for each in people]


@get(
    "/admin/accounts",
    operation_id="listAccounts",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN, errors=_ASKED, answers={200: Answer("Accounts, newest first", as_json(KnownAccounts))}
    ).opt,
)
async def list_accounts(
    request: AnyRequest,
    auth: NamedDependency[AuthProxy],
    details: NamedDependency[Details],
    q: Annotated[
        str,
        QueryParameter(
            max_length=254,
            description="Only accounts with this in their address, in any case, or whose id begins with it.",
        ),
    ] = "",
    cursor: Annotated[str, QueryParameter(description="The `next_cursor` of the page before.")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Accounts on a page, at most.")] = 50,
) -> Response[Any]:
    """List accounts with what they use, newest first."""
    before = cursors.decode(cursor) if cursor else ""
    asked = msgspec.json.encode({"q": q, "before": before, "limit": limit})
    answer = await auth.forward(request, token=caller_of(request).token, body=asked)
    if answer.status_code != HTTPStatus.OK:
        return answer
    people = msgspec.json.decode(answer.content, type=_Found).items
    more = cursors.encode(people[-1].account_id) if len(people) == limit else None
    return Response(KnownAccounts(items=await details.of(people), next_cursor=more))


@get(
    "/admin/accounts/{account_id:str}",
    operation_id="getAccount",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN,
        errors=(*_ASKED, NO_SUCH_ACCOUNT),
        answers={200: Answer("The account", as_json(KnownAccount))},
    ).opt,
)
async def show_account(
    request: AnyRequest,
    account_id: FromPath[str],
    auth: NamedDependency[AuthProxy],
    details: NamedDependency[Details],
) -> Response[Any]:
    """Show an account with what it uses."""
    answer = await auth.forward(request, token=caller_of(request).token, body=b"")
    if answer.status_code != HTTPStatus.OK:
        return answer
    [known] = await details.of([msgspec.json.decode(answer.content, type=Person)])
    return Response(known)


@post(
    "/admin/accounts/{account_id:str}/revoke",
    status_code=204,
    operation_id="revokeAccount",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN, errors=(*_ASKED, NO_SUCH_ACCOUNT), answers={204: Answer("Nobody is signed in any more")}
    ).opt,
)
async def revoke_account(
    request: AnyRequest,
    account_id: FromPath[str],
    auth: NamedDependency[AuthProxy],
) -> Response[None]:
    """End all sessions and API keys of an account. Its password stays good.

    An administrator's are ended only by who has signed in, not by an API key.
    """
    return await auth.forward(request, token=caller_of(request).token, body=b"")


@put(
    "/admin/accounts/{account_id:str}/quota",
    status_code=204,
    operation_id="setAccountQuota",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN,
        errors=(*BODY_ERRORS, NO_SUCH_ACCOUNT, BAD_REQUEST, BAD_FIELD),
        body=Body(as_json(GivenQuota)),
        answers={204: Answer("The limits hold within some seconds")},
    ).opt,
)
async def set_account_quota(
    request: AnyRequest,
    account_id: FromPath[str],
    auth: NamedDependency[AuthProxy],
) -> Response[None]:
    """Give an account limits of its own, in the place of all that it had.

    `{"limits": {}}` leaves it those of its roles.
    """
    return await auth.forward(request, token=caller_of(request).token)


@delete(
    "/admin/accounts/{account_id:str}",
    status_code=204,
    operation_id="eraseAccount",
    tags=_TAGS,
    opt=Contract(
        scope=ADMIN,
        errors=(*_ASKED, NO_SUCH_ACCOUNT),
        answers={204: Answer("Erased; its jobs are deleted within moments")},
    ).opt,
)
async def erase_account(
    request: AnyRequest,
    account_id: FromPath[str],
    auth: NamedDependency[AuthProxy],
) -> Response[None]:
    """Erase an account for good: its address, its password, and its jobs. Its id stays in the log.

    Your own is refused, and an API key erases no administrator's.
    """
    return await auth.forward(request, token=caller_of(request).token, body=b"")


def _known(person: Person, usage: Usage, limits: Mapping[str, Own], now: datetime) -> KnownAccount:
    today = usage.on(now.date())
    return KnownAccount(
        **msgspec.structs.asdict(person),
        bytes_stored=usage.bytes_stored,
        audio_seconds=today.audio_ms / 1000,
        jobs_today=today.jobs,
        jobs_open=usage.jobs_open,
        limits=limits.get(person.account_id, {}),
    )


ROUTES: list[Any] = [list_accounts, show_account, revoke_account, set_account_quota, erase_account]
