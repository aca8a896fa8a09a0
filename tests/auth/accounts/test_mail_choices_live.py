"""Mails that somebody wants no more of, through real processes: from the mail's link to the log."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from waiting import wait_for

from auth.accounts.accounts import Accounts
from events.ids import new_id
from events.log import topology
from events.types import FailureCode, JobConverted, JobFailed, JobUploaded
from tests.auth.accounts.conftest import Town
from tests.gateway.running import Gateway
from tests.tokens.conftest import bodies

pytestmark = pytest.mark.servers

EMAIL, PASSWORD = "canary-ann@example.com", "canary of a password"
OUTSIDE = "https://tonearm.example.net"
"""The gateway as mails name it: mail programs end mails by https only."""
UPLOADED = JobUploaded(filename="a.mp4", content_type="video/mp4", bytes=1, sha256="0", video_id="v")
CONVERTED = JobConverted(
    run=1,
    attempt=1,
    audio_id="a",
    bytes=1000,
    sha256="0",
    duration_seconds=1.0,
    bit_rate=1,
    sample_rate=1,
    channels=1,
    seconds_spent=1.0,
    engine="",
)
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no audio track.")


class Ann:
    """Somebody who has signed in, and her jobs."""

    def __init__(self, gateway: Gateway, account_id: str, token: str) -> None:
        self._gateway, self._account_id = gateway, account_id
        self.http = gateway.with_token(token)

    async def job_ends(self, ending: JobConverted | JobFailed) -> str:
        """Tell the log of a job of hers; which answer the notifier gave."""
        job_id = new_id()
        await self._gateway.tell(job_id, self._account_id, UPLOADED, ending)
        answers: list[str] = []

        async def answered() -> bool:
            shown = await self.http.get(f"/jobs/{job_id}")
            told = shown.json().get("timeline", []) if shown.status_code == 200 else []
            answers[:] = [each["type"] for each in told if each["type"].startswith("job.noti")]
            return bool(answers)

        await wait_for(answered, 60)
        [answer] = answers
        return answer

    async def mails(self) -> Any:
        return (await self.http.get("/preferences")).json()["mails"]


async def test_one_click_in_a_mail_ends_all_of_its_kind_and_no_other(
    town: Town, gateway: Gateway, accounts: Accounts
) -> None:
    account = await accounts.register(EMAIL, PASSWORD)
    await topology.declare_when_up(town.broker.url)
    notifier = await town.notifier(PUBLIC_URL=OUTSIDE)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as mail_program:
        signed_in = (await mail_program.post("/login", json={"email": EMAIL, "password": PASSWORD})).json()
        ann = Ann(gateway, account.account_id, signed_in["access_token"])
        assert await ann.job_ends(CONVERTED) == "job.notified"
        mail = await town.mail()
        [url] = re.findall(r"\A<(https://[^<>\s]+)>\Z", mail["List-Unsubscribe"])
        assert url.startswith(f"{OUTSIDE}/unsubscribe?token=")
        link = f"{gateway.url}/unsubscribe?{urlsplit(url).query}"
        town.tokens.append(urlsplit(url).query.removeprefix("token="))
        page = await mail_program.get(link, headers={"Accept": "text/html"})
        assert (page.status_code, page.text.count("<button ")) == (200, 1)
        assert await ann.mails() == "all", "who only looks at a link changes nothing"

        name, value = mail["List-Unsubscribe-Post"].split("=")
        for body in ({"data": {name: value}}, {"files": {name: (None, value)}}):  # as RFC 8058 has both
            elsewhere = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
            done = await mail_program.post(link, headers=elsewhere, **body)
            assert (done.status_code, "set-cookie" in done.headers) == (200, False)
            assert await ann.mails() == "none"
        assert await ann.job_ends(CONVERTED) == "job.notification_declined"
        assert await ann.job_ends(FAILED) == "job.notification_declined"

        assert (await ann.http.put("/preferences", json={"mails": "failures"})).status_code == 200
        assert await ann.job_ends(CONVERTED) == "job.notification_declined"
        assert await ann.job_ends(FAILED) == "job.notified"
        assert "could not be converted" in (await town.mail())["Subject"]

        shown = await mail_program.post(link, headers={"Accept": "text/html"})
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert "No more mails about your jobs come" in shown.text
        tampered = link[:-1] + ("0" if link[-1] != "0" else "1")
        for made_up in (await mail_program.post(tampered), await mail_program.get(tampered)):
            assert (made_up.status_code, made_up.json()["type"]) == (410, "/problems/link-spent")
        page = await mail_program.get(tampered, headers={"Accept": "text/html"})
        assert (page.status_code, "<button" in page.text) == (410, False)
        assert "This link is not one of ours" in page.text

        await mail_program.post("/password/forgot", json={"email": EMAIL})
        letter = await town.mail()
        assert "password" in letter["Subject"]
        assert letter["List-Unsubscribe"] is None
        await ann.http.aclose()
    await town.end(notifier)
    told = [b"".join(town.told), town.auth.out.read_bytes(), repr(gateway.lines).encode()]
    told += [body async for body in bodies(town.broker.stream_url)]
    assert b"mail_declined" in told[0]
    for secret in (EMAIL, *town.tokens):
        assert not any(secret.encode() in each for each in told), secret
