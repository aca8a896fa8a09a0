"""The issuers an operator names: what is understood, and what is said of what is not."""

import pytest

from auth.__main__ import read
from auth.oidc.settings import issuers
from service.settings import InvalidSetting

WORK = {
    "OIDC_ISSUERS": "work",
    "OIDC_WORK_ISSUER": "https://id.example/realms/x",
    "OIDC_WORK_CLIENT_ID": "tonearm",
}


def test_issuers_are_read_in_their_order_and_shown_without_their_secrets() -> None:
    settings = read(
        WORK
        | {
            "OIDC_ISSUERS": "work, google",
            "OIDC_WORK_CLIENT_SECRET": "canary",
            "OIDC_WORK_LINK_ACCOUNTS": "true",
            "OIDC_GOOGLE_ISSUER": "https://accounts.google.com",
            "OIDC_GOOGLE_CLIENT_ID": "id",
            "RABBITMQ_URL": "amqp://x",
            "MONGODB_URL": "mongodb://x",
        }
    )
    work, google = settings.oidc_issuers
    assert (work.name, work.secret(), work.link_accounts, work.scopes) == (
        "work",
        "canary",
        True,
        "openid email",
    )
    assert (google.name, google.secret(), google.link_accounts) == ("google", "", False)
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"OIDC_ISSUERS": "Work"}, "OIDC_ISSUERS"),
        ({"OIDC_ISSUERS": "work,work"}, "twice"),
        ({"OIDC_WORK_CLIENT_ID": ""}, "CLIENT_ID"),
        ({"OIDC_WORK_CLIENTID": "x"}, "CLIENTID"),
        ({"OIDC_WORK_NAME": "x"}, "NAME"),
        ({"OIDC_WORK_ISSUER": "http://id.example"}, "ISSUER"),
        ({"OIDC_WORK_ISSUER": "https://u:p@id.example"}, "ISSUER"),
        ({"OIDC_WORK_ISSUER": "https://id.example?x=1"}, "ISSUER"),
        ({"OIDC_WORK_ISSUER": "https://id.example:x"}, "ISSUER"),
        ({"OIDC_WORK_ISSUER": "id.example"}, "ISSUER"),
        ({"OIDC_WORK_SCOPES": "email"}, "SCOPES"),
        ({"OIDC_WORK_ROLES_CLAIM": "groups"}, "ROLES_CLAIM"),
        ({"OIDC_WORK_ADMIN_VALUES": "boss"}, "ROLES_CLAIM"),
        ({"OIDC_WORK_REGISTRATION": "maybe"}, "REGISTRATION"),
        ({"OIDC_WORK_LINK_ACCOUNTS": "perhaps"}, "LINK_ACCOUNTS"),
        ({"OIDC_WORK_CLIENT_SECRET_FILE": "/nowhere"}, "CLIENT_SECRET_FILE"),
        ({"OIDC_WORK_CLIENT_SECRET": "a", "OIDC_WORK_CLIENT_SECRET_FILE": "b"}, "CLIENT_SECRET_FILE"),
        (
            {
                "OIDC_ISSUERS": "work,b",
                "OIDC_B_ISSUER": "https://id.example/realms/x",
                "OIDC_B_CLIENT_ID": "b",
            },
            "same ISSUER",
        ),
    ],
)
def test_what_is_wrong_is_named_at_the_start(changed: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidSetting, match=named) as wrong:
        issuers(WORK | changed)
    assert "OIDC_" in str(wrong.value)


def test_accounts_whose_addresses_nobody_has_verified_are_not_linked() -> None:
    servers = {"RABBITMQ_URL": "amqp://x", "MONGODB_URL": "mongodb://x", "EMAIL_VERIFICATION": "false"}
    assert read(WORK | servers).oidc_issuers
    with pytest.raises(InvalidSetting, match="LINK_ACCOUNTS"):
        read(WORK | servers | {"OIDC_WORK_LINK_ACCOUNTS": "true"})
