from pathlib import Path

from cli.system.disk import line_of_disk, line_of_room


def test_a_disk_that_is_nearly_full_is_told_so() -> None:
    assert line_of_room(50 * 10**9, 100 * 10**9) == "50% full, 50.0 GB free"
    assert line_of_room(95 * 10**9, 100 * 10**9) == "NEARLY FULL: 95% full, 5.0 GB free"


def test_what_a_folder_holds_is_counted(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * 5_000_000)
    assert line_of_disk(tmp_path).endswith(f" MB in {tmp_path}")
