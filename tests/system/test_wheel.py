"""The wheel, installed alone: a client of any gateway, and nothing more."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.long]  # it asks a package index

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
MOST_BYTES = 15_000_000


class Client:
    """An environment that holds the wheel and what it depends on, and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._home = folder / "client", folder / "home"
        self._home.mkdir()

    def install(self, wheel: Path) -> None:
        """Install it, with the versions and the hashes of the lock."""
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        wanted = wheel.with_name("requirements.txt")
        wanted.write_text(f"tonearm @ {wheel.as_uri()} --hash=sha256:{sha256}\n")
        run(UV, "venv", "--quiet", "--python", sys.executable, self.folder)
        into = ("--quiet", "--python", self.folder, "--require-hashes", "--constraints")
        run(UV, "pip", "install", *into, ROOT / "requirements.lock", "--requirements", wanted)

    @property
    def packages(self) -> Path:
        return next(self.folder.glob("lib/python*/site-packages"))

    def __call__(self, *words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Type `tonearm …`, where nothing else is known but the network."""
        return subprocess.run(
            [self.folder / "bin" / "tonearm", *words],
            env={"HOME": str(self._home), "PATH": os.defpath, "NO_COLOR": "1", **environ},
            cwd=self._home,
            capture_output=True,
            text=True,
            timeout=60,
        )


def run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        UV,
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "-o",
        folder,
        ROOT,
    )
    made = Client(folder)
    made.install(next(folder.glob("*.whl")))
    return made


def test_what_the_client_depends_on_is_small(client: Client) -> None:
    ours = {"auth", "cli", "events", "gateway", "infra", "service", "workers"}
    size = sum(
        file.stat().st_size
        for package in client.packages.iterdir()
        if package.name not in ours
        for file in (package, *package.rglob("*"))
        if file.is_file()
    )
    assert size <= MOST_BYTES


ABSENT = """
from cli.main import COMMANDS

def absent(entries, above=""):
    for name, entry in entries.items():
        command = entry.command(name)
        if command.help is None and not hasattr(command, "entries"):
            yield above + name
        yield from absent(getattr(command, "entries", {}), above + name + " ")

print("\\n".join(absent(COMMANDS)))
"""
"""Prints the commands whose libraries are not installed: only what they lack can be said of them."""


def test_each_command_of_the_client_is_there_whole(client: Client) -> None:
    python = client.folder / "bin" / "python"
    done = subprocess.run([python, "-c", ABSENT], cwd=client.folder, capture_output=True, text=True)
    absent = {line.partition(" ")[0] for line in done.stdout.splitlines()}
    operators = {"replay", "account", "backup", "forget", "restore", "up", "down", "doctor", "sample"}
    assert (done.stderr, absent) == ("", {"probe", *operators})
    assert "account keys create" not in done.stdout
    assert '"$schema"' in client("schema", "usage").stdout


def test_it_lists_what_there_is_and_says_what_the_services_need(client: Client) -> None:
    assert "For people with videos" in client("--help").stdout
    for words in (
        ["gateway"],
        ["backup", "x"],
        ["replay", "info"],
        ["account", "list"],
        ["probe", "talk.mp4"],
    ):
        done = client(*words)
        assert done.returncode == 69
        assert "[services]'" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_manual_page_and_completions_lie_where_they_are_looked_for(client: Client) -> None:
    share = client.folder / "share"
    manual = (share / "man" / "man1" / "tonearm.1").read_text()
    assert '.SS "tonearm account erase [OPTIONS] WHO"' in manual
    for place in ("bash-completion/completions/tonearm", "zsh/site-functions/_tonearm"):
        assert "_TONEARM_COMPLETE" in (share / place).read_text()
    assert "--command tonearm" in (share / "fish/vendor_completions.d/tonearm.fish").read_text()
    assert '.SS "tonearm replay' in client("man").stdout


def test_it_converts_a_video_at_a_gateway_elsewhere(client: Client, stack: Stack, clips: Clips) -> None:
    email, password = stack.admin
    account = {"TONEARM_EMAIL": email, "TONEARM_PASSWORD": password}
    audio = client.folder / "clip.mp3"
    done = client("convert", clips.tone(3).path, "-o", audio, "--url", stack.url, **account)
    assert done.returncode == 0, done.stderr
    assert audio.stat().st_size > 1000
    assert client("jobs", "list", "--json", "--url", stack.url, **account).stdout.startswith('{"job_id"')
    words = ("tail", "--url", stack.url, "--no-follow", "--type", "job.converted", "-o", "{event}")
    assert "job.converted" in client(*words, **account).stdout
