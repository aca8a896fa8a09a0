"""What a developer does with `curl`, as the README shows it, against the whole stack."""

import asyncio
import hashlib
import json
import os
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from uuid_utils import uuid4
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack

pytestmark = pytest.mark.system


class Curl:
    """The program, in a directory, with a token once there is one."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.url, self.directory = stack.url, directory
        self._token: list[str] = []

    async def __call__(self, *arguments: str) -> str:
        """Return what it prints. Fails the test when curl does."""
        process = await self._started(*arguments)
        output, errors = await process.communicate()
        assert process.returncode == 0, f"curl {arguments}: {errors.decode()}"
        return output.decode()

    async def json(self, *arguments: str) -> Any:
        return json.loads(await self(*arguments))

    async def sign_in(self, email: str, password: str) -> None:
        token = await self(
            "-u", f"{email}:{password}", "-H", "Accept: text/plain", "-X", "POST", f"{self.url}/login"
        )
        assert token.count(".") == 2
        self._token = ["-H", f"Authorization: Bearer {token}"]

    async def events(self, job_id: str, until: str) -> list[tuple[str, dict[str, Any]]]:
        """Follow a job's events until one of this type; return each one's type and data."""
        process = await self._started("-N", "--max-time", "60", f"{self.url}/jobs/{job_id}/events")
        assert process.stdout
        seen: list[tuple[str, dict[str, Any]]] = []
        kind = ""
        async for line in process.stdout:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                kind = value
            elif field == "data":
                seen.append((kind, json.loads(value)))
                if kind == until:
                    process.terminate()
                    break
        await process.communicate()
        return seen

    async def settled(self, job_id: str) -> Any:
        """Return the job once the mail about its end is out."""

        async def told() -> Any:
            job = await self.json(f"{self.url}/jobs/{job_id}")
            return any(entry["type"] == "job.notified" for entry in job["timeline"]) and job

        return await wait_for(told, 30)

    async def _started(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *("curl", "-s", "-S", *self._token, *arguments),
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


@pytest.fixture
async def curl(stack: Stack, tmp_path: Path) -> Curl:
    """Signed in as the first admin."""
    program = Curl(stack, tmp_path)
    await program.sign_in(*stack.admin)
    return program


def mails_about(stack: Stack, job_id: str) -> list[EmailMessage]:
    """Return the mails whose text has the job's link."""
    parser = BytesParser(policy=default)
    mails = [parser.parsebytes(file.read_bytes()) for file in sorted(stack.mailbox.glob("[0-9]*.eml"))]
    return [mail for mail in mails if job_id in plain(mail)]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


async def test_a_form_goes_up_and_the_mp3_comes_down_by_its_name(stack: Stack, curl: Curl, clips: Clips):
    clip = clips.tone(3)
    accepted = await curl.json("-F", f"file=@{clip.path}", f"{curl.url}/upload")
    job_id = accepted["job_id"]
    assert accepted["sha256"] == clip.sha256

    job = await curl.settled(job_id)
    assert job["state"] == "notified"
    assert job["audio"]["duration_seconds"] == pytest.approx(3, abs=0.1)

    await curl("-OJ", f"{curl.url}/download?fid={job_id}")
    assert [file.name for file in curl.directory.iterdir()] == ["440 Hz (3 s).mp3"]
    whole = (curl.directory / "440 Hz (3 s).mp3").read_bytes()
    assert hashlib.sha256(whole).hexdigest() == job["audio"]["sha256"]

    part = curl.directory / "part.mp3"
    await curl("-r", "0-9999", "-o", "part.mp3", f"{curl.url}/jobs/{job_id}/audio")
    assert part.stat().st_size == 10_000
    await curl("-C", "-", "-o", "part.mp3", f"{curl.url}/jobs/{job_id}/audio")
    assert part.read_bytes() == whole

    (mail,) = mails_about(stack, job_id)
    assert mail["X-Envelope-To"] == stack.admin[0]
    assert "440 Hz (3 s).mkv" in mail["Subject"]
    assert f"{curl.url}/jobs/{job_id}/audio" in plain(mail)


async def test_the_link_in_a_mail_asks_for_a_password_and_takes_it(
    stack: Stack, curl: Curl, clips: Clips, tmp_path: Path
):
    accepted = await curl.json("-F", f"file=@{clips.tone(2).path}", f"{curl.url}/upload")
    job = await curl.settled(accepted["job_id"])
    link = f"{curl.url}/jobs/{job['job_id']}/audio"

    browser = Curl(stack, tmp_path)
    assert 'Basic realm="tonearm"' in await browser("-o", "/dev/null", "-D", "-", link)
    email, password = stack.admin
    await browser("-u", f"{email}:{password}", "-o", "link.mp3", link)
    assert hashlib.sha256((tmp_path / "link.mp3").read_bytes()).hexdigest() == job["audio"]["sha256"]
    status = ("-o", "/dev/null", "-w", "%{http_code}")
    assert await browser(*status, "-u", f"{email}:wrong", link) == "401"
    assert await browser(*status, "-u", f"{email}:{password}", f"{curl.url}/jobs") == "401"


