"""What a hostile file, or an ffmpeg that was taken over by one, can reach: each layer alone, others off."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from escapes import ESCAPES, Escape
from media import Studio
from trap import Trap, caged

from infra.local.ports import free_port
from workers.converter.cage import landlock
from workers.converter.ffmpeg.arguments import Limits, arguments
from workers.converter.ffmpeg.engine import Engine

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's"),
    pytest.mark.skipif(landlock.abi() < 4, reason="Landlock is missing, or cannot forbid TCP yet"),
]


@pytest.fixture
async def trap(studio: Studio, tmp_path: Path) -> AsyncIterator[Trap]:
    neighbour = tmp_path / "neighbour-1.ts"
    neighbour.write_bytes(studio.make("aac.ts").read_bytes())
    async with Trap(neighbour).set() as trap:
        yield trap


def careless(escape: Escape) -> list[str]:
    """What one could call ffmpeg with who wants every file to work."""
    protocols = "file,fd,pipe,http,tcp,udp,rtp,crypto,data,concat,subfile,unix"
    return [
        *("-nostdin", "-hide_banner", "-protocol_whitelist", protocols, *escape.options),
        *("-fd", "0", "-i", "fd:", "-t", "1", "-f", "wav", "-fd", "1", "-y", "fd:"),
    ]


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
async def test_no_layer_at_all_lets_them_out(
    escape: Escape, engine: Engine, studio: Studio, trap: Trap, tmp_path: Path
) -> None:
    """The control: who is not caught by this proves nothing below."""
    source = escape.write(tmp_path, trap, studio)
    said = await caged(engine.path, careless(escape), [], tmp_path, source=source)
    assert await trap.sprung() == escape.reaches, said.words


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
async def test_the_command_line_alone_opens_no_file_and_no_socket(
    escape: Escape, engine: Engine, studio: Studio, trap: Trap, tmp_path: Path
) -> None:
    source = escape.write(tmp_path, trap, studio)
    await caged(engine.path, arguments(Limits(), 3), [], tmp_path, source=source)
    assert await trap.sprung() == set()


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
async def test_landlock_alone_opens_no_file_and_no_connection(
    escape: Escape, engine: Engine, studio: Studio, trap: Trap, tmp_path: Path
) -> None:
    source = escape.write(tmp_path, trap, studio)
    await caged(engine.path, careless(escape), ["landlock"], tmp_path, source=source)
    assert await trap.sprung() == set()


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda escape: escape.name)
async def test_seccomp_alone_opens_no_connection(
    escape: Escape, engine: Engine, studio: Studio, trap: Trap, tmp_path: Path
) -> None:
    source = escape.write(tmp_path, trap, studio)
    await caged(engine.path, careless(escape), ["seccomp"], tmp_path, source=source)
    assert "socket" not in await trap.sprung()


@pytest.mark.parametrize(
    ("layers", "can"),
    [
        ([], {"read", "write", "tcp", "udp", "fork", "exec"}),
        (["landlock"], {"udp", "fork"}),
        (["seccomp"], {"read"}),
        (["landlock", "seccomp"], set()),
    ],
    ids=["none", "landlock", "seccomp", "both"],
)
async def test_a_program_in_ffmpegs_place_can_do_no_more_than_its_layers_let_it(
    layers: list[str], can: set[str], trap: Trap, tmp_path: Path
) -> None:
    written = tmp_path / "written"
    probe = f"""
        : < {trap.file} && echo read
        : > {written} && echo write
        : <> /dev/tcp/127.0.0.1/{trap.port} && echo tcp
        : <> /dev/udp/127.0.0.1/{trap.port} && echo udp
        shopt -s execfail
        exec /usr/bin/env bash --norc -c 'echo exec; ( : ) && echo fork'
        ( : ) && echo fork
    """
    said = await caged("/bin/bash", ["--norc", "-c", probe], layers, tmp_path)
    assert set(said.output.split()) == can, said.words
    assert await trap.sprung() == {name for name, how in (("file", "read"), ("socket", "tcp")) if how in can}
    assert written.exists() == ("write" in can)


SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {} RTP/AVP 0\n"


@pytest.mark.parametrize(
    ("layers", "is_careless", "listens"),
    [([], True, True), ([], False, False), (["seccomp"], True, False)],
    ids=["none", "command line", "seccomp"],
)
async def test_a_session_description_makes_nobody_listen(
    layers: list[str], is_careless: bool, listens: bool, engine: Engine, tmp_path: Path
) -> None:
    """By UDP, which Landlock knows nothing of yet. Who listens waits for packets, until it is killed."""
    source = tmp_path / "session.sdp"
    source.write_text(SDP.format(free_port()))
    escape = Escape("sdp", "", ("-f", "sdp"), set())
    call = careless(escape) if is_careless else arguments(Limits(), 3)
    said = await caged(engine.path, call, layers, tmp_path, source=source, seconds=3 if listens else 20)
    assert (said.exit_code == -9) == listens, said.words
