import base64
import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.accounts.letters import _CONFIRM, _FORGOT, _RESET, _Page
from gateway.accounts.outcomes import Outcome
from gateway.accounts.preferences import unsubscribe_form

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
    assert [each["href"] for each in tags.all("a")] == ["../"]


def test_the_policy_allows_the_page_its_own_style_and_nothing_else() -> None:
    answer = _RESET.show("token")
    [style] = re.findall(r"<style>(.*?)</style>", answer.content, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_what_comes_with_the_address_or_from_auth_is_text_and_nothing_else() -> None:
    html = _RESET.show(HOSTILE, Outcome(said=HOSTILE, status=422)).content
    assert "<script" not in html
    [token] = [each for each in Tags(html).all("input") if each["type"] == "hidden"]
    assert token["value"] == HOSTILE


def test_the_page_of_a_mails_link_has_one_button_which_takes_the_token_along() -> None:
    tags = Tags(unsubscribe_form(HOSTILE).content)
    [form] = tags.all("form")
    assert (form["method"], len(tags.all("button")), tags.all("input")) == ("post", 1, [])
    assert form["action"]
    assert parse_qs(urlsplit(form["action"]).query) == {"token": [HOSTILE]}
    assert tags.all("script") == []
