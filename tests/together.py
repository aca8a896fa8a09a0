"""Which files one process tests one after the other: those that share what is dear to start and to keep.

A stack takes nine seconds of a core to start, and one more in each half minute that nobody uses it; a broker
takes half of that. These files also wait more than others do. So they begin, side by side with few of their
kind, and leave the cores to those that compute. A file that is missing here only takes longer.
"""

from fnmatch import fnmatch
from functools import cache

from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "a stack": ("tests/browser/test_[a-j]*",),
    "another stack": (
        "tests/browser/test_[k-z]*",
        *(
            f"tests/system/test_{name}.py"
            for name in (
                "convert",
                "curl",
                "deletion",
                "handover",
                "metrics",
                "snapshot",
                "webhooks",
                "wheel",
            )
        ),
    ),
    "stacks that are killed": tuple(
        f"tests/system/test_{name}.py"
        for name in ("api_fuzz", "cancelling", "chaos", "forgetting", "full_log", "shares", "traces")
    ),
    "a broker that is killed": (
        "tests/auth/test_process.py",
        "tests/cli/tail/sources/test_event_log.py",
        "tests/events/test_broker_restart.py",
        "tests/gateway/admin/test_admin.py",
        "tests/gateway/test_readiness.py",
        "tests/infra/local/test_servers.py",
        "tests/service/test_presence.py",
    ),
    "what computes longest": ("tests/workers/converter/conversion/test_incomplete.py",),
    "databases of SQL": (
        "tests/auth/stores/*",
        "tests/auth/test_import_table.py",
        "tests/auth/test_operator_commands.py",
    ),
}
"""What is shared, or had one after the other, and by which files. In this order they begin."""


class Scheduling(LoadFileScheduling):
    """Hands out files as `--dist loadfile` does, and those of TOGETHER as if they were one file."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(super()._split_scope(nodeid))


def turn_of(file: str) -> int:
    """Return when a file has its turn: a low number is early."""
    return [*TOGETHER, file].index(unit_of(file))


@cache
def unit_of(file: str) -> str:
    """Return what is handed out at once, by its name: what a file shares, or the file."""
    return next((it for it, files in TOGETHER.items() if any(fnmatch(file, each) for each in files)), file)
