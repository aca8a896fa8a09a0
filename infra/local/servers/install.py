"""Install RabbitMQ with the system's package manager, where that can be done without asking anybody.

For the tests and drills, curl, shells, Chromium, HAProxy, podcast clients and the databases of SQL as well.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from events.errors import TonearmError
from infra.local import given
from infra.local.errors import NotInstalled
from infra.local.servers.rabbitmq import find
from infra.local.settings import LocalSettings

PACKAGE = "rabbitmq-server"
APT = """
set -e
policy=/usr/sbin/policy-rc.d  # a package must not start a broker of its own on this machine
if [ ! -e $policy ] || grep -qs 'made by Tonearm' $policy; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\\n# made by Tonearm, for one installation\\nexit 101\\n' > $policy && chmod +x $policy
fi
export DEBIAN_FRONTEND=noninteractive
get() { apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }  # right after its boot a machine may update itself
get update || { sleep 20 && get update; }
get install -y --no-install-recommends "$@"
for service in rabbitmq-server postgresql haproxy; do
    case " $* " in *" $service "*) systemctl disable $service 2>/dev/null || true ;; esac
done
"""


class Tool(NamedTuple):
    """A server that tests and drills need besides a broker: its programs, and the packages that hold them."""

    name: str
    programs: tuple[str, ...]
    apt: tuple[str, ...]
    elsewhere: tuple[str, ...]


TOOLS = {
    "haproxy": Tool("HAProxy", ("haproxy",), ("haproxy",), ("haproxy",)),
    "curl": Tool("curl", ("curl",), ("curl",), ("curl",)),
    "chromium": Tool("Chromium", ("chromium",), ("chromium",), ("chromium",)),
    "shells": Tool(
        "zsh, fish and mandoc",
        ("zsh", "fish", "mandoc"),
        ("zsh", "fish", "mandoc"),
        ("zsh", "fish", "mandoc"),
    ),
    "podcasts": Tool("gPodder", ("gpo", "newsboat"), ("gpodder", "newsboat"), ("newsboat",)),
    "postgresql": Tool("PostgreSQL", ("initdb", "postgres"), ("postgresql",), ("postgresql-server",)),
    "mariadb": Tool(
        "MariaDB",
        ("mariadb-install-db", "mariadbd"),
        ("mariadb-server-core", "mariadb-client-core"),  # without the service, its user and its database
        ("mariadb-server",),
    ),
}
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/opt/homebrew/bin", "/usr/local/bin")
"""The folders in which Debian and Homebrew put servers, outside PATH."""


def command(*packages: str) -> tuple[str, ...] | None:
    """Return what installs packages here, to be run as it is; None when we know of no way."""
    packages = packages or (PACKAGE,)
    if shutil.which("brew"):  # refuses to run as root, and says so
        return ("brew", "install", *(package.removesuffix("-server") for package in packages))
    if shutil.which("apt-get"):
        return (*_as_root(), "sh", "-c", APT, "sh", *packages)
    if shutil.which("dnf"):
        return (*_as_root(), "dnf", "install", "-y", "-q", *packages)
    return None


def advice(*packages: str) -> str:
    """Return the one line for a person to install packages with."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    names = " ".join(packages or (PACKAGE,))
    if shutil.which("brew"):
        return f"brew install {names.removesuffix('-server')}"
    if shutil.which("apt-get"):
        return f"{sudo}apt-get install -y {names}"
    if shutil.which("dnf"):
        return f"{sudo}dnf install -y {names}"
    if packages not in ((), (PACKAGE,)):
        return f"install {names}"
    return "install RabbitMQ (https://www.rabbitmq.com/docs/download), or set RABBITMQ_URL and STREAM_URL"


def ensure_installed(settings: LocalSettings, say: Callable[[str], None]) -> None:
    """Install RabbitMQ if the stack needs it and it is missing. Raises NotInstalled with what to do."""
    if settings.rabbitmq_url:
        return
    try:
        find("rabbitmq-server")
    except NotInstalled:
        pass
    else:
        return
    install("RabbitMQ", say, PACKAGE)
    find("rabbitmq-server")


def find_tool(program: str) -> Path:
    """Return where a program of TOOLS is. Raises NotInstalled."""
    folders = [str(folder) for place in PLACES for folder in sorted(Path("/").glob(place[1:]), reverse=True)]
    found = shutil.which(program, path=os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise NotInstalled(f"{program} is not installed")
    return Path(found)


def ensure_tool(tool: Tool, say: Callable[[str], None]) -> None:
    """Install a tool if it is missing. Raises NotInstalled with what to do."""
    try:
        for program in tool.programs:
            find_tool(program)
    except NotInstalled:
        install(tool.name, say, *(tool.apt if shutil.which("apt-get") else tool.elsewhere))


def install(name: str, say: Callable[[str], None], *packages: str) -> None:
    """Install packages. Raises NotInstalled with what to do."""
    chosen = command(*packages)
    line = advice(*packages)
    if chosen is None:
        raise NotInstalled(f"{name} is not installed and this system has no package manager we know; {line}")
    if chosen[0] == "sudo" and not _sudo_works():
        raise NotInstalled(f"{name} is not installed, and installing it needs root; run: {line}")
    say(f"installing {name} with the system's package manager (once) …")
    done = subprocess.run(chosen, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise NotInstalled(f"installing {name} failed (exit code {done.returncode}); run: {line}")


def _as_root() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else ("sudo", "-n")


def _sudo_works() -> bool:
    sudo = shutil.which("sudo")
    return sudo is not None and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0


def main() -> int:
    """`python -m infra.local.servers.install [TOOL …]`: installs the broker, or tools of TOOLS."""
    try:
        for name in sys.argv[1:]:
            ensure_tool(TOOLS[name], _say)
        if not sys.argv[1:]:
            ensure_installed(given.settings(os.environ), _say)
    except TonearmError as error:
        _say(str(error))
        return 1
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
