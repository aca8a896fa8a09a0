"""Checks of this machine for the local stack: each finding has the one line that mends it."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
from msgspec import Struct

from events.errors import TonearmError
from infra.local import ports, state
from infra.local.errors import NotInstalled
from infra.local.servers.install import advice
from infra.local.servers.mongodb import PROGRAM
from infra.local.servers.rabbitmq import find
from infra.local.settings import LocalSettings
from workers.converter.cage.cage import keeper_of

GB = 10**9
NEEDED_DISK, NEEDED_MEMORY = 2 * GB, 1 * GB
RENEW = "rm -rf .venv && ./justw"


class Finding(Struct, frozen=True):
    """One thing looked at. `mend` is a line to run or do when it is not `ok`."""

    what: str
    ok: bool
    found: str
    mend: str


def examine(
    settings: LocalSettings, *, disk: int = NEEDED_DISK, memory: int = NEEDED_MEMORY
) -> Iterator[Finding]:
    """Yield all findings, good ones too. Looks only; changes nothing. `disk` and `memory` are in bytes."""
    yield _python()
    if not settings.rabbitmq_url:
        yield _rabbitmq()
    if not settings.mongodb_url:
        program = Path(sys.executable).with_name(PROGRAM)
        yield Finding("mongodb", program.exists(), str(program), RENEW)
    yield _ffmpeg()
    yield _cage()
    if _runs(settings.directory):
        yield Finding("ports", True, "held by the running stack", "")
    else:
        yield _port("gateway", settings.gateway_host, settings.gateway_port)
        if not settings.auth_url:
            yield _port("auth", settings.auth_host, settings.auth_port)
    yield from _directory(settings.directory, disk)
    yield _memory(memory)


def _runs(directory: Path) -> bool:
    try:
        return state.holder(directory) is not None
    except OSError:  # told as the finding about the directory
        return False


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info < (3, 14)
    return Finding("python", ok, sys.version.split()[0], f"PYTHON=python3.13 {RENEW}")


def _rabbitmq() -> Finding:
    try:
        return Finding("rabbitmq", True, str(find("rabbitmq-server")), "")
    except NotInstalled:
        return Finding("rabbitmq", False, "no rabbitmq-server", advice())


def _ffmpeg() -> Finding:
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        shown = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return Finding("ffmpeg", False, f"does not run: {error}", RENEW)
    return Finding("ffmpeg", True, " ".join(shown.stdout.split()[:3]), "")


def _cage() -> Finding:
    """Check the layers that contain hostile videos. A converter works without, so none is called missing."""
    try:
        cage = asyncio.run(keeper_of(imageio_ffmpeg.get_ffmpeg_exe()).cage())
    except (RuntimeError, OSError, TonearmError) as error:
        return Finding("cage", False, f"cannot be tried: {error}", RENEW)
    landlock = f"Landlock {cage.landlock_abi}" if cage.landlock_abi else "no Landlock (Linux 5.13 has it)"
    seccomp = "seccomp" if cage.seccomp else "no seccomp"
    return Finding("cage", True, f"{landlock}, {seccomp}, {len(cage.rlimits)} limits", "")


def _port(service: str, host: str, port: int) -> Finding:
    try:
        taken = ports.is_taken(port, host)
    except OSError as error:
        found = f"{host}, port {port}: {error.strerror}"
        mend = f"export {service.upper()}_HOST=127.0.0.1 {service.upper()}_PORT={ports.another(port)}"
        return Finding("port", False, found, mend)
    if not taken:
        return Finding("port", True, f"{port} is free for the {service}", "")
    who = ports.holder(port) or "another program"
    return Finding(
        "port", False, f"{port} is taken by {who}", f"export {service.upper()}_PORT={ports.another(port)}"
    )


def _directory(directory: Path, needed: int) -> Iterator[Finding]:
    existing = next(folder for folder in (directory, *directory.parents) if folder.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    mine = writable and (
        existing != directory or all(os.access(path, os.W_OK) for path in directory.iterdir())
    )
    mend = f"export LOCAL_DIR=a folder you may write to, or: sudo chown -R $(id -u) {existing}"
    yield Finding("directory", mine, f"{directory}{'' if mine else ' cannot be written to'}", mend)
    free = shutil.disk_usage(existing).free
    yield Finding("disk", free >= needed, f"{free / GB:.1f} GB free", "free 2 GB, or set LOCAL_DIR elsewhere")


def _memory(needed: int) -> Finding:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    ok = available >= needed
    return Finding("memory", ok, f"{available / GB:.1f} GB", "free 1 GB, or set CONVERTERS=1")
