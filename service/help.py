"""`python -m <service> --help`: the variables of a service, which takes no arguments."""

import sys
from collections.abc import Iterator, Sequence

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
    lines += [f"  {name:<{_WIDTH}} {default}" for name, default in variables(settings)]
    return "\n".join([*lines, "", "SIGTERM stops it. docs/settings.md says what each variable is."])


def variables(settings: type[Settings]) -> Iterator[tuple[str, str]]:
    """Yield the name of each variable, and its default in words."""
    for field in msgspec.structs.fields(settings):
        yield field.name.upper(), "(must be set)" if field.required else f"{field.default!r}"
