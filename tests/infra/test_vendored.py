"""Another project's files are those that its registry has, with their licence, and none lies here unnamed."""

import shutil
from pathlib import Path

import pytest

from infra import vendored

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(lock.parent for top in ("gateway", "tests") for lock in (ROOT / top).rglob(vendored.LOCK))


def test_some_are_there() -> None:
    assert ROOT / "gateway/openapi/page" in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_file_is_the_one_that_the_lock_names(folder: Path) -> None:
    lock = vendored.read_lock(folder)
    assert all(vendored.content(folder, name) for name in lock.files)
    assert any("LICENSE" in name for name in lock.files)
    packed = {path for path in folder.rglob("*") if path.suffix == ".gz"}
    assert packed <= {vendored.stored_at(folder, name) for name in lock.files}


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_they_are_what_the_registry_has(folder: Path, tmp_path: Path) -> None:
    lock = vendored.read_lock(folder)
    shutil.copy2(folder / vendored.LOCK, tmp_path)
    vendored.bring(tmp_path)
    assert vendored.read_lock(tmp_path) == lock
    assert all(vendored.content(tmp_path, name) == vendored.content(folder, name) for name in lock.files)
    (tmp_path / "LICENSE").write_text("another")
    with pytest.raises(vendored.NotAsLocked):
        vendored.content(tmp_path, "LICENSE")
