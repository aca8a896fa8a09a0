"""`tonearm <command>`: the table of commands, the local stack's URLs, and errors as sentences."""

import importlib
import os
import sys
from importlib.metadata import version
from typing import NamedTuple

from cli.errors import causes
from cli.exits import Exit, exit_for
from cli.pipes import drop_output, encode_anything
from events.errors import TonearmError


class Command(NamedTuple):
    """A command: the module with its `main(argv) -> int`, imported only when called, and a line of help.

    Most commands find the local stack by themselves. With `manages_the_stack` a command sees the environment
    as it is: a URL that is set means a server that is not started.
    """

    module: str
    summary: str
    manages_the_stack: bool = False


COMMANDS = {
    "convert": Command("cli.convert.command", "turn videos into audio"),
    "jobs": Command("cli.jobs.command", "look at your jobs; cancel, repeat, delete them"),
    "links": Command("cli.links", "links for people without an account: make, list, revoke"),
    "feeds": Command("cli.feeds", "private podcasts of your audio: make, list, revoke"),
    "hooks": Command("cli.hooks.command", "have addresses told of what happens to your jobs"),
    "transcripts": Command("cli.transcripts", "what your audio says: list, print, give, delete"),
    "usage": Command("cli.usage", "show what your account uses at a gateway, and may use"),
    "probe": Command("cli.probe", "say what a file holds, before it is uploaded"),
    "sample": Command("cli.stack.sample", "make a small video for a first try"),
    "mail": Command("cli.stack.mail", "show the mails the local stack has sent"),
    "up": Command("cli.stack.up", "run the local stack", True),
    "down": Command("cli.stack.down", "stop the local stack", True),
    "status": Command("cli.stack.status", "show what of the local stack runs, and its first admin", True),
    "doctor": Command("cli.stack.doctor", "say what is missing, and the line that mends it", True),
    "tail": Command("cli.tail.command", "follow events and logs, merged by time"),
    "replay": Command("cli.replay.command", "read, check and rebuild from the event log"),
    "account": Command("cli.account.command", "look at accounts and change them"),
    "backup": Command("cli.backup.backup", "save a running stack: log, database, keys"),
    "forget": Command("cli.backup.forget", "take out of a backup what was erased since"),
    "restore": Command("cli.backup.restore", "fill an empty stack from a backup", True),
    "schema": Command("cli.schema", "print the AsyncAPI document of all events"),
}
SERVICES = {
    "gateway": Command("gateway.__main__", "run the gateway"),
    "auth": Command("auth.__main__", "run auth"),
    "converter": Command("workers.converter.__main__", "run a converter"),
    "notifier": Command("workers.notifier.__main__", "run a notifier"),
}
"""Their `main()` takes no arguments, only the environment."""


def main(argv: list[str] | None = None) -> int:
    """Run `tonearm`. Returns its exit code (see `cli.exits`)."""
    encode_anything(sys.stdout, sys.stderr)
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help", "help"):
        print(usage())
        return Exit.OK
    if name in ("-V", "--version"):
        print(f"tonearm {version('tonearm')}")
        return Exit.OK
    if name in SERVICES and rest:
        print(f"tonearm {name}: takes no arguments, only the environment", file=sys.stderr)
        return Exit.USAGE
    command = COMMANDS.get(name) or SERVICES.get(name)
    if command is None:
        print(f"tonearm: there is no command {name!r}\n\n{usage()}", file=sys.stderr)
        return Exit.USAGE
    return _run(name, command, [] if name in SERVICES else [rest])


def usage() -> str:
    """Return the help: every command with its line."""
    lines = (f"  {name:<11} {command.summary}" for name, command in {**COMMANDS, **SERVICES}.items())
    return (
        "usage: tonearm <command> [argument …]\n\n"
        + "\n".join(lines)
        + "\n\n`tonearm <command> --help` tells more."
    )


def _run(name: str, command: Command, arguments: list[list[str]]) -> int:
    try:
        if not command.manages_the_stack:
            _fill_environment()
        return int(importlib.import_module(command.module).main(*arguments) or Exit.OK)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # nobody reads the output any more
        drop_output()
        return Exit.OK
    except OSError as error:  # of files and folders: those of connections are translated where they come up
        print(
            f"tonearm {name}: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}",
            file=sys.stderr,
        )
        return Exit.CANTCREAT
    except TonearmError as error:
        print(f"tonearm {name}: {causes(error)}", file=sys.stderr)
        return exit_for(error)


def _fill_environment() -> None:
    """Add the local stack's variables to the environment; those that are set already stay."""
    from infra.local.state import environment

    for key, value in environment().items():
        os.environ.setdefault(key, value)


if __name__ == "__main__":
    sys.exit(main())
