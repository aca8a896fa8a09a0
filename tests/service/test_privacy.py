"""As the user `nobody` when the tests run as root, from whom nothing can be hidden."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service import privacy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
NO_SETTINGS = {"GATEWAY_PORT": "none"}
PROGRAM = """
import subprocess, sys
source = sys.stdin.read()
exec(source, globals())
if "hide" in sys.argv: hide_from_neighbours()
look = "print(open(f'/proc/{__import__(\\"os\\").getppid()}/environ').read())"
print(subprocess.run([sys.executable, "-IS", "-c", look], env={}, capture_output=True, text=True))
print(len(__import__("os").listdir("/proc/self/fd")), "of its own")
"""


def look(*arguments: str) -> str:
    """What a child of the same user sees, of a parent that does as `arguments` say."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    with Path(privacy.__file__).open() as source:
        done = subprocess.run(
            [python, "-IS", "-c", PROGRAM, *arguments],
            stdin=source,
            capture_output=True,
            text=True,
            cwd="/",
            env={"RABBITMQ_URL": "amqp://me:secret@host"},
            **NOBODY,  # type: ignore[call-overload]
        )
    return str(done.stdout + done.stderr)


def test_a_neighbour_of_the_same_user_cannot_read_the_passwords() -> None:
    assert "secret" in look()
    hidden = look("hide")
    assert "PermissionError" in hidden
    assert "secret" not in hidden
    assert "of its own" in hidden


@pytest.mark.parametrize("service", ["auth", "gateway", "workers.converter", "workers.notifier"])
def test_a_service_hides_before_anything_else(service: str) -> None:
    program = (
        "import ctypes, os\n"
        "os._exit = lambda code: print(code, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"  # PR_GET_DUMPABLE
        f"from {service}.__main__ import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], env=NO_SETTINGS, capture_output=True, text=True)
    assert done.stdout.split() == ["2", "0"], "it ends for want of settings, and is hidden already"
