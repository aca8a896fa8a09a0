"""Signing in by a browser that is anywhere: a code is shown here, and approved there (RFC 8628)."""

import shutil
import sys
import time
from collections.abc import Callable

from cli.client.answers import Token
from cli.client.entrance import Codes, Entrance
from cli.client.errors import RequestRefused, SignInRefused, Troubled, Unreachable
from cli.pretty import visible
from cli.qr import code_of

_SLOWER = 5.0
"""Seconds that are added to the interval where the gateway says that it is too short (RFC 8628, 3.5)."""
_LONGEST = 1800.0
"""Seconds for which nobody waits, whatever the gateway says."""
_ROUND_ABOUT = 10
"""Lines that a terminal needs besides the picture of a code."""


def by_browser(entrance: Entrance, *, sleep: Callable[[float], None] = time.sleep) -> Token:
    """Show a code, and wait until it is approved. Raises SignInRefused, ClientError."""
    codes = entrance.begin()
    _tell(codes)
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
                        error.status, "it was denied, or what approved it is signed out"
                    ) from None
                case "expired_token":
                    break
                case _:
                    raise
    raise SignInRefused(400, "nobody has approved it in time: begin again")


def _tell(codes: Codes) -> None:
    """Say what is to be done. A terminal with room gets a picture for a phone's camera, too."""
    lines = ["Open this page in any browser, here or on a phone:", "", f"  {codes.verification_uri}", ""]
    lines += [f"and type the code there:  {codes.user_code}", ""]
    print("\n".join(map(visible, lines)), file=sys.stderr)
    if sys.stderr.isatty():
        picture = code_of(codes.verification_uri_complete or codes.verification_uri)
        if picture.count("\n") + _ROUND_ABOUT <= shutil.get_terminal_size().lines:
            print(f"{picture}\n", file=sys.stderr)
    print("Waiting until you approve it there; Ctrl-C gives up.", file=sys.stderr, flush=True)
