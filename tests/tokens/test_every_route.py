"""Every route that the OpenAPI document names, called by those who may not: a new one cannot be forgotten."""

import re
from typing import Any, NamedTuple

import httpx
import pytest

from events.ids import new_id
from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from tests.gateway.test_routes import OPEN_TO_ALL
from tests.tokens.conftest import Site

METHODS = ("get", "head", "post", "put", "patch", "delete")


PIECE = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",
}
"""Headers without which tus looks at no upload at all."""


class Route(NamedTuple):
    """A route as the document has it, with the scope that it asks for."""

    method: str
    path: str
    scope: str
    asks: str | None
    """The query parameter that names a job."""

    def url(self, own: str) -> str:
        filled = re.sub(r"\{(\w+)\}", lambda name: own if name[1].endswith("_id") else "n", self.path)
        return f"{filled}?{self.asks}={own}" if self.asks else filled


def guarded() -> list[Route]:
    document: dict[str, Any] = litestar_app(parts_of_nothing()).openapi_schema.to_schema()
    found = []
    for path, item in document["paths"].items():
        for method in (each for each in METHODS if each in item):
            scopes = [scope for each in item[method]["security"] for scope in each.get("token", ())]
            if path in OPEN_TO_ALL:
                assert scopes == [], path
                continue
            assert scopes, f"{method} {path} does not say which scope it needs"
            named = {each["name"] for each in item[method].get("parameters", ())} & {"fid", "job"}
            found.append(Route(method.upper(), path, scopes[0], next(iter(named), None)))
    return found


ROUTES = guarded()
ONES_OWN = [
    route for route in ROUTES if ("_id}" in route.path or route.asks) and not route.path.startswith("/admin/")
]


async def call(site: Site, route: Route, own: str, token: str | None) -> httpx.Response:
    async with (
        site.client(token) as client,
        client.stream(
            route.method, route.url(own), headers=PIECE if route.path.startswith("/files") else {}
        ) as answer,
    ):
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return httpx.Response(answer.status_code)
        await answer.aread()
        return answer


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_without_a_good_token_nobody_gets_in(site: Site, route: Route) -> None:
    own = new_id()
    revoked = await site.revoked()
    answers = {
        "no token": await call(site, route, own, None),
        "expired": await call(site, route, own, site.forge(exp=1)),
        "revoked": await call(site, route, own, revoked),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert len({answer.content for answer in answers.values()}) == 1
    for scope in (
        "read upload manage operate admin account".replace(route.scope, ""),
        "",
        route.scope.upper(),
    ):
        assert (await call(site, route, own, site.forge(scope=scope))).status_code == 403, scope


@pytest.mark.parametrize("route", ONES_OWN, ids=lambda route: f"{route.method} {route.path}")
async def test_what_is_anothers_is_not_there(site: Site, route: Route) -> None:
    person = await site.owner()
    own = next((person[each] for each in ("key_id", "session_id") if each in route.path), person["job_id"])
    other = await site.other()
    theirs = await call(site, route, own, other["access_token"])
    made_up = new_id()
    unknown = await call(site, route, made_up, other["access_token"])
    assert (theirs.status_code, unknown.status_code) == (404, 404)
    if route.method != "HEAD":
        assert theirs.json()["detail"].replace(own, made_up) == unknown.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        route.path
        for route in ROUTES
        if route.method == "GET" and route not in ONES_OWN and not route.path.endswith("/events")
    ],
)
async def test_lists_hold_nothing_of_anothers(site: Site, path: str) -> None:
    person, other = await site.owner(), await site.other()
    async with site.client(other["access_token"]) as client:
        text = (await client.get(path)).text
    assert person["job_id"] not in text
    assert person["key_id"] not in text
    assert person["session_id"] not in text
    assert person["email"] not in text


async def test_no_secret_and_no_address_of_all_this_was_told(site: Site) -> None:
    """The last test of this file: passwords, tokens, keys and addresses are in no log and in no event."""
    assert await site.told() == []
