"""The gateway to ask and the account to sign in with.

Options come first, then the environment, then `config.toml`. Else the stack on this machine is meant.
"""

import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from cli.called import called
from cli.client.config import LOCAL, Config, ConfigFile, Known
from cli.client.errors import CredentialsMissing, Unreachable
from cli.client.own_files import settings_folder
from cli.client.sessions import Kept, Session, Way, api_key, kept_at
from cli.errors import WrongArgument, stack_is_down
from service.settings import Settings


class Asked(NamedTuple):
    """The gateway and the account as options name them: all, some or none."""

    url: str | None = None
    on: str | None = None
    email: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return "Asked(…)"


class Credentials(Settings, frozen=True, kw_only=True):
    """An account's address and password at a gateway. The repr masks the password.

    Without an address somebody signs in by the API key that is kept.
    """

    url: str
    email: str
    password: str
    kept: Kept
    """Where its session is kept."""
    name: str = ""
    """The gateway's in `config.toml`, or `local`."""
    hint: str = ""
    """Shown when the gateway refuses this account."""

    def ask(self) -> str:
        """Return the password; a person at a terminal is asked for one. Raises CredentialsMissing."""
        if self.password:
            return self.password
        if not self.email or not sys.stdin.isatty():
            who = f" of {self.email}" if self.email else ""
            where = self.name if self.name not in ("", LOCAL) else self.url
            raise CredentialsMissing(
                f"no password{who}: give TONEARM_PASSWORD, or sign in once by `{called(f'login {where}')}`"
            )
        return getpass.getpass(f"Password of {self.email}: ")


class _Place(Struct, frozen=True):
    """A gateway elsewhere, by its name, if it has one."""

    gateway: Known
    name: str = ""


def credentials_for(asked: Asked, *, start: bool, environ: Mapping[str, str]) -> Credentials:
    """Return the account to use. With `start` the stack on this machine is started, if that is meant.

    Its session is kept beside the stack's data, those elsewhere beside the user's own settings. Raises
    WrongArgument, CredentialsMissing, Unreachable, OSError, and what starting the stack raises.
    """
    environ = _for_gateway(asked, environ)
    by_flag = asked.on is not None or asked.email is not None
    key = "" if by_flag or asked.password else environ.get("TONEARM_KEY", "")
    place = place_of(asked, environ)
    if place is None:
        return _at_local_stack(asked, key, start, environ)
    known = place.gateway
    folder, url = settings_folder(environ) / "sessions", known.url.rstrip("/")
    named = [environ.get("TONEARM_EMAIL"), known.email]
    email = asked.email or next(filter(None, reversed(named) if by_flag else named), "")
    if not asked.email and not known.email and kept_at(folder, url, "").is_there:
        email = ""  # by the key that is kept for it
    kept = kept_at(folder, url, email)
    if key:
        email, kept = "", _of_key(key)
    if not email and not kept.is_there:
        raise CredentialsMissing(
            f"nobody to sign in as: `{called(f'login {place.name or url}')}`,"
            " or give --email, or TONEARM_EMAIL"
        )
    return Credentials(
        url=url,
        email=email,
        password=asked.password or _known_password(email, environ),
        kept=kept,
        name=place.name,
    )


