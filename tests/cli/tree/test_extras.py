import subprocess
import sys

import pytest

from cli.tree.extras import lacking
from cli.tree.group import Entry


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("pymongo.errors", "this needs pymongo, which the client alone lacks: "),
        ("pymongo", "'tonearm-….whl[services]'"),
        ("sqlalchemy.ext.asyncio", "'tonearm-….whl[sql]'"),
        ("fcntl", "Linux and macOS"),
        ("aiosmtpd.controller", "from a checkout"),
    ],
)
def test_what_is_not_installed_is_told_with_the_line_that_installs_it(module: str, told: str) -> None:
    assert told in str(lacking(ModuleNotFoundError(f"No module named {module!r}", name=module)))


def test_a_module_of_ours_that_is_missing_is_a_fault_and_no_extra() -> None:
    assert lacking(ModuleNotFoundError("No module named 'cli.nowhere'", name="cli.nowhere")) is None
    with pytest.raises(ModuleNotFoundError):
        Entry("cli.nowhere:nowhere", "a slip").command("nowhere")


def test_a_command_whose_libraries_are_missing_ends_with_a_sentence_whatever_it_is_given() -> None:
    code = (
        "import sys; sys.modules['pymongo'] = None; from cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    for words in (["replay", "info"], ["backup", "--help"], ["account", "list", "--json"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
        assert done.returncode == 69
        assert done.stderr.startswith(f"tonearm {words[0]}")
        assert ": this needs pymongo, which the client alone lacks" in done.stderr
        assert not done.stdout
