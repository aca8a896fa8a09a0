"""The application: its parts, and its routes put together."""

from litestar import Litestar
from litestar.di import Provide
from msgspec import Struct

from auth.accounts.accounts import Accounts
from auth.accounts.letter_requests import LetterRequests
from auth.accounts.letters import Letters
from auth.accounts.mail_choices import MailChoices
from auth.accounts.operator_changes import OperatorChanges
from auth.accounts.own_account import OwnAccounts
from auth.accounts.password_changes import PasswordChanges
from auth.accounts.profiles import Profiles
from auth.accounts.quotas import QuotaChanges
from auth.keys.signer import Signer
from auth.oidc.sign_in import SignIn
from auth.policy import Policy
from auth.routes import (
    accounts,
    administration,
    api_keys,
    devices,
    entry,
    letters,
    oidc,
    own_account,
    preferences,
    sessions,
)
from auth.routes.credentials import MAX_BODY
from auth.routes.guards import administrator, person
from auth.routes.problems import answer
from auth.sessions.api_keys import ApiKeys
from auth.sessions.devices import DeviceSignIns
from auth.sessions.sessions import Sessions
from service import health
from service.health import Checks
from service.parts import provided


class Parts(Struct, frozen=True, kw_only=True):
    """The parts that the handlers name as their dependencies."""

    accounts: Accounts
    sessions: Sessions
    api_keys: ApiKeys
    devices: DeviceSignIns
    sign_in: SignIn
    signer: Signer
    letters: Letters
    letter_requests: LetterRequests
    password_changes: PasswordChanges
    own_accounts: OwnAccounts
    changes: OperatorChanges
    profiles: Profiles
    quota_changes: QuotaChanges
    mail_choices: MailChoices
    policy: Policy
    checks: Checks


def make_app(parts: Parts) -> Litestar:
    """Put the routes together. There is no OpenAPI document here: clients reach auth by the gateway."""
    return Litestar(
        [
            *entry.ROUTES,
            *accounts.ROUTES,
            *administration.ROUTES,
            *own_account.ROUTES,
            *sessions.ROUTES,
            *devices.ROUTES,
            *api_keys.ROUTES,
            *letters.ROUTES,
            *oidc.ROUTES,
            *preferences.ROUTES,
            *health.ROUTES,
        ],
        dependencies=provided(parts) | {"person": Provide(person), "administrator": Provide(administrator)},
        exception_handlers={Exception: answer},
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
