"""The `type` of every problem is the address of a page, for people and for programs."""

import re
from html import unescape
from pathlib import Path

import httpx
import pytest

import auth.routes.problems
import gateway.http.problems
from events.errors import NotConfirmed, Unavailable
from gateway.errors import NotSeenYet
from service.known_problems import ALL
from service.problems import Kind
from tests.gateway.running import Gateway

ROOT = Path(__file__).parents[3]
RAISED = {**gateway.http.problems.KINDS, **auth.routes.problems.KINDS}


def test_no_service_answers_with_a_problem_that_has_no_page() -> None:
    assert {kind.name for kind in RAISED.values()} <= set(ALL)
    assert all(kind.meaning and kind.remedy and kind.title for kind in ALL.values())
    homes = [ROOT / "service" / "known_problems.py", ROOT / "service" / "worker_process.py"]
    for package in ("auth", "gateway", "service"):
        for source in (ROOT / package).rglob("*.py"):
            if source not in homes:
                assert not re.search(r"\bKind\((?!NamedTuple|StrEnum|Enum|status\))", source.read_text()), (
                    source
                )


@pytest.mark.parametrize("error", [NotConfirmed("no publish confirmed"), NotSeenYet("not read in time")])
def test_what_the_log_may_hold_is_not_said_to_have_failed(error: Unavailable) -> None:
    kind = gateway.http.problems.kind_of(error)
    assert (kind.status, kind.type) == (503, "/problems/maybe-done")
    assert "may have been done or not" in error.told


@pytest.mark.parametrize("kind", ALL.values(), ids=ALL)
async def test_the_type_of_a_problem_leads_to_its_page(gateway: Gateway, kind: Kind) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        page = await client.get(kind.type, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert kind.title in unescape(page.text)
        assert "script-src" not in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        told = (await client.get(kind.type, headers={"Accept": "application/json"})).json()
        assert told == {
            "type": kind.type,
            "title": kind.title,
            "status": kind.status,
            "meaning": kind.meaning,
            "remedy": kind.remedy,
        }
        plain = await client.get(kind.type)
        assert plain.headers["content-type"].startswith("text/plain")
        assert kind.meaning in plain.text
        assert kind.remedy in plain.text


async def test_all_problems_are_listed_and_no_other_has_a_page(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        listed = (await client.get("/problems", headers={"Accept": "application/json"})).json()["items"]
        assert {each["type"] for each in listed} == {kind.type for kind in ALL.values()}
        page = await client.get("/problems", headers={"Accept": "text/html"})
        assert set(re.findall(r'href="\.(/problems/[^"]+)"', page.text)) == {
            kind.type for kind in ALL.values()
        }
        lost = await client.get("/problems/no-such-thing")
        assert (lost.status_code, lost.json()["type"]) == (404, "/problems/nothing-here")


async def test_a_form_that_is_refused_is_answered_by_a_page_to_people_and_a_problem_to_programs(
    gateway: Gateway,
) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for path in ("/password/forgot", "/password/reset", "/register/confirm"):
            for headers, status in ((own, 429), ({"Sec-Fetch-Site": "cross-site"}, 403)):
                program = await client.post(path, data={"email": "a@b.c"}, headers=headers)
                assert program.status_code == status, path
                assert program.headers["content-type"] == "application/problem+json"
                person = await client.post(
                    path, data={"email": "a@b.c"}, headers={**headers, "Accept": "text/html,*/*;q=0.8"}
                )
                assert person.status_code == status, path
                assert person.headers["content-type"].startswith("text/html")
