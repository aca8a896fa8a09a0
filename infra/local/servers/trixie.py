"""RabbitMQ 4 for the tests on a machine whose Debian has 3.10: Debian 13's, in a folder of its own.

    python -m infra.local.servers.trixie FOLDER

bootstraps Debian 13 (trixie) with its RabbitMQ 4.0 into FOLDER/root, once, and writes FOLDER/bin, whose
programs run those of that root. `RABBITMQ_BIN=FOLDER/bin` has the stack and the tests use them. Wants root
and debootstrap.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.errors import LocalError, NotInstalled

MIRROR = "http://deb.debian.org/debian"
PROGRAMS = {
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "rabbitmqctl": "/usr/lib/rabbitmq/bin/rabbitmqctl",
    "epmd": "/usr/bin/epmd",
}
_WRAPPER = """#!/bin/sh
# The node's own folder, which HOME lies in, is seen in the other root by the same name.
exec /usr/bin/unshare --mount /bin/sh -euc '
root=$1 program=$2; shift 2
for each in /proc /dev ${{HOME:+"$(dirname "$HOME")"}}; do
    mkdir -p "$root$each"
    mount --rbind "$each" "$root$each"
done
PATH=/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin exec /usr/sbin/chroot "$root" "$program" "$@"
' sh '{root}' {program} "$@"
"""


def make(folder: Path) -> Path:
    """Return the folder of programs, making it if need be. Raises NotInstalled, LocalError."""
    root, programs = folder / "root", folder / "bin"
    if not (root / "done").exists():
        if os.geteuid() != 0:
            raise LocalError("only root can bootstrap another Debian")
        debootstrap = shutil.which("debootstrap")
        if debootstrap is None:
            raise NotInstalled("debootstrap is not installed; run: apt-get install -y debootstrap")
        shutil.rmtree(root, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        command = [debootstrap, "--variant=minbase", "--include=rabbitmq-server", "trixie", str(root), MIRROR]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise LocalError(f"debootstrap ended with {done.returncode}; {root}/debootstrap tells why")
        (root / "done").touch()
    programs.mkdir(exist_ok=True)
    for name, program in PROGRAMS.items():
        file = programs / name
        file.write_text(_WRAPPER.format(root=root, program=program))
        file.chmod(0o755)
    return programs


def main() -> int:
    """Make it, and print the folder of programs."""
    try:
        print(make(Path(sys.argv[1]).resolve()))
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
