"""Install RabbitMQ with the system's package manager, where that can be done without asking anybody.

For the tests, curl as well.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from events.errors import TonearmError
from infra.local import given
from infra.local.errors import NotInstalled
from infra.local.rabbitmq import find
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
case " $* " in *' rabbitmq-server '*) systemctl disable rabbitmq-server 2>/dev/null || true ;; esac
"""


def command(package: str = PACKAGE) -> tuple[str, ...] | None:
    """Return what installs a package here, to be run as it is; None when we know of no way."""
    if shutil.which("brew"):
        return ("brew", "install", package.removesuffix("-server"))  # refuses to run as root, and says so
    if shutil.which("apt-get"):
        return (*_as_root(), "sh", "-c", APT, "sh", package)
    if shutil.which("dnf"):
        return (*_as_root(), "dnf", "install", "-y", "-q", package)
    return None


def advice(package: str = PACKAGE) -> str:
    """Return the one line for a person to install a package with."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("brew"):
        return f"brew install {package.removesuffix('-server')}"
    if shutil.which("apt-get"):
        return f"{sudo}apt-get install -y {package}"
    if shutil.which("dnf"):
        return f"{sudo}dnf install -y {package}"
    if package != PACKAGE:
        return f"install {package}"
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
    install(PACKAGE, "RabbitMQ", say)
    find("rabbitmq-server")


def install(package: str, name: str, say: Callable[[str], None]) -> None:
    """Install a package. Raises NotInstalled with what to do."""
    chosen = command(package)
    line = advice(package)
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
    """`python -m infra.local.install [curl]`: for recipes that need a broker, or curl."""
    try:
        if sys.argv[1:] == ["curl"]:
            if shutil.which("curl") is None:
                install("curl", "curl", _say)
        else:
            ensure_installed(given.settings(os.environ), _say)
    except TonearmError as error:
        _say(str(error))
        return 1
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
