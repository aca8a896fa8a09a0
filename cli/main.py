"""`tonearm <command>`: the table of commands, the local stack's URLs, and the end of each."""

import os
import sys
from collections.abc import Sequence

import click

from cli.exits import Exit
from cli.streams.pipes import drop_output, encode_anything, stand_in
from cli.tree.ending import ended, refused
from cli.tree.group import Entry, Group

_VIDEOS = "For people with videos"
_HAND_ON = "To hand on what you have"
_ACCOUNT = "Your account"
_OPERATOR = "For operators"
_HERE = "The stack on this machine"
_PROGRAMS = "For programs"
_ALIAS = ""
"""Of commands that the help leaves out: the same stands there by another name."""
_SERVICE = "Services, by their environment"

COMMANDS = {
    "convert": Entry("cli.convert.command:convert", "turn videos into audio", _VIDEOS),
    "watch": Entry("cli.watch.command:watch", "convert what appears in a folder", _VIDEOS),
    "jobs": Entry("cli.jobs.group:jobs", "list your jobs; look at one, cancel, repeat, delete it", _VIDEOS),
    "show": Entry("cli.jobs.show:show", "print a job, and what has happened to it", _VIDEOS),
    "download": Entry("cli.jobs.download:download", "download the audio of jobs", _VIDEOS),
    "output": Entry("cli.jobs.output:output", "make another audio of a job's video", _VIDEOS),
    "cancel": Entry("cli.jobs.cancel:cancel", "stop jobs that wait or are under way", _VIDEOS),
    "retry": Entry("cli.jobs.retry:retry", "convert jobs once more", _VIDEOS),
    "delete": Entry("cli.jobs.delete:delete", "delete jobs for good", _VIDEOS),
    "imports": Entry("cli.own.imports:imports", "see what the gateway fetches, and call it off", _VIDEOS),
    "probe": Entry("cli.probe:probe_file", "say what a file holds, before it is uploaded", _VIDEOS),
    "link": Entry("cli.handover.links:create", "make a link to a job's audio for anybody", _HAND_ON),
    "links": Entry(
        "cli.handover.links:links", "links for people without an account: make, list, revoke", _HAND_ON
    ),
    "feeds": Entry(
        "cli.handover.feeds:feeds", "private podcasts of your audio: make, list, revoke", _HAND_ON
    ),
    "transcripts": Entry(
        "cli.handover.transcripts:transcripts", "what your audio says: list, print, give, delete", _HAND_ON
    ),
    "hooks": Entry("cli.hooks.group:hooks", "have addresses told of what happens to your jobs", _HAND_ON),
    "login": Entry("cli.sign_in.login:login", "sign in to a gateway, and know it by a name", _ACCOUNT),
    "logout": Entry("cli.sign_in.logout:logout", "sign out of a gateway", _ACCOUNT),
    "whoami": Entry("cli.sign_in.whoami:whoami", "show who is signed in, and until when", _ACCOUNT),
    "gateways": Entry("cli.sign_in.gateways:gateways", "see the gateways that --on takes", _ACCOUNT),
    "presets": Entry("cli.own.presets:presets", "keep options for the videos to come", _ACCOUNT),
    "preset": Entry("cli.own.presets:presets", "the same", _ALIAS),
    "keys": Entry("cli.own.keys:keys", "API keys for your programs: make, list, revoke", _ACCOUNT),
    "sessions": Entry(
        "cli.own.sessions:sessions", "see what is signed in to your account, and end it", _ACCOUNT
    ),
    "preferences": Entry(
        "cli.own.preferences:preferences", "choose which mails about your jobs you get", _ACCOUNT
    ),
    "usage": Entry("cli.own.usage:usage", "show what your account uses at a gateway, and may use", _ACCOUNT),
    "top": Entry("cli.top.command:top", "watch a system: services, queues, work, failures", _OPERATOR),
    "tail": Entry("cli.tail.command:tail", "follow events and logs, merged by time", _OPERATOR, True),
    "replay": Entry("cli.replay.command:replay", "read, check and rebuild the log", _OPERATOR, True),
    "account": Entry("cli.account.group:account", "look at accounts and change them", _OPERATOR, True),
    "backup": Entry("cli.backup.backup:backup", "save a running stack: log, database, keys", _OPERATOR, True),
    "forget": Entry(
        "cli.backup.forget:forget", "take out of a backup what was erased since", _OPERATOR, True
    ),
    "restore": Entry("cli.backup.restore:restore", "fill an empty stack from a backup", _OPERATOR),
    "up": Entry("cli.stack.up:up", "run the local stack", _HERE),
    "down": Entry("cli.stack.down:down", "stop the local stack", _HERE),
    "status": Entry(
        "cli.stack.status:status", "show what of the local stack runs, and its first admin", _HERE
    ),
    "doctor": Entry("cli.stack.doctor:doctor", "say what is missing, and the line that mends it", _HERE),
    "sample": Entry("cli.stack.sample:sample", "make a small video for a first try", _HERE, True),
    "mail": Entry("cli.stack.mail:mail", "show the mails the local stack has sent", _HERE, True),
    "schema": Entry(
        "cli.schema:schema", "print the schema of what a command prints, or of all events", _PROGRAMS
    ),
    "completion": Entry(
        "cli.completion:completion", "let a shell complete commands by the tab key", _PROGRAMS
    ),
    "man": Entry("cli.manual:manual", "show the manual page of all commands", _PROGRAMS),
    "help": Entry("cli.help:help_", "tell of a command what its --help does", _PROGRAMS),
    "gateway": Entry("cli.services:gateway", "run the gateway", _SERVICE, True),
    "auth": Entry("cli.services:auth", "run auth", _SERVICE, True),
    "converter": Entry("cli.services:converter", "run a converter", _SERVICE, True),
    "notifier": Entry("cli.services:notifier", "run a notifier", _SERVICE, True),
}


