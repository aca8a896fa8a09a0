import os
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, main, tonearm
from cli.manual import manual_of
from cli.tree.command import command
from cli.tree.group import Entry, Group
from cli.tree.manual import page


@pytest.fixture(scope="module")
def manual() -> str:
    return manual_of(tonearm)


@command(examples=[".dotted 'quoted' \\back"])
@click.option("--naïve-option", metavar="…", help=".begins with a dot -- and \\ends")
def odd(**_: object) -> None:
    """Do what is odd.

    .SH is no heading here.
    """


ODD = Group("odd", {"odd": Entry("tests.cli.tree.test_manual:odd", "odd")}, help="Be odd.")


def test_every_command_stands_in_the_manual_page_with_its_examples(manual: str) -> None:
    for name, entry in COMMANDS.items():
        if not entry.section:  # the same as another
            continue
        assert f'.SS "tonearm {name}'.replace("-", r"\-") in manual
    assert "tonearm account erase 0199a1b2 \\-\\-yes" in manual


def test_what_the_help_says_at_its_end_stands_there_too(manual: str) -> None:
    assert "Of several videos the exit code is 100 and the number that failed" in " ".join(manual.split())


def test_the_manual_page_is_clean_and_can_be_read(manual: str, tmp_path: Path) -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no mandoc here")
    file = tmp_path / "tonearm.1"
    file.write_text(manual)
    lint = subprocess.run([mandoc, "-Tlint", file], capture_output=True, text=True)
    assert lint.stdout + lint.stderr == ""
    read = subprocess.run([mandoc, "-Tutf8", file], capture_output=True, text=True)
    assert "turn videos into audio" in read.stdout


def test_nothing_in_a_text_is_a_request_of_the_page() -> None:
    lines = page(ODD, "1", "2026-11-30", {"LAST": [(".b", ".c")]}).splitlines()
    assert [line for line in lines if line.startswith(".SH")] == [
        ".SH NAME",
        ".SH SYNOPSIS",
        '.SH "COMMANDS"',
        '.SH "LAST"',
    ]
    assert r"\&.SH is no heading here." in lines
    assert r"\&.dotted \[aq]quoted\[aq] \eback" in lines
    assert all(line.isascii() for line in lines)


def test_it_is_written_for_man_into_a_pipe(capsys: pytest.CaptureFixture[str], manual: str) -> None:
    assert main(["man"]) == 0
    assert capsys.readouterr().out == manual
