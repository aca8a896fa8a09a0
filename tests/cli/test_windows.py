"""The client alone, where Windows' Python is: what that lacks is taken away before ours is loaded.

No Windows is at hand. The standard library itself and others' libraries are loaded as they are here.
"""

import subprocess
import sys
from pathlib import Path

WITHOUT = """
import asyncio, concurrent.futures, ctypes, email.policy, getpass, http.client, io, json, os, queue, select
import shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, webbrowser, zipfile
import click, filelock, httpx, msgspec, rich.console, rich.live, rich.progress, rich.table, segno, tomlkit
import uuid_utils

sys.platform = "win32"
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pty", "pwd", "readline", "resource", "termios", "tty")))
services = ("aiosmtpd", "imageio_ffmpeg", "pika", "pymongo", "rstream", "sqlalchemy", "structlog")
sys.modules.update(dict.fromkeys(services))
for module, names in {
    os: "fork getpgrp mkfifo pathconf pread pwrite sched_getaffinity setsid tcgetpgrp"
    " O_NOFOLLOW O_CLOEXEC O_DIRECTORY",
    signal: "SIGALRM SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGTSTP SIGUSR1 SIGWINCH alarm pthread_sigmask"
    " setitimer siginterrupt",
    select: "poll epoll",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
"""

HELP = """
from cli.main import COMMANDS, main, tonearm
from cli.tree.group import Group

def helped(group, words=()):
    for name, entry in group.entries.items():
        command = entry.command(name)
        yield [*words, name], main([*words, name, "--help"])
        if isinstance(command, Group):
            yield from helped(command, (*words, name))

done = dict((" ".join(words), code) for words, code in helped(tonearm))
absent = {words.split()[0] for words, code in done.items() if code != 0}
print("ABSENT", *sorted(absent))
"""

USE = """
from cli.main import main
elsewhere = ("--url", "http://127.0.0.1:1", "--email", "ada@example.org")
for words in (
    ("gateways",),
    ("usage", *elsewhere),
    ("show", "@-1", *elsewhere),
    ("convert", "talk.mp4", *elsewhere),
    ("watch", "nowhere", *elsewhere),
    ("tail", "app.jsonl"),
    ("status",),
    ("logout",),
    ("top", "--once", *elsewhere),
):
    print("CODE", words[0], main([*words]), flush=True)
"""


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {
        "APPDATA": str(folder / "Roaming"),
        "LOCALAPPDATA": str(folder / "Local"),
        "TONEARM_PASSWORD": "x",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-c", WITHOUT + code]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120)


def test_every_command_of_the_client_can_be_loaded_there(tmp_path: Path) -> None:
    done = python(HELP, tmp_path)
    assert "Traceback" not in done.stderr, done.stderr
    absent = done.stdout.splitlines()[-1].split()[1:]
    operators = {"account", "backup", "forget", "replay", "restore", "up", "down", "doctor", "sample"}
    services = {"gateway", "auth", "converter", "notifier"}
    assert set(absent) <= {"probe", *operators, *services}


def test_commands_end_with_sentences_there_as_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"video")
    (tmp_path / "app.jsonl").write_text('{"level": "info", "event": "begun"}\n')
    done = python(USE, tmp_path)
    assert "Traceback" not in done.stderr, done.stderr
    codes = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("CODE "))
    assert codes["usage"] == codes["show"] == codes["convert"] == codes["status"] == codes["top"] == "69"
    assert codes["tail"] == "0"
    assert "begun" in done.stdout