def _for_gateway(asked: Asked, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment; where an option names another gateway than it does, without its account."""
    own = environ.get("TONEARM_URL", "").rstrip("/") or environ.get("TONEARM_ON", "")
    named = (asked.url or "").rstrip("/") or asked.on
    if not own or not named or own == named:
        return environ
    theirs = ("TONEARM_EMAIL", "TONEARM_PASSWORD", "TONEARM_KEY")
    return {name: text for name, text in environ.items() if name not in theirs}


def place_of(asked: Asked, environ: Mapping[str, str]) -> _Place | None:
    """Return the gateway elsewhere that is meant; None: the stack on this machine. Raises WrongArgument."""
    if asked.url is not None and asked.on is not None:
        raise WrongArgument("--url and --on both name the gateway: give one of them")
    config = ConfigFile(environ).read()
    if asked.url is not None:
        return _by_url(asked.url, "--url", config)
    if asked.on is not None:
        return _by_name(asked.on, config)
    if url := environ.get("TONEARM_URL"):
        return _by_url(url, "TONEARM_URL", config)
    return _by_name(environ.get("TONEARM_ON") or config.default or LOCAL, config)


def check_url(url: str, what: str) -> None:
    """Refuse what is no URL of a gateway, and repeat nothing of it. Raises WrongArgument."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        sound = sound and not parts.query and not parts.fragment
        sound = sound and _can_be_asked(url)
    except ValueError:
        sound = False
    if not sound:
        raise WrongArgument(f"{what} takes the URL of a gateway, such as https://tonearm.example.org")
    if "@" in url:
        raise WrongArgument(f"{what} takes no password: `tonearm login` asks for it")


def _can_be_asked(url: str) -> bool:
    """Return True if client and resolver take the URL. Both have errors of their own for odd hosts."""
    import httpx

    try:
        asked = httpx.URL(url)
        return bool(asked.host and asked.raw_host.decode().encode("idna"))
    except (httpx.InvalidURL, UnicodeError):
        return False


def _by_url(url: str, what: str, config: Config) -> _Place:
    check_url(url, what)
    name = config.name_of(url.rstrip("/"))
    return _Place(Known(url, config.gateways[name].email if name else ""), name)


def _by_name(name: str, config: Config) -> _Place | None:
    if name == LOCAL:
        return None
    known = config.named(name)
    check_url(known.url, f"`url` of {name} in config.toml")
    return _Place(known, name)


def _at_local_stack(asked: Asked, key: str, start: bool, environ: Mapping[str, str]) -> Credentials:
    from infra.local.addresses import http_url

    local = _local_stack(start, environ)
    url = http_url(local.get("GATEWAY_HOST") or "127.0.0.1", int(local.get("GATEWAY_PORT") or 8080))
    folder = Path(local["LOCAL_DIR"]) if local.get("LOCAL_DIR") else settings_folder(environ)
    email, hint = asked.email or environ.get("TONEARM_EMAIL", ""), ""
    password = _known_password(email, environ)
    if not email:
        email, password = local.get("ADMIN_EMAIL", ""), local.get("ADMIN_PASSWORD", "")
        hint = f"{email} keeps the password it was made with: ADMIN_PASSWORD does not change it later"
    if not email and not key:
        raise CredentialsMissing("nobody to sign in as: give --email, or TONEARM_EMAIL")
    return Credentials(
        url=url,
        email="" if key else email,
        password=asked.password or password,
        kept=_of_key(key) if key else kept_at(folder / "sessions", url, email),
        name=LOCAL,
        hint=hint,
    )


def _of_key(key: str) -> Kept:
    try:
        return Kept(session=Session(key=api_key(key), way=Way.KEY))
    except ValueError as error:
        raise WrongArgument(f"TONEARM_KEY: {error}") from None


def _known_password(email: str, environ: Mapping[str, str]) -> str:
    """Return the environment's password, unless that is somebody else's."""
    whose = environ.get("TONEARM_EMAIL") or email
    return environ.get("TONEARM_PASSWORD", "") if whose == email else ""


def _local_stack(start: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which the local stack is reached; not started, it may be run otherwise."""
    from infra.local import state

    if start:
        from infra.local import stack  # with what a client elsewhere lacks

        return stack.ensure_up(lambda line: print(line, file=sys.stderr))
    running = state.environment(environ)
    if not running and not environ.get("ADMIN_EMAIL") and not environ.get("TONEARM_EMAIL"):
        raise Unreachable(stack_is_down(f"sign in to a gateway elsewhere by `{called('login https://…')}`"))
    return {**environ, **running}
