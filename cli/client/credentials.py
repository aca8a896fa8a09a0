"""The gateway to ask and the account to sign in with: from arguments, the environment or the local stack."""

import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cli.client.errors import CredentialsMissing, Unreachable
from cli.client.sessions import Kept, kept_at, own_folder
from cli.errors import WrongArgument
from infra.local.addresses import http_url
from service.settings import Settings


class Credentials(Settings, frozen=True, kw_only=True):
    """An account's address and password at a gateway. The repr masks the password."""

    url: str
    email: str
    password: str
    kept: Kept
    """Where its session is kept."""
    hint: str = ""
    """Shown when the gateway refuses this account."""

    def ask(self) -> str:
        """Return the password; a person at a terminal is asked for one. Raises CredentialsMissing."""
        if self.password:
            return self.password
        if not sys.stdin.isatty():
            raise CredentialsMissing(f"no password of {self.email}: give TONEARM_PASSWORD")
        return getpass.getpass(f"Password of {self.email}: ")


def credentials_for(
    url: str | None, email: str | None, password: str | None, *, start: bool, environ: Mapping[str, str]
) -> Credentials:
    """Return the account to use; without a `url` the local stack is meant, and with `start` it is started.

    Its session is kept beside the stack's data, or at the user's own settings. Raises WrongArgument,
    CredentialsMissing, Unreachable, and what starting the stack raises.
    """
    email = email or environ.get("TONEARM_EMAIL")
    known = environ.get("TONEARM_PASSWORD")
    hint, folder = "", own_folder(environ)
    if url is None:
        local = _local_stack(start, environ)
        url = http_url(local.get("GATEWAY_HOST") or "127.0.0.1", int(local.get("GATEWAY_PORT") or 8080))
        if local.get("LOCAL_DIR"):
            folder = Path(local["LOCAL_DIR"]) / "sessions"
        if email is None:
            email, known = local.get("ADMIN_EMAIL"), local.get("ADMIN_PASSWORD")
            hint = f"{email} keeps the password it was made with: ADMIN_PASSWORD does not change it later"
    else:
        _check(url)
    if not email:
        raise CredentialsMissing("nobody to sign in as: give --email, or TONEARM_EMAIL")
    return Credentials(
        url=url, email=email, password=password or known or "", kept=kept_at(folder, url, email), hint=hint
    )


def _check(url: str) -> None:
    """Refuse what is no URL of a gateway, and repeat nothing of it. Raises WrongArgument."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise WrongArgument("--url takes the URL of a gateway, such as https://tonearm.example.org")
    if "@" in url:
        raise WrongArgument("--url takes no password: give it by TONEARM_EMAIL and TONEARM_PASSWORD")


def _local_stack(start: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which the local stack is reached; not started, it may be run otherwise."""
    from infra.local import state

    if start:
        from infra.local import stack  # with what a client elsewhere lacks

        return stack.ensure_up(lambda line: print(line, file=sys.stderr))
    running = state.environment(environ)
    if not running and not environ.get("ADMIN_EMAIL") and not environ.get("TONEARM_EMAIL"):
        raise Unreachable("the local stack does not run; start it with `./justw up`")
    return {**environ, **running}
