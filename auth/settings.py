"""What auth needs to know, from the environment (see `events.settings`)."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from events.settings import InvalidSetting, Settings
from events.types import LONGEST_TOKEN


class AuthSettings(Settings, frozen=True, kw_only=True):
    """The settings of auth.

    `access_seconds` is how long an access token lives, `session_days` how long it can be renewed without a
    password. Without a `service_token`, `GET /accounts/{id}` is closed to everybody. `auth_key_file` stands
    in `local_dir` unless it is named. Accounts are in `auth_directory_url`, or else in `mongodb_url`.
    """

    rabbitmq_url: str
    mongodb_url: str
    auth_directory_url: str = ""
    auth_host: str = "127.0.0.1"
    auth_port: Annotated[int, Meta(ge=1, le=65535)] = 8081
    registration: Literal["open", "closed"] = "open"
    access_seconds: Annotated[int, Meta(ge=5, le=LONGEST_TOKEN)] = 900
    session_days: Annotated[int, Meta(ge=1, le=365)] = 30
    service_token: str = ""
    admin_email: str = ""
    admin_password: str = ""
    local_dir: str = ".local"
    auth_key_file: str = ""
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        if bool(self.admin_email) != bool(self.admin_password):
            raise InvalidSetting(
                "setting: ADMIN_EMAIL and ADMIN_PASSWORD go together; one of them is missing"
            )

    @property
    def key_file(self) -> Path:
        """Where the signing key is kept."""
        return Path(self.auth_key_file or f"{self.local_dir}/auth/signing-key.pem")
