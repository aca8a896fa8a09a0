"""The bodies that auth takes and gives, for the OpenAPI document: they pass through here unread."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from service.mail_preference import MailPreference
from service.scopes import KeyScope

Email = Annotated[str, Meta(max_length=254, extra_json_schema={"format": "email"})]
Time = Annotated[datetime, Meta(tz=True)]
Password = Annotated[str, Meta(extra_json_schema={"format": "password"})]
ChosenPassword = Annotated[
    str,
    Meta(
        max_length=256,
        description="At least 15 characters of any kind; the operator may ask for more or fewer. None of the"
        " most common, and not made of the address or of this service's name.",
        extra_json_schema={"format": "password"},
    ),
]


class Credentials(Struct):
    """An address and its account's password."""

    email: Email
    password: Password


class Registration(Struct):
    """An address, and the password to set. Where addresses are verified a mail asks for it instead."""

    email: Email
    password: ChosenPassword


class Addressed(Struct):
    """The address that a mail goes to."""

    email: Email


class Invited(Struct):
    """The address and the roles of an account to be."""

    email: Email
    roles: Annotated[list[Literal["user", "admin"]], Meta(min_length=1)] | UnsetType = UNSET


class NewPassword(Struct):
    """A mail's token, good once, and the password to set."""

    token: str
    password: ChosenPassword


class PasswordChange(Struct):
    """The present password and the next."""

    current: Password
    password: ChosenPassword


class Refresh(Struct):
    """A refresh token, good for one use."""

    refresh_token: str


class Access(Struct):
    """An access token and its life in seconds; with a refresh token where the session lasts."""

    access_token: str
    expires_in: int
    token_type: Literal["Bearer"]
    refresh_token: str | UnsetType = UNSET
    refresh_expires_in: int | UnsetType = UNSET


class DeviceCodes(Struct):
    """A device's codes: `user_code` is for its person to type at `verification_uri`. Seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceCode(Struct):
    """The long code, which the device keeps to itself."""

    device_code: str


class UserCode(Struct):
    """The short code that the device shows, in capitals or not, with a hyphen or without."""

    user_code: str


class WaitingDevice(Struct):
    """A device that waits: the program, and the network address that it asks from; empty if unknown."""

    program: str
    address: str
    begun: Time
    expires: Time


class Message(Struct):
    """A sentence for people."""

    message: str


class OwnAccount(Struct, kw_only=True):
    """Your account. `providers` are the names of those of OpenID Connect that sign in to it."""

    account_id: str
    email: Email
    roles: list[Literal["user", "admin"]]
    created: Time
    has_password: bool
    providers: list[str]


class Erasing(Struct):
    """Your password, once more. An account without one sends none, soon after a sign-in."""

    password: Password | UnsetType = UNSET


class SessionShown(Struct, kw_only=True):
    """A session. `program` is what signed in, in a few words; `last_used` is to a quarter of an hour."""

    session_id: str
    program: str
    created: Time
    last_used: Time
    expires: Time
    current: bool


class SessionList(Struct):
    """Your sessions, newest first."""

    items: list[SessionShown]


class Entry(Struct, frozen=True, kw_only=True):
    """The ways in. With `verification`, who registers gets a mail, and chooses the password by its link.

    `providers` of OpenID Connect: labels by names. `local`: a stack on one machine, whose first admin
    `./justw status` names.
    """

    registration: Literal["open", "invitation", "closed"]
    verification: bool
    password_rule: str
    providers: dict[str, str]
    local: bool = False


class Preferences(Struct):
    """Your choices. `mails`: which mails about your jobs you get.

    `links`: those about audio have a link that needs no sign-in. Left out, it stays as it was.
    """

    mails: MailPreference
    links: bool | UnsetType = UNSET


class WantedKey(Struct):
    """An API key to be made, good for so many days."""

    name: Annotated[
        str, Meta(min_length=1, max_length=100, description="Printable characters, and not only spaces.")
    ]
    scopes: Annotated[list[KeyScope], Meta(min_length=1, description="Some of those that you have.")]
    days: Annotated[int, Meta(ge=1, le=3650)] = 365


class ApiKey(Struct, kw_only=True):
    """An API key; `last_used` to a quarter of an hour."""

    key_id: str
    name: str
    scopes: list[KeyScope]
    created: Time
    expires: Time
    last_used: Time | UnsetType | None = UNSET


class ApiKeyList(Struct):
    """The account's API keys."""

    items: list[ApiKey]


class NewApiKey(ApiKey, kw_only=True):
    """An API key with its secret, which is shown this once."""

    key: str
