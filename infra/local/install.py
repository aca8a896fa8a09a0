"""Install RabbitMQ with the system's package manager, where that can be done without asking anybody."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from events.errors import TonearmError
from events.settings import load
from infra.local.errors import NotInstalled
from infra.local.rabbitmq import find
from infra.local.settings import LocalSettings

APT = """
set -e
policy=/usr/sbin/policy-rc.d  # a package must not start a broker of its own on this machine
if [ ! -e $policy ]; then
    printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod +x $policy
    trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends rabbitmq-server
"""


def command() -> tuple[str, ...] | None:
    """Return what installs RabbitMQ here, to be run as it is; None when we know of no way."""
    if shutil.which("brew"):
        return ("brew", "install", "rabbitmq")  # refuses to run as root, and says so
    if shutil.which("apt-get"):
        return (*_as_root(), "sh", "-c", APT)
    if shutil.which("dnf"):
        return (*_as_root(), "dnf", "install", "-y", "-q", "rabbitmq-server")
    return None


def advice() -> str:
    """Return the one line for a person to install RabbitMQ with."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("brew"):
        return "brew install rabbitmq"
    if shutil.which("apt-get"):
        return f"{sudo}apt-get install -y rabbitmq-server"
    if shutil.which("dnf"):
        return f"{sudo}dnf install -y rabbitmq-server"
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
    chosen = command()
    if chosen is None:
        raise NotInstalled(
            f"RabbitMQ is not installed and this system has no package manager we know; {advice()}"
        )
    if chosen[0] == "sudo" and not _sudo_works():
        raise NotInstalled(f"RabbitMQ is not installed, and installing it needs root; run: {advice()}")
    say("installing RabbitMQ with the system's package manager (once) …")
    done = subprocess.run(chosen, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise NotInstalled(f"installing RabbitMQ failed (exit code {done.returncode}); run: {advice()}")
    find("rabbitmq-server")


def _as_root() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else ("sudo", "-n")


def _sudo_works() -> bool:
    sudo = shutil.which("sudo")
    return sudo is not None and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0


def main() -> int:
    """`python -m infra.local.install`: install what is missing, for recipes that need a broker."""
    try:
        ensure_installed(load(LocalSettings, os.environ), lambda line: print(line, file=sys.stderr))
    except TonearmError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
