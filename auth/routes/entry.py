"""The facts for people before they sign in: who may register, by what, and the rule for passwords."""

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from auth.accounts.accounts import Accounts
from auth.oidc.sign_in import SignIn
from auth.policy import Policy, Registration
from auth.routes.sessions import NO_STORE


class Entry(Struct, frozen=True, kw_only=True):
    """The ways in. With `verification`, who registers gets a mail, and chooses the password by its link."""

    registration: Registration
    verification: bool
    password_rule: str
    providers: dict[str, str]


@get("/entry")
async def entry(
    accounts: NamedDependency[Accounts], sign_in: NamedDependency[SignIn], policy: NamedDependency[Policy]
) -> Response[Entry]:
    """Return the ways in; `providers` are labels by names."""
    told = Entry(
        registration=policy.registration,
        verification=policy.verification,
        password_rule=str(accounts.rules),
        providers=sign_in.offered(),
    )
    return Response(told, headers=NO_STORE)


ROUTES = [entry]
