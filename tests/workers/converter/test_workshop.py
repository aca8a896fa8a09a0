import errno
import os
import stat
from pathlib import Path

import pytest

from workers.converter.errors import DiskFull, WorkDirUnfit
from workers.converter.workshop import Workshop


def test_files_have_no_name_and_are_ours_alone(workshop: Workshop, tmp_path: Path) -> None:
    with workshop.bench(1) as (video, audio):
        for file in (video, audio):
            status = os.fstat(file.fileno())
            assert (status.st_nlink, stat.S_IMODE(status.st_mode)) == (0, 0o600)
        assert list((tmp_path / "work").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "work").stat().st_mode) == 0o700


def test_a_video_larger_than_the_disk_is_not_begun(workshop: Workshop) -> None:
    with pytest.raises(DiskFull, match="only"), workshop.bench(1 << 60):
        pass


def test_a_disk_that_fills_up_meanwhile_is_told_as_such(workshop: Workshop) -> None:
    with pytest.raises(DiskFull), workshop.bench(1):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_work_directory_that_cannot_be_is_told_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkDirUnfit, match="cannot work in"):
        Workshop(tmp_path / "file" / "work").open()


def test_room_is_asked_for_what_is_fetched_not_for_the_whole_video(workshop: Workshop) -> None:
    with workshop.bench():
        workshop.room(1)
        with pytest.raises(DiskFull, match="only"):
            workshop.room(1 << 60)
