from pathlib import Path

import pytest
from together import TOGETHER, turn_of, unit_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("pattern", [each for files in TOGETHER.values() for each in files])
def test_there_are_files_of_each_name(pattern: str) -> None:
    assert list(ROOT.glob(pattern)) != []


def test_files_that_share_something_are_handed_out_at_once_and_others_one_by_one() -> None:
    assert unit_of("tests/browser/test_jobs.py") == unit_of("tests/browser/test_admin.py") == "a stack"
    assert unit_of("tests/events/test_ids.py") == "tests/events/test_ids.py"


def test_files_that_share_something_begin() -> None:
    files = ["tests/auth/test_app.py", "tests/browser/test_page.py", "tests/browser/test_app.py"]
    assert sorted(files, key=turn_of) == list(reversed(files))
