"""Files of pages come packed to those who take that; each form has its own tag (RFC 9110, 8.8.3.3)."""

import httpx
import pytest

from tests.gateway.running import Gateway

PATHS = ["/", "/service-worker.js", "/schema", "/schema/openapi.json", "/schema/assets/swagger-ui.css"]
HTML = "text/html"


@pytest.mark.parametrize("path", PATHS)
async def test_each_form_of_a_file_has_its_own_tag(gateway: Gateway, path: str) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Accept": HTML}) as client:
        forms = {
            coding: await client.get(path, headers={"Accept-Encoding": coding})
            for coding in ("gzip", "identity")
        }
        tags = {coding: answer.headers["etag"] for coding, answer in forms.items()}
        assert forms["gzip"].headers["content-encoding"] == "gzip"
        assert forms["gzip"].content == forms["identity"].content
        assert tags["gzip"] != tags["identity"]
        for coding, answer in forms.items():
            assert "Accept-Encoding" in answer.headers["vary"]
            for known, tag in tags.items():
                asked = {"Accept-Encoding": coding, "If-None-Match": f'"other", W/{tag}'}
                again = await client.get(path, headers=asked)
                assert again.status_code == (304 if known == coding else 200)
                assert again.headers["etag"] == tags[coding]
        longer = {"Accept-Encoding": "gzip", "If-None-Match": f'"longer{tags["gzip"]}"'}
        assert (await client.get(path, headers=longer)).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        *[("gzip", True), ("br, GZip ; q=0.5", True), ("x-gzip", True), ("*", True), ("*;q=0, gzip", True)],
        *[
            ("", False),
            ("identity", False),
            ("gzip;q=0", False),
            ("gzip; q=0.000, *", False),
            ("*;q=0", False),
        ],
        ("notgzip", False),
    ],
)
async def test_only_who_takes_gzip_gets_it(gateway: Gateway, accepted: str, is_packed: bool) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Accept": HTML}) as client:
        answer = await client.get("/", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") == is_packed
    assert answer.text.startswith("<!doctype html>")
