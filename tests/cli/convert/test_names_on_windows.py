"""What strangers call their videos, as Windows would take it for the name of a file. `ntpath` knows how."""

import ntpath
from pathlib import PureWindowsPath

import pytest

from cli.convert.sources import source
from cli.convert.targets import Folder, target_for

STRANGE = [
    "CON.mp4",
    "nul",
    "aux.2024.mp4",
    "com%C2%B9.mp4",
    "LPT1 .mp4",
    "C:evil.mp4",
    "C%3A%5Cevil.mp4",
    "..%5C..%5Cevil.mp4",
    "%5C%5Cserver%5Cshare%5Cevil.mp4",
    "a%2F..%2F..%2Fevil.mp4",
    "talk.mp4%3Ahidden",
    "talk. . .mp4",
    "what%3F%2A%22%3C%3E%7C.mp4",
    "%00%1B[31m.mp4",
    "...",
    "",
]


def is_reserved(name: str) -> bool:
    if hasattr(ntpath, "isreserved"):  # Python 3.13
        return bool(ntpath.isreserved(name))
    return PureWindowsPath(name).is_reserved()


@pytest.mark.parametrize("ending", STRANGE)
def test_the_audio_of_an_address_lies_in_the_folder_that_is_meant(ending: str) -> None:
    target = target_for(source(f"https://example.org/{ending}"), Folder(None), "mp3")
    assert target is not None
    at = PureWindowsPath("C:/music") / str(target)
    assert ntpath.normpath(at) == f"C:\\music\\{target.name}"
    assert not is_reserved(target.name)
    assert not set(target.name) & set('<>:"/\\|?*') | {"\x00", "\x1b"} & set(target.name)
    assert target.name == target.name.strip(" .")
