"""`python -m <service> --help`: the variables of a service, which takes no arguments."""

import sys
from collections.abc import Sequence

import msgspec

from service.settings import Settings

_WIDTH = 30


def answer_help(service: str, settings: type[Settings], arguments: Sequence[str] | None = None) -> None:
    """Return if the service was started without arguments; else print its usage, and end the process.

    The exit code is 0 for `--help`, and 2 for any other argument.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given:
        return
    asked = given in (["--help"], ["-h"])
    print(usage(service, settings), file=sys.stdout if asked else sys.stderr)
    raise SystemExit(0 if asked else 2)


def usage(service: str, settings: type[Settings]) -> str:
    """Name each variable, with its default."""
    lines = [f"{service} takes no arguments. It is told by the environment:", ""]
    for field in msgspec.structs.fields(settings):
        default = "(must be set)" if field.required else f"{field.default!r}"
        lines.append(f"  {field.name.upper():<{_WIDTH}} {default}")
    return "\n".join([*lines, "", "SIGTERM stops it. docs/settings.md says what each variable is."])