async def test_a_bare_file_goes_up_and_its_progress_is_seen(curl: Curl, clips: Clips):
    clip = clips.tone(600)
    accepted = await curl.json("-T", str(clip.path), f"{curl.url}/upload/")
    assert accepted["filename"] == clip.path.name

    seen = await curl.events(accepted["job_id"], until="job.notified")
    told = [kind for kind, _ in seen if kind not in ("progress", "queue")]
    assert told == ["job.uploaded", "job.started", "job.probed", "job.converted", "job.notified"]
    percents = [data["percent"] for kind, data in seen if kind == "progress"]
    assert len(percents) >= 2
    assert percents == sorted(percents)
    assert 0 < percents[0] < 100


async def test_one_line_brings_the_audio_of_a_video(curl: Curl, clips: Clips):
    clip = clips.tone(3)
    upload = ("-f", "-L", "-H", "Prefer: wait=600")
    await curl("-T", str(clip.path), *upload, f"{curl.url}/upload/", "-o", "talk.mp3")

    async def listed() -> Any:
        items = (await curl.json(f"{curl.url}/jobs?q={quote(clip.path.name)}&limit=1"))["items"]
        return items and items[0]["audio"] and items[0]

    job = await wait_for(listed)
    sound = (curl.directory / "talk.mp3").read_bytes()
    assert hashlib.sha256(sound).hexdigest() == job["audio"]["sha256"]

    with pytest.raises(AssertionError, match="The requested URL returned error: 409"):
        await curl("-T", str(clips.text().path), *upload, f"{curl.url}/upload/no.mp4", "-o", "poem.mp3")
    assert not (curl.directory / "poem.mp3").exists()


async def test_a_view_comes_once_and_then_only_when_it_has_changed(curl: Curl, clips: Clips):
    accepted = await curl.json("-T", str(clips.tone(2).path), f"{curl.url}/upload/")
    await curl.settled(accepted["job_id"])
    status = ("-o", "view.json", "-w", "%{http_code}", "--etag-save", "tag", "--etag-compare", "tag")
    (curl.directory / "tag").touch()
    for path in (f"/jobs/{accepted['job_id']}", "/jobs", f"/jobs/{accepted['job_id']}/media"):
        (curl.directory / "tag").write_text("")
        assert await curl(*status, f"{curl.url}{path}") == "200", path
        assert await curl(*status, f"{curl.url}{path}") == "304", path


async def test_another_user_sees_nothing_of_a_job(stack: Stack, curl: Curl, clips: Clips, tmp_path: Path):
    accepted = await curl.json("-F", f"file=@{clips.tone(1).path}", f"{curl.url}/upload")
    job_id = accepted["job_id"]
    await curl.settled(job_id)

    other = Curl(stack, tmp_path)
    account = {"email": f"{uuid4()}@example.org", "password": "correct horse battery staple"}
    as_json = ("-H", "Content-Type: application/json", "-d", json.dumps(account))
    answer = await other("-o", "/dev/null", "-w", "%{http_code}", *as_json, f"{other.url}/register")
    assert answer == "201"
    await other.sign_in(account["email"], account["password"])
    assert (await other.json(f"{other.url}/jobs"))["items"] == []
    for path in (
        f"/jobs/{job_id}",
        f"/jobs/{job_id}/events",
        f"/jobs/{job_id}/audio",
        f"/download?fid={job_id}",
    ):
        problem = await other.json("-w", "", f"{other.url}{path}")
        assert (problem["status"], problem["type"]) == (404, "/problems/no-such-job"), path


async def test_a_text_fails_with_a_sentence_and_a_mail(stack: Stack, curl: Curl, clips: Clips):
    accepted = await curl.json("-T", str(clips.text().path), f"{curl.url}/upload/")
    job = await curl.settled(accepted["job_id"])
    assert (job["state"], job["error"]["code"]) == ("failed", "not_media")
    sentence = job["error"]["message"]
    assert sentence.endswith(".")

    parser = BytesParser(policy=default)
    texts = [plain(parser.parsebytes(file.read_bytes())) for file in stack.mailbox.glob("[0-9]*.eml")]
    (text,) = [each for each in texts if "poem.mp4" in each]
    assert sentence in " ".join(text.split())
