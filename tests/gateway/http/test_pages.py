import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from gateway.accounts.letters import _CONFIRM, _FORGOT, _RESET, _Page

HOSTILE = '"><script>alert(1)</script>'


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.mark.parametrize("shown", [_FORGOT, _RESET, _CONFIRM])
def test_a_page_has_a_language_a_heading_a_label_for_each_field_and_no_script(shown: _Page) -> None:
    tags = Tags(shown.show("token").content)
    assert tags.all("html") == [{"lang": "en"}]
    assert len(tags.all("h1")) == len(tags.all("main")) == len(tags.all("title")) == 1
    visible = [each for each in tags.all("input") if each["type"] != "hidden"]
    assert {each["id"] for each in visible} == {each["for"] for each in tags.all("label")}
    assert all(each["autocomplete"] for each in visible)
    described = {each["aria-describedby"] for each in visible if "aria-describedby" in each}
    assert described <= {each.get("id") for each in tags.all("p")}
    assert tags.all("script") == tags.all("link") == tags.all("img") == []


def test_the_policy_allows_the_page_its_own_style_and_nothing_else() -> None:
    answer = _RESET.show("token")
    [style] = re.findall(r"<style>(.*?)</style>", answer.content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_what_comes_with_the_address_or_from_auth_is_text_and_nothing_else() -> None:
    html = _RESET.show(HOSTILE, alert=HOSTILE).content
    assert "<script" not in html
    [token] = [each for each in Tags(html).all("input") if each["type"] == "hidden"]
    assert token["value"] == HOSTILE
