"""The settings of the local stack. It starts a server of its own for each URL that is not set."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from service.log_levels import threshold_of
from service.settings import InvalidSetting, Settings

MOST_CONVERTERS = 8
"""Unless more are asked for: each holds memory and connections, and a quota of CPU time shows in no count."""
Port = Annotated[int, Meta(ge=1, le=65535)]


class LocalSettings(Settings, frozen=True, kw_only=True):
    """The stack's settings. `converters` is how many run at once; 0: one a core, up to MOST_CONVERTERS.

    Who registers here signs in at once, unless `email_verification` wants a mail to be answered first.
    """

    rabbitmq_url: str = ""
    stream_url: str = ""
    mongodb_url: str = ""
    auth_directory_url: str = ""
    smtp_url: str = ""
    auth_url: str = ""
    public_url: str = ""
    gateway_host: str = "127.0.0.1"
    gateway_port: Port = 8080
    auth_host: str = "127.0.0.1"
    auth_port: Port = 8081
    service_token: str = ""
    handover_secrets: str = ""
    email_verification: bool = False
    admin_email: str = ""
    admin_password: str = ""
    converters: Annotated[int, Meta(ge=0, le=256)] = 0
    local_dir: str = ".local"
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        threshold_of(self.log_level)
        if bool(self.rabbitmq_url) != bool(self.stream_url):
            raise InvalidSetting("setting: RABBITMQ_URL and STREAM_URL go together; one of them is missing")
        if bool(self.admin_email) != bool(self.admin_password):
            raise InvalidSetting(
                "setting: ADMIN_EMAIL and ADMIN_PASSWORD go together; one of them is missing"
            )

    @property
    def directory(self) -> Path:
        """The directory of the stack's data, as an absolute path."""
        return Path(self.local_dir).resolve()

    @property
    def logs(self) -> Path:
        """The directory of the logs: `<component>.jsonl`."""
        return self.directory / "logs"

    @property
    def converter_count(self) -> int:
        """The number of converters to run."""
        return self.converters or min(_cores(), MOST_CONVERTERS)


def _cores() -> int:
    """Return how many cores this process may use, where the system reports it; it may be few of many."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
