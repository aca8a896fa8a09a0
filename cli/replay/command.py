"""`tonearm replay <subcommand>`: the table. What each does is in its module."""

from cli.tree.group import Entry, Group

_LOOK = "Look at the log"
_CHECK = "Check against it (exit code 1: it differs)"
_CHANGE = "Change something (only with --yes)"
_FILE = "The log as a file"

SUBCOMMANDS = {
    "show": Entry("cli.replay.show:show", "print a part of the log, and follow it", _LOOK),
    "play": Entry("cli.replay.play:play", "show what happened to a job, in its own time", _LOOK),
    "state": Entry("cli.replay.state:state", "show a job as it was at some place of the log", _LOOK),
    "info": Entry("cli.replay.info:info", "say how it is: what flows, what waits, what failed", _LOOK),
    "verify": Entry("cli.replay.verify:verify", "check the stored views against the log", _CHECK),
    "diff": Entry("cli.replay.diff:diff", "compare a job with the log, or two versions of the views", _CHECK),
    "usage": Entry(
        "cli.replay.usage:usage", "add up each account's usage, compare it with the stored", _CHECK
    ),
    "effects": Entry("cli.replay.effects:effects", "count what was asked for and really produced", _CHECK),
    "reconvert": Entry(
        "cli.replay.reconvert:reconvert", "convert again as the log tells, compare the hashes", _CHECK
    ),
    "rebuild": Entry("cli.replay.rebuild:rebuild", "build the job views anew, compare, switch", _CHANGE),
    "requeue": Entry("cli.replay.requeue:requeue", "give failed jobs another run", _CHANGE),
    "reconcile": Entry(
        "cli.replay.reconcile:reconcile", "tell a log that lost its end what views know", _CHANGE
    ),
    "export": Entry("cli.replay.export_log:export_log", "write the log into a file, with a manifest", _FILE),
    "import": Entry("cli.replay.import_log:import_log", "fill an empty log from such a file", _FILE),
}

replay = Group(
    "replay",
    SUBCOMMANDS,
    examples=["tonearm replay info", "tonearm replay show --since 10m", "tonearm replay verify"],
    help="Read the event log, travel in it, check the views against it, and build them anew.",
)