@click.pass_context
def _prepare(context: click.Context) -> None:
    if COMMANDS[context.invoked_subcommand or ""].finds_the_stack:
        _fill_environment()


tonearm = Group(
    "tonearm",
    COMMANDS,
    callback=_prepare,
    help="Turn videos into audio, and look after the service that does.",
    epilog="`tonearm COMMAND --help` tells more.",
    examples=[
        "tonearm convert talk.mp4",
        "tonearm login https://tonearm.example.org",
        "tonearm jobs --state failed",
        "tonearm show @-1",
    ],
)
click.version_option(None, "-V", "--version", package_name="tonearm", message="tonearm %(version)s")(tonearm)


def main(argv: list[str] | None = None) -> int:
    """Run `tonearm`. Returns its exit code (see `cli.exits`)."""
    if asked := os.environ.get("_TONEARM_COMPLETE"):
        from cli.tree.shells import answer

        answer(tonearm, asked)
        return Exit.OK
    stand_in()
    encode_anything(sys.stdout, sys.stderr)
    code = _run((sys.argv[1:] if argv is None else argv) or ["--help"])
    try:
        sys.stdout.flush()
    except OSError as error:  # Python itself would try it at its end, and end with 120
        drop_output()
        return code or ended("tonearm", error, {})
    return code


def _run(words: Sequence[str]) -> int:
    try:
        with tonearm.make_context("tonearm", [*words]) as context:
            return int(tonearm.invoke(context) or Exit.OK)
    except click.exceptions.Exit as error:  # of --help and --version
        return error.exit_code
    except click.ClickException as error:
        return refused(error)
    except OSError as error:  # of the help; a command tells its own
        return ended("tonearm", error, {})
    except click.Abort:
        return Exit.INTERRUPTED
    except (EOFError, KeyboardInterrupt):
        print(file=sys.stderr)  # behind the terminal's ^C
        return Exit.INTERRUPTED


def _fill_environment() -> None:
    """Add the local stack's variables to the environment; those that are set already stay."""
    from infra.local.state import environment

    for key, value in environment().items():
        os.environ.setdefault(key, value)


if __name__ == "__main__":
    sys.exit(main())
