"""A parser of mails that others use finds the way out of ours, as mail programs do."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.controller import Controller
from javascript import node, packages

from tests.workers.notifier.mail.test_headers import arrived
from tests.workers.notifier.mail.test_job_letter import CONVERTED
from tests.workers.notifier.servers import Catcher
from workers.notifier.accounts import Addressee
from workers.notifier.mail.job_letter import compose
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mailed_links import Way

pytestmark = pytest.mark.long

PROGRAM = Path(__file__).with_name("read_mail.cjs")
TOKEN = f"tonearmu_0199a1b2-0000-7000-8000-0000000000aa_{'0' * 32}"


async def test_a_foreign_parser_finds_the_way_out_of_a_mail(plain: Controller, catcher: Catcher) -> None:
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(packages("mailparser"))}
    letter = compose(
        CONVERTED,
        head=letterhead("Töne <tonearm@example.org>", "https://töne.example.org"),
        to=Addressee("ada@example.net", unsubscribe=TOKEN),
        way=Way("https://xn--tne-sna.example.org/jobs/j-1/audio"),
        filename="Grüße aus 東京.mp4",
        cause_id="e-1",
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )
    (raw,) = await arrived(plain.port, catcher, letter)
    parser = await asyncio.create_subprocess_exec(
        *(node(), PROGRAM),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    read = msgspec.json.decode((await parser.communicate(raw))[0])
    assert read["subject"] == "Your audio is ready: Grüße aus 東京.mp4"
    assert read["list"] == {
        "unsubscribe": {"url": f"https://xn--tne-sna.example.org/unsubscribe?token={TOKEN}"},
        "unsubscribe-post": {"name": "List-Unsubscribe=One-Click"},
    }
    for kind in ("text", "html"):
        assert f"https://xn--tne-sna.example.org/unsubscribe?token={TOKEN}" in read[kind]
