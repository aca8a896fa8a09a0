"""What each key does."""

from msgspec.structs import replace

from cli.client.answers import Entry
from cli.top.answers import AnyJob
from cli.top.keys import names
from cli.top.sight import Row, Sight, Wish, arrived, pressed

ROWS = [Row("a", "job-a", "a.mp4"), Row("b", "job-b", "b.mp4"), Row("c", "", "a letter")]


def after(*keys: str, sight: Sight | None = None) -> tuple[Sight, Wish | None]:
    sight, wish = sight or Sight(), None
    for key in keys:
        sight, wish = pressed(sight, key, ROWS)
    return sight, wish


def test_arrows_choose_a_row_and_stop_at_the_ends() -> None:
    assert [after(*keys)[0].chosen for keys in (("down",), ("down", "down"), ("up",), ("end", "down"))] == [
        "a", "b", "a", "c",
    ]  # fmt: skip
    assert after("down", "escape")[0].chosen == ""
    assert pressed(Sight(), "down", [])[0].chosen == ""


def test_a_job_is_cancelled_or_run_again_only_after_a_yes() -> None:
    asked, wish = after("down", "c")
    assert (asked.asked, wish) == (Wish("cancel", "job-a", "a.mp4"), None)
    assert after("down", "c", "y")[1] == Wish("cancel", "job-a", "a.mp4")
    assert after("down", "down", "r", "y")[1] == Wish("repeat", "job-b", "b.mp4")
    for no in ("n", "enter", "q", "escape", "c"):
        sight, wish = after("down", "c", no)
        assert (sight.asked, wish) == (None, None)


def test_what_is_of_no_job_has_no_story_and_cannot_be_cancelled() -> None:
    for key in ("enter", "c", "r"):
        sight, wish = after("end", key)
        assert wish is None
        assert sight.asked is None
        assert sight.said
    assert after("enter")[0].said == "Choose a row by the arrow keys first."


def test_a_panel_that_is_gone_to_has_its_first_row_chosen() -> None:
    sight, _ = after("down", "down", "tab")
    assert (sight.panel, sight.chosen) == ("failures", "")
    assert arrived(sight, ROWS).chosen == "a"
    assert arrived(sight, []).chosen == ""


def test_a_question_mark_shows_the_keys_until_any_key() -> None:
    sight, _ = after("?")
    assert sight.is_helping
    left, wish = after("q", sight=sight)
    assert (left.is_helping, wish) == (False, None)


def test_a_filter_is_typed_kept_and_dropped() -> None:
    sight, _ = after("/", "q", "p", "c", "backspace", "enter")
    assert (sight.filter, sight.is_typing, sight.is_paused) == ("qp", False, False)
    assert sight.passes("a QP b")
    assert not sight.passes("q", "p")
    assert after("escape", sight=sight)[0].filter == ""
    assert after("/", "x", "escape")[0].filter == ""


def test_a_story_is_scrolled_and_left_by_q_which_ends_only_from_the_panels() -> None:
    timeline = [Entry("job.started", "2026-11-30T12:00:00Z")] * 5
    story = Sight(story=AnyJob("job-a", "failed", filename="a.mp4", timeline=timeline))
    assert after("down", "down", "up", sight=story)[0].scrolled == 1
    assert after("pagedown", "down", "up", sight=story)[0].scrolled == 4
    left, wish = after("q", sight=story)
    assert (left.story, wish) == (None, None)
    assert after("r", "y", sight=story)[1] == Wish("repeat", "job-a", "a.mp4")
    assert after("q", sight=left)[1] == Wish("quit")
    for sight in (story, Sight(), Sight(is_typing=True), replace(story, asked=Wish("cancel", "j"))):
        assert after("ctrl-c", sight=sight)[1] == Wish("quit")


def test_keys_have_names_and_what_nobody_knows_is_no_key() -> None:
    assert list(names("q\x1b[A\x1bOB\x1b[6~/ü\r\x7f")) == [
        "q", "up", "down", "pagedown", "/", "ü", "enter", "backspace",
    ]  # fmt: skip
    assert list(names("\x1b[200~a\x1b[<0;3;4M\x01\x1b[")) == ["a"]
    assert list(names("\x1b")) == ["escape"]
