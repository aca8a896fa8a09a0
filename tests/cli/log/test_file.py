"""An exported file: whatever was done to it is noticed, and said."""

import gzip
import json
from hashlib import sha256
from pathlib import Path

import pytest
from making import uploaded

from cli.errors import FileDamaged
from cli.log.file import Manifest, bodies, file_name, manifest_of, verify, write_manifest
from cli.log.formats import as_json
from cli.log.log import line
from events.envelope import encode
from events.log.stream import RawRecord

JOBS = [f"j{number}" for number in range(1, 8)]


def export(path: Path) -> Path:
    content = b"".join(
        as_json(line(RawRecord(offset, 0.0, encode(uploaded(job_id))))) + b"\n"
        for offset, job_id in enumerate(JOBS)
    )
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    manifest = Manifest(
        count=len(JOBS),
        first_offset=0,
        last_offset=len(JOBS) - 1,
        first_time=0.0,
        last_time=0.0,
        sha256=sha256(content).hexdigest(),
        tonearm="test",
    )
    write_manifest(path, manifest)
    return path


def forge(path: Path, content: bytes) -> None:
    """Change the file and its hash, as no accident would."""
    path.write_bytes(content)
    manifest = json.loads(manifest_of(path).read_text())
    manifest_of(path).write_text(json.dumps({**manifest, "sha256": sha256(content).hexdigest()}))


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_a_sound_file_is_read(tmp_path, name):
    path = export(tmp_path / name)

    assert verify(path).count == len(list(bodies(path))) == len(JOBS)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda path: path.write_bytes(path.read_bytes().replace(b"j2", b"j9")), "SHA-256"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "SHA-256"),
        (lambda path: manifest_of(path).unlink(), "not finished"),
        (lambda path: manifest_of(path).write_text("{}"), "manifest.json"),
        (lambda path: manifest_of(path).write_bytes(b'{"tonearm": "\xff"}'), "manifest.json"),
        (lambda path: forge(path, path.read_bytes() + b"nonsense\n"), "line 8"),
        (lambda path: forge(path, path.read_bytes().splitlines(keepends=True)[0]), "holds 1 events"),
    ],
)
def test_a_damaged_file_is_known(tmp_path, harm, named):
    path = export(tmp_path / "log.jsonl")
    harm(path)

    with pytest.raises(FileDamaged, match=named):
        verify(path)


def test_any_flipped_byte_of_a_compressed_file_is_known_or_harmless(tmp_path):
    path = export(tmp_path / "log.jsonl.gz")
    sound, wanted = path.read_bytes(), list(bodies(path))
    for place in range(0, len(sound) - 1, 3):
        harmed = bytearray(sound)
        harmed[place] ^= 0xFF
        harmed[place + 1] ^= 0xFF
        path.write_bytes(harmed)
        try:
            verify(path)
        except FileDamaged:
            continue
        assert list(bodies(path)) == wanted  # the name and the time in its head are nobody's


@pytest.mark.parametrize("text", ["/", ".", "..", ""])
def test_a_folder_is_no_name_of_a_file(text):
    with pytest.raises(ValueError, match="name of a file"):
        file_name(text)
