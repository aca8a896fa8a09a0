"""`./justw`, in a folder with an environment that only says how it was called."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("justfile", "justw", "requirements.lock", "pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "justw").chmod(0o755)
    for name in ("just", "tonearm", "python"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $LOCAL_DIR" "$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".venv" / "pyvenv.cfg").write_text(f"command = python -m venv {folder}/.venv\n")
    names = ["requirements.lock", "pyproject.toml", "justw"]
    stamp = subprocess.run(["cksum", *names], cwd=folder, capture_output=True, check=True).stdout
    (folder / ".venv" / ".justw-stamp").write_bytes(stamp)
    return folder


def justw(clone: Path, *arguments: str, local: str = "") -> str:
    environ = {**os.environ, "LOCAL_DIR": local}
    done = subprocess.run(
        [clone / "justw", *arguments],
        cwd=clone.parent,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "called"),
    [
        (["--version"], "tonearm {} --version"),
        (["convert", "my talk.mp4"], "tonearm {} convert my talk.mp4"),
        (["up", "-d"], "tonearm {} up -d"),
        (["help", "tail"], "tonearm {} tail --help"),
        (["show", "@-1"], "tonearm {} show @-1"),
        (["help", "show"], "tonearm {} show --help"),
        (["tonearm", "jobs"], "tonearm {} jobs"),
        (["prometheus"], "python {} -m infra.local.prometheus"),
        (["cluster", "files", "a folder"], "python {} -m infra.cluster files a folder"),
    ],
)
def test_a_command_is_run_without_just_which_takes_ctrl_c_for_an_error(
    clone: Path, arguments: list[str], called: str
) -> None:
    assert justw(clone, *arguments) == called.format(f"{clone}/.local") + "\n"
    assert justw(clone, *arguments, local="here") == called.format(f"{clone.parent}/here") + "\n"


def test_a_command_learns_how_it_was_called_so_that_its_hints_can_be_typed(clone: Path) -> None:
    (clone / ".venv/bin/tonearm").write_text('#!/bin/sh\necho "$TONEARM_CALLED"\n')
    done = subprocess.run(["./justw", "jobs"], cwd=clone, capture_output=True, text=True, check=True)
    assert done.stdout == "./justw\n"


@pytest.mark.parametrize("recipe", ["check", "prometheus", "restore", "test", "--list"])
def test_any_other_recipe_is_a_matter_for_just(clone: Path, recipe: str) -> None:
    assert justw(clone, recipe, "x", local="here") == f"just here --justfile {clone}/justfile {recipe} x\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"], ["help", "check"]])
def test_help_is_ours_and_lists_the_recipes(clone: Path, arguments: list[str]) -> None:
    usage, *_, more = justw(clone, *arguments, local="here").splitlines()
    assert usage == "usage: ./justw NAME [argument …]"
    assert "./justw help NAME" in more


def test_every_recipe_stands_in_a_group_people_first() -> None:
    just = Path(ROOT, ".venv/bin/just")
    if not just.exists():
        pytest.skip("there is no just in .venv: `./justw` brings it")
    command = [just, "--justfile", ROOT / "justfile", "--list", "--unsorted"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    groups = [line.strip() for line in listed if line.strip().startswith("[")]
    assert groups == ["[For people with videos]", "[For operators]", "[For contributors]"]
    assert listed[0].strip() == groups[0]
