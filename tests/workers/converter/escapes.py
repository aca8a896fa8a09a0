"""Files that make a careless ffmpeg open other files, or addresses."""

import struct
from pathlib import Path
from typing import NamedTuple

from media import Studio
from trap import Trap

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="audio/mp4">
<Representation id="1" bandwidth="1000"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
CONCAT = "ffconcat version 1.0\nfile '{}'\n"


class Escape(NamedTuple):
    """A file: text, in which {file}, {pattern} and {url} are what it wants, or a way to make it."""

    name: str
    content: str
    options: tuple[str, ...]
    reaches: set[str]
    """What it touches when nothing holds it; nothing where ffmpeg itself has learnt better since."""

    def write(self, directory: Path, trap: Trap, studio: Studio) -> Path:
        """Make it, aimed at the trap."""
        target = directory / f"{self.name}.mp4"
        if self.content == "alias":
            target.write_bytes(with_alias((studio.make("pcm.mov")).read_bytes(), str(trap.file)))
        else:
            (directory / "image-1.png").hardlink_to(trap.file)
            pattern = directory / "image-%d.png"
            url = f"http://127.0.0.1:{trap.port}/x.ts"
            text = self.content.format(file=trap.file, pattern=pattern, url=url).encode()
            target.write_bytes(avi_with_gab2(text) if self.name.startswith("gab2") else text)
        return target


_ANY = ("-f", "hls", "-allowed_extensions", "ALL", "-extension_picky", "0")
ESCAPES = [
    Escape("hls-file", HLS.format("file://{file}"), _ANY, {"file"}),
    Escape("hls-address", HLS.format("{url}"), _ANY, {"socket"}),
    Escape(
        "hls-key",
        HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{{url}}"\n#EXTINF').format("x.ts"),
        _ANY,
        {"socket"},
    ),
    Escape("dash-file", DASH.format("file:{file}"), ("-f", "dash", "-allowed_extensions", "ALL"), {"file"}),
    Escape("dash-address", DASH.format("{url}"), ("-f", "dash", "-allowed_extensions", "ALL"), {"socket"}),
    Escape("concat-file", CONCAT.format("file:{file}"), ("-safe", "0"), {"file"}),
    Escape("concat-address", CONCAT.format("{url}"), ("-safe", "0"), {"socket"}),
    Escape("concat-subfile", CONCAT.format("subfile,,start,0,end,0,,:{file}"), ("-safe", "0"), {"file"}),
    Escape("concat-pattern", CONCAT.format("file:{pattern}"), ("-safe", "0"), {"file"}),
    Escape("alias", "alias", ("-enable_drefs", "1", "-use_absolute_path", "1"), {"file"}),
    Escape("gab2-hls", HLS.format("file://{file}"), (), set()),
    Escape("gab2-concat", CONCAT.format("{file}"), (), set()),
]


def with_alias(movie: bytes, path: str) -> bytes:
    """Return a QuickTime movie whose samples are in the file of that path (a data reference, type `alis`)."""
    record = (
        bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + struct.pack(">hh", -1, -1) + bytes(16)
    )
    name = path.encode() + bytes(len(path) % 2)
    record += struct.pack(">HH", 2, len(name)) + name + struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    reference = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    return _replaced(movie, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], reference)


def _replaced(boxes: bytes, path: list[bytes], new: bytes) -> bytes:
    """Put `new` in place of each box at a path of types, in all containers of those types."""
    out, at = b"", 0
    while at + 8 <= len(boxes):
        size, kind = struct.unpack_from(">I4s", boxes, at)
        size = size or len(boxes) - at
        box = boxes[at : at + size]
        if kind == path[0]:
            inside = _replaced(box[8:], path[1:], new) if path[1:] else b""
            box = struct.pack(">I4s", 8 + len(inside), kind) + inside if path[1:] else new
        out += box
        at += size
    return out


def avi_with_gab2(subtitles: bytes) -> bytes:
    """Return an AVI with one stream, subtitles in a packet: any text, and ffmpeg guesses its kind."""
    gab2 = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"x\0" + struct.pack("<HI", 4, len(subtitles)) + subtitles
    header = _chunk(b"avih", struct.pack("<14I", 40000, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    stream = _chunk(
        b"strh",
        struct.pack("<4s4sIHHIIIIIIIIhhhh", b"txts", b"\0" * 4, *[0] * 5, 1, 25, 0, 1, 0, 0, *[0] * 4),
    )
    listed = _chunk(
        b"LIST", b"hdrl" + header + _chunk(b"LIST", b"strl" + stream + _chunk(b"strf", bytes(40)))
    )
    return _chunk(b"RIFF", b"AVI " + listed + _chunk(b"LIST", b"movi" + _chunk(b"00tx", gab2)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
