"""The log of a gateway, followed over HTTP by its administrator."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from cli.client.gateway import Gateway
from cli.tail.arguments import Wish
from cli.tail.sources.gateway_log import GatewayLog, narrowed
from events.ids import new_id
from tests.tokens.conftest import PASSWORD, Site

pytestmark = pytest.mark.servers
ADMIN = {"TONEARM_EMAIL": "canary-admin@example.com", "TONEARM_PASSWORD": PASSWORD}


async def upload(site: Site, name: str, person: dict[str, str]) -> str:
    async with site.client(person["access_token"]) as client:
        answer = await client.put(f"/upload/{name}", content=b"video")
    return str(answer.json()["job_id"])


def told(running, **fields):
    """The events of this run that have these fields, by type and name."""
    return [
        (record["event"], record.get("filename", ""))
        for record in running.shown
        if all(record.get(key) == value for key, value in fields.items())
    ]


async def test_what_a_gateway_elsewhere_has_and_what_comes_is_shown_without_a_gap(
    site: Site, tail, finished, tmp_path
) -> None:
    person, since = await site.person(), datetime.now(UTC).isoformat()
    environ = {**ADMIN, "XDG_CONFIG_HOME": str(tmp_path)}
    one, two = await upload(site, "one.mp4", person), await upload(site, "two.mp4", person)
    arguments = ("--url", site.url, "--json", "--type", "job.uploaded")

    last = await finished(*arguments, "--no-follow", "-n", "1", **environ)
    assert (told(last), last.process.returncode) == ([("job.uploaded", "two.mp4")], 0), last.err
    account = ("--account", person["account_id"])
    all_ = await finished(*arguments, *account, "--no-follow", **environ)
    assert told(all_) == [("job.uploaded", "one.mp4"), ("job.uploaded", "two.mp4")]
    nothing = await finished(*arguments, "--since", "0s", "--no-follow", **environ)
    assert (nothing.process.returncode, nothing.err) == (4, ["-- nothing was found"])

    async with tail(*arguments, "--since", since, *account, **environ) as running:
        await running.until(two)
        publishing = [asyncio.create_task(upload(site, f"{n}.mp4", person)) for n in range(5)]
        for job_id in await asyncio.gather(*publishing):
            await running.until(job_id)
    ids = [record["subject"] for record in running.shown]
    assert ids[:2] == [one, two]
    assert len(ids) == len({*ids}) == 7
    assert running.err == []


async def test_what_comes_after_the_history_and_before_it_is_followed_is_not_lost(site: Site) -> None:
    person = await site.person()
    await upload(site, "one.mp4", person)
    with Gateway(site.url) as gateway:
        await asyncio.to_thread(gateway.sign_in, ADMIN["TONEARM_EMAIL"], lambda: PASSWORD)
        log = GatewayLog(gateway, narrowed(Wish(account=(person["account_id"],))), print)
        held = [record async for record in log.history(None, 1, lambda each: each.event == "job.uploaded")]
        await upload(site, "two.mp4", person)
        async with asyncio.timeout(30), aclosing(log.live()) as live:
            coming = await anext(live)
    assert [record.fields["filename"] for record in (*held, *coming)] == ["one.mp4", "two.mp4"]


async def test_a_job_is_followed_elsewhere_by_the_beginning_of_its_id(site: Site, finished, tmp_path) -> None:
    person = await site.person()
    job_id, _ = await upload(site, "mine.mp4", person), await upload(site, "other.mp4", person)
    environ = {**ADMIN, "XDG_CONFIG_HOME": str(tmp_path)}
    run = await finished("--url", site.url, "--job", job_id[:-4], "--no-follow", "--json", **environ)
    assert told(run) == [("job.uploaded", "mine.mp4")]
    template = ("--no-follow", "-o", "{filename}", "--type", "job.uploaded")
    run = await finished("--url", site.url, "--job", "@-1", "--job", "@-2", *template, **environ)
    assert run.out == ["mine.mp4", "other.mp4"]


async def test_who_is_no_administrator_or_asks_nobody_is_told_so(site: Site, finished, tmp_path) -> None:
    person = await site.person()
    mine = {"TONEARM_EMAIL": person["email"], "TONEARM_PASSWORD": PASSWORD, "XDG_CONFIG_HOME": str(tmp_path)}
    refused = await finished("--url", site.url, **mine)
    assert refused.process.returncode == 77, refused.err
    away = await finished("--url", "http://127.0.0.1:1", **mine)
    assert away.process.returncode == 69
    assert "127.0.0.1:1 cannot be reached" in away.err[-1]
    logs = await finished("--url", site.url, "--only", "logs", **mine)
    assert (logs.process.returncode, "events, and no logs" in logs.err[-1]) == (2, True)


async def test_a_gateway_that_goes_away_and_comes_back_is_said_and_nothing_is_lost(
    site: Site, tail, tmp_path
) -> None:
    person = await site.person()
    environ = {**ADMIN, "XDG_CONFIG_HOME": str(tmp_path)}
    arguments = ("--url", site.url, "--json", "--account", person["account_id"], "--type", "job.*")
    async with tail(*arguments, **environ) as running:
        await running.until(await upload(site, "before.mp4", person))
        await site.gateway.stop()
        await running.until("disconnected (", err=True)
        await site.gateway.start()
        after = await upload(site, "after.mp4", person)
        await running.until(after)
    assert told(running) == [("job.uploaded", "before.mp4"), ("job.uploaded", "after.mp4")]
    assert [line.endswith("reconnected") for line in running.err] == [False, True]


def test_the_gateway_filters_what_it_can():
    whole = new_id()
    assert narrowed(Wish(type_=("job.*", "account.changed"), account=(whole,))) == [
        ("type", "job."),
        ("type", "account.changed"),
        ("account", whole),
    ]
    assert narrowed(Wish(type_=("*failed", "job.*"), account=(whole[:8],))) == []
    assert narrowed(Wish(type_=("job.failed",), job=("@-1",))) == []
