"""The settings of auth, from the environment (see `service.settings`)."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from auth.keys.keyfile import KeyFiles
from auth.oidc.settings import Issuer
from auth.passwords.rules import SHORTEST, Length
from auth.policy import Registration
from events.types import LONGEST_TOKEN
from service.settings import InvalidSetting, Settings


class KeySettings(Settings, frozen=True, kw_only=True):
    """The place of the signing keys: `auth_key_file` and, beside it, the folder `keys` of later ones.

    Without a name the file is `auth/signing-key.pem` in `local_dir`.
    """

    local_dir: str = ".local"
    auth_key_file: str = ""
    auth_key_passphrase: str = ""

    @property
    def first_key_file(self) -> Path:
        """The file of the first key."""
        return Path(self.auth_key_file or f"{self.local_dir}/auth/signing-key.pem")

    def key_files(self) -> KeyFiles:
        """Return the files; nothing is read yet."""
        first = self.first_key_file
        return KeyFiles(first, first.parent / "keys", self.auth_key_passphrase)


class AuthSettings(KeySettings, frozen=True, kw_only=True):
    """The settings of auth.

    With `email_verification`, who registers must have the mailbox.
    `access_seconds` is how long an access token lives, `session_days` how long it can be renewed without a
    password, `password_length` how many characters a new password needs. Without a `service_token`,
    `GET /accounts/{id}` is closed to everybody. Accounts are in `auth_directory_url`, or else in
    `mongodb_url`. `key_lead_seconds` is how long a key is published before it signs; when the newest is
    `key_rotation_days` old, the next is made (0: never). With a `metrics_port`, `/metrics` is served there.
    `oidc_issuers` names the issuers of OpenID Connect, and `public_url` is where they send people back to.
    """

    rabbitmq_url: str
    mongodb_url: str
    auth_directory_url: str = ""
    auth_host: str = "127.0.0.1"
    auth_port: Annotated[int, Meta(ge=1, le=65535)] = 8081
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    registration: Registration = "open"
    email_verification: bool = True
    access_seconds: Annotated[int, Meta(ge=5, le=LONGEST_TOKEN)] = 900
    session_days: Annotated[int, Meta(ge=1, le=365)] = 30
    password_length: Length = SHORTEST
    service_token: str = ""
    admin_email: str = ""
    admin_password: str = ""
    key_lead_seconds: Annotated[int, Meta(ge=1, le=86400)] = 900
    key_rotation_days: Annotated[int, Meta(ge=0, le=3650)] = 90
    oidc_issuers: tuple[Issuer, ...] = ()
    public_url: str = "http://127.0.0.1:8080"
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        if bool(self.admin_email) != bool(self.admin_password):
            raise InvalidSetting(
                "setting: ADMIN_EMAIL and ADMIN_PASSWORD go together; one of them is missing"
            )
        # A stranger who registered a person's address would share the account from the first sign-in on.
        if not self.email_verification and any(each.link_accounts for each in self.oidc_issuers):
            raise InvalidSetting("setting: an issuer's LINK_ACCOUNTS goes with EMAIL_VERIFICATION only")

    def rotation(self) -> timedelta | None:
        """Return how old the newest signing key may become; None: as old as it will."""
        return timedelta(days=self.key_rotation_days) if self.key_rotation_days else None
