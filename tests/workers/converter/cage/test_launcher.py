"""What a program cannot do that has been taken over: system call by system call."""

import asyncio
import platform
import sys
from pathlib import Path

import pytest

from workers.converter.cage import launcher
from workers.converter.cage.cage import Keeper
from workers.converter.errors import EngineFailed
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.diagnosis import Evidence, diagnose
from workers.converter.ffmpeg.messages import Findings

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's layers")

FORBIDDEN = {
    "socket": (41, 2, 1, 0),
    "udp": (41, 2, 2, 0),
    "unix": (41, 1, 1, 0),
    "netlink": (41, 16, 3, 0),
    "socketpair": (53, 1, 1, 0, "buffer"),
    "connect": (42, 0, "buffer", 16),
    "bind": (49, 0, "buffer", 16),
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, "parent", "buffer", 1, "buffer", 1, 0),
    "process_vm_writev": (311, "parent", "buffer", 1, "buffer", 1, 0),
    "mount": (165, "path", "path", "path", 0, 0),
    "bpf": (321, 0, "buffer", 64),
    "add_key": (248, "path", "path", "buffer", 1, -1),
    "keyctl": (250, 0, -1, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "clone": (56, 17, 0, 0, 0, 0),
    "clone_user": (56, 0x10000000 | 17, 0, 0, 0, 0),
    "clone3": (435, "buffer", 88),
    "fork": (57,),
    "vfork": (58,),
    "execve": (59, "path", 0, 0),
    "execveat": (322, -100, "path", 0, 0, 0),
    "execve_x32": (0x40000208, "path", 0, 0),
    "open_by_handle_at": (304, -100, "buffer", 0),
    "io_uring_setup": (425, 1, "buffer"),
    "perf_event_open": (298, "buffer", 0, -1, -1, 0),
    "userfaultfd": (323, 1),
    "memfd_create": (319, "path", 0),
    "kill": (62, "parent", 0),
    "tkill": (200, "parent", 0),
    "tgkill": (234, "parent", "parent", 0),
    "pidfd_open": (434, "parent", 0),
    "setrlimit": (160, 7, "buffer"),
    "prlimit64": (302, 0, 7, "buffer", 0),
    "prctl": (157, 4, 0, 0, 0, 0),
    "seccomp": (317, 1, 0, "buffer"),
    "open_to_write": (2, "path", 1),
    "open_to_make": (2, "path", 0o102, 0o600),
    "openat_to_write": (257, -100, "path", 2),
    "openat_tmpfile": (257, -100, "path", 0o20200002, 0o600),
    "openat2": (437, -100, "path", "buffer", 24),
    "creat": (85, "path", 0o600),
    "truncate": (76, "path", 0),
    "rename": (82, "path", "path"),
    "unlink": (87, "path"),
    "mkdir": (83, "path", 0o700),
    "chmod": (90, "path", 0o777),
    "mknod": (133, "path", 0o10600, 0),
    "terminal_input": (16, 0, 0x5412, "buffer"),  # TIOCSTI
    "fcntl_owner": (72, 0, 8, "parent"),  # F_SETOWN: has others signalled
    "map_the_door": (9, 0x200000, 0x1000, 3, 0x32, -1, 0),
    "map_over_the_door": (9, 0x10000, 0x400000, 3, 0x32, -1, 0),
    "map_all_from_nothing": (9, 0, 0x400000, 3, 0x32, -1, 0),
    "map_down_to_the_door": (9, 0x201000, 0x1000, 3, 0x132, -1, 0),
    "move_to_the_door": (25, "buffer", 0x1000, 0x1000, 3, 0x200000),
}
"""For x86_64. A word stands for an address of something, or our parent's process id."""

PROGRAM = f"""
import ctypes, errno, os
from workers.converter.cage import kernel, seccomp
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8192)
page = (ctypes.addressof(buffer) + 4095) // 4096 * 4096
path = ctypes.create_string_buffer(b"/nowhere/at/all")
words = dict(buffer=page, path=ctypes.addressof(path), parent=os.getppid())
calls = {FORBIDDEN!r}
kernel.prctl(38, 1)
seccomp.install(os.uname().machine, os.getpid())
for name, (number, *arguments) in calls.items():
    values = [ctypes.c_long(words.get(value, value)) for value in arguments]
    result = libc.syscall(ctypes.c_long(number), *values)
    print(name, errno.errorcode[ctypes.get_errno()] if result == -1 else "DONE", flush=True)
os._exit(0)
"""


@linux
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86_64's")
async def test_system_calls_that_lead_out_of_the_cage_are_answered_by_the_filter() -> None:
    """EPERM and ENOSYS: on paths that do not exist, the kernel itself would have answered ENOENT."""
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await probe.communicate()
    answers = dict(line.split() for line in said.decode().splitlines())
    assert set(answers) == set(FORBIDDEN)
    assert {name: answer for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")} == {}


@linux
@pytest.mark.parametrize("layers", [[], ["landlock", "seccomp", "rlimits"]], ids=["none", "all"])
async def test_a_program_that_vanished_is_trouble_of_ours_and_says_so(
    layers: list[str], tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o700)
    limits = dict.fromkeys(launcher.LIMITS, 1 << 30)
    with Keeper(str(program), layers) as keeper, (tmp_path / "words").open("w+b", buffering=0) as words:
        await keeper.cage()
        program.unlink()
        started = await keeper.start([], [words, words, words], limits)
        exit_code = await started.wait()
        started.close()
        words.seek(0)
        tail = words.read().decode()
    assert "No such file or directory" in tail
    trouble = diagnose(Evidence(exit_code=exit_code, findings=Findings(tail=tail)), Limits())
    assert isinstance(trouble, EngineFailed)
