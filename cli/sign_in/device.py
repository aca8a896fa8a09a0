"""Signing in by a browser that is anywhere: a code is shown here, and approved there (RFC 8628)."""

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from cli.client.answers import Token
from cli.client.entrance import Codes, Entrance
from cli.client.errors import RequestRefused, SignInRefused, Troubled, Unreachable
from cli.client.gateway import HERE
from cli.pretty import visible
from cli.qr import code_of

_SLOWER = 5.0
"""Seconds that are added to the interval where the gateway says that it is too short (RFC 8628, 3.5)."""
_LONGEST = 1800.0
"""Seconds for which nobody waits, whatever the gateway says."""
_LONG = 300
"""Characters of an address that no picture is drawn of: it would fit no terminal, nor perhaps a QR code."""
_ROUND_ABOUT = 10
"""Lines that a terminal needs besides the picture of a code."""


def by_browser(entrance: Entrance, *, sleep: Callable[[float], None] = time.sleep) -> Token:
    """Show a code, and wait until it is approved. Raises SignInRefused, ClientError."""
    codes = entrance.begin()
    _tell(codes, entrance.url)
    deadline = time.monotonic() + min(codes.expires_in, _LONGEST)
    interval = min(max(codes.interval, 1.0), _LONGEST)
    while time.monotonic() < deadline:
        sleep(interval)
        try:
            return entrance.token(codes.device_code)
        except (Unreachable, Troubled):  # it may come back while the code is good
            continue
        except RequestRefused as error:
            match error.problem.get("error"):
                case "authorization_pending":
                    continue
                case "slow_down":
                    interval += _SLOWER
                case "access_denied":
                    raise SignInRefused(
                        error.status,
                        "it was denied, or who approved it has signed out or changed the password",
                    ) from None
                case "expired_token":
                    raise SignInRefused(
                        error.status, "the code has expired, or was used already: begin again"
                    ) from None
                case _:
                    raise
    raise SignInRefused(400, "nobody has approved it in time: begin again")


def _tell(codes: Codes, url: str) -> None:
    """Say what is to be done. A terminal with room gets a picture for a phone's camera, too.

    Whoever runs a gateway may have got the code from another one, to be let in there by who signs in here.
    """
    lines = ["Open this page in any browser, here or on a phone:", "", f"  {codes.verification_uri}", ""]
    lines += [f"and type the code there:  {codes.user_code}", ""]
    if not _is_of(url, codes.verification_uri):
        lines += [f"This page is not at {url}. Go on only if you know that both are the same gateway's.", ""]
    print("\n".join(map(visible, lines)), file=sys.stderr)
    complete = codes.verification_uri_complete
    if sys.stderr.isatty() and len(codes.verification_uri) < _LONG:
        is_same = len(complete) < _LONG and _is_of(codes.verification_uri, complete)
        picture = code_of(complete if is_same else codes.verification_uri)
        if picture.count("\n") + _ROUND_ABOUT <= shutil.get_terminal_size().lines:
            print(f"{picture}\n", file=sys.stderr)
    print("Waiting until you approve it there; Ctrl-C gives up.", file=sys.stderr, flush=True)


def _is_of(url: str, page: str) -> bool:
    """Return True if a page is at the host of an address."""
    with suppress(ValueError):
        hosts = {urlsplit(each).hostname for each in (url, page)}
        return None not in hosts and (len(hosts) == 1 or hosts.issubset(HERE))
    return False
