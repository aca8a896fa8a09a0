"""The pictures, for any terminal, whatever strangers have called their files."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli.client.answers import Entry, Failure
from cli.system.words import CONSUMERS, QUEUES, STATES
from cli.top.answers import AnyJob, Event, History, Overview
from cli.top.drawing.frame import Frame
from cli.top.drawing.glyphs import ASCII, Glyphs, bar, curve, glyphs_for
from cli.top.drawing.lines import ending, fitted, shares
from cli.top.drawing.page import once, page
from cli.top.model import Model
from cli.top.news import Away, Heard, Listening, Looked, Met, Remembered
from cli.top.sight import Sight, Wish
from events.log import topology
from events.projections.job_view import State
from tests.cli.top import pictures
from tests.cli.top.pictures import NOON

MODELS = {
    "busy": pictures.busy(),
    "idle": pictures.idle(),
    "troubled": pictures.troubled(),
    "new": Model("here"),
}
STORY = AnyJob(
    "j",
    "failed",
    filename="\x1b[31ma\u202eb.mp4",
    error=Failure("no_audio", "No sound."),
    timeline=[Entry(f"job.{n}", pictures.time(60 - n), "講" * n) for n in range(50)],
)


def drawn(model: Model, width: int = 80, height: int = 24, sight: Sight | None = None) -> str:
    lines = page(Frame(model, sight or Sight(), NOON, Glyphs()), width, height)
    return "\n".join(line.plain for line in lines)


@given(
    name=st.sampled_from(sorted(MODELS)),
    width=st.integers(1, 220),
    height=st.integers(1, 70),
    panel=st.sampled_from(["work", "failures", "events"]),
    is_ascii=st.booleans(),
)
def test_a_picture_fits_its_terminal_to_the_column(
    name: str, width: int, height: int, panel: str, *, is_ascii: bool
) -> None:
    sight = Sight(panel=panel, filter="a" if width % 2 else "")
    for each in (
        sight,
        Sight(story=STORY),
        Sight(is_helping=True),
        Sight(asked=Wish("cancel", "j", "x" * 200)),
    ):
        lines = page(Frame(MODELS[name], each, NOON, ASCII if is_ascii else Glyphs()), width, height)
        assert len(lines) == height
        assert {cell_len(line.plain) for line in lines} == {width}


@given(name=st.text(min_size=1, max_size=60))
def test_no_name_harms_the_terminal_or_moves_a_column(name: str) -> None:
    model = pictures.busy()
    told = pictures.event(1, "job.uploaded", pictures.job_id(0), 1, filename=name)
    wrong = pictures.event(2, "job.failed", pictures.job_id(0), 1, code=name, message=name, run=1)
    for each in (told, wrong):
        model.take(Heard(msgspec.convert(each, Event)))
    model.take(Away(NOON, name))
    story = AnyJob("j", "failed", filename=name, account=name)
    for sight in (
        Sight(filter=name[:5]),
        Sight(story=story),
        Sight(said=name),
        Sight(asked=Wish("cancel", "j", name)),
    ):
        for line in page(Frame(model, sight, NOON, Glyphs()), 90, 30):
            assert cell_len(line.plain) == 90
            assert not set(line.plain) & set(map(chr, (*range(32), 0x7F, 0x9B, 0x202E)))


def test_a_needle_moves_along_the_groove() -> None:
    glyphs = Glyphs()
    assert ["".join(bar(glyphs, percent, 10)) for percent in (None, 0, 50, 100, 140, -3)] == [
        "──────────", "●─────────", "━━━━━●────", "━━━━━━━━━●", "━━━━━━━━━●", "●─────────",
    ]  # fmt: skip
    assert "".join(bar(glyphs, 50, 0)) == ""


def test_a_curve_is_as_wide_as_asked_and_blank_where_nothing_is_known() -> None:
    glyphs = Glyphs()
    assert curve(glyphs, [None, 0, 1, 4, 8], 6) == "  ▁▂▅█"
    assert curve(glyphs, [0, 0.2], 2) == "▁▃"
    assert len(curve(glyphs, [1.0] * 61, 47)) == 47
    assert curve(glyphs, [9.0, *[0.0] * 60], 5)[0] == "█"


def test_the_end_of_a_machines_name_stays_and_the_beginning_of_a_files_name() -> None:
    assert ending("converter-6f7c9d-0001/7", 8) == "…-0001/7"
    assert fitted("interview.mov", 8) == "intervi…"
    assert [ending("講義講義", width) for width in (0, 1, 4, 8)] == ["…", "…", "…義", "講義講義"]


def test_rows_are_shared_in_turn_after_everybody_has_the_least() -> None:
    assert shares(11, [20, 7, 4], 3) == [4, 4, 3]
    assert shares(11, [1, 7, 4], 3) == [1, 6, 4]
    assert shares(2, [5, 5, 5], 3) == [1, 1, 0]
    assert shares(-3, [5, 5], 3) == [0, 0]


def test_the_cockpit_says_what_a_system_does() -> None:
    shown = drawn(pictures.busy(), 120, 40)
    for text in (
        "4 waiting", "3 converting", "2 failed", "8,412 converted", "views up to date", "UNDER WAY",
        "3 of 4 slots of 2 converters busy", "talk-at-fosdem-2026", "12 %", "0:14 left", "no_audio",
        "THE LAST HOUR", "310.0 GB free", "events a second",
    ):  # fmt: skip
        assert text in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_what_needs_somebody_stands_above_all_else(size: tuple[int, int]) -> None:
    lines = drawn(pictures.troubled(), *size).splitlines()
    assert "Auth: it does not answer." in lines[2]
    model = pictures.busy()
    model.take(Away(NOON, "no route to host"))
    shown = drawn(model, *size)
    assert "away" in shown.splitlines()[0]
    assert "no route to host" in shown
    assert "talk-at-fosdem" in shown


def test_what_nobody_has_answered_yet_is_loading_and_not_none() -> None:
    model = Model("here")
    model.take(Looked(NOON, msgspec.convert(pictures.overview(busy=1), Overview)))
    early = drawn(model, 120, 40)
    assert early.count("loading") == 4  # the name of the job, failures, events, the last hour
    assert "none" not in early
    assert "00000000" not in early
    for news in (Listening(), Met([], "failed"), Met([], "converting"), Remembered(History([]))):
        model.take(news)
    late = drawn(model, 120, 40)
    assert "loading" not in late
    assert late.count("none") == 2
    assert "00000000" in late
    assert "loading" not in drawn(Model("here"), 120, 40, Sight(is_still=True))


def test_equal_failures_are_a_row_with_their_number() -> None:
    model = pictures.busy()
    for n in range(5):
        failed = pictures.event(900 + n, "hook.delivery_failed", "hook", 1, delivery_id=str(n), code="gone")
        model.take(Heard(msgspec.convert(failed, Event)))
    assert sum("×5" in line for line in drawn(model, 120, 40).splitlines()) == 1


def test_a_small_terminal_has_no_empty_rows_while_panels_are_hidden() -> None:
    model = pictures.model(pictures.overview(busy=1))
    lines = drawn(model, 60, 15).splitlines()
    assert "UNDER WAY" in "".join(lines)
    assert "QUEUES" in "".join(lines)
    assert sum(not line.strip() for line in lines) <= 4
    assert "LAST FAILURES" in drawn(model, 60, 15, Sight(panel="failures"))


def test_the_last_line_names_all_keys_at_80_columns_and_all_of_them_are_told() -> None:
    foot = drawn(pictures.busy()).splitlines()[-1]
    assert "/ filter" in foot
    assert "? keys" in foot
    shown = drawn(pictures.busy(), sight=Sight(is_helping=True))
    assert "leaves the rows that have some text" in shown
    assert "UNDER WAY" not in shown
    assert "…" not in shown


def test_a_chosen_row_stays_in_sight_however_long_the_list_is() -> None:
    model = pictures.troubled()
    last = model.tasks()[-1]
    shown = drawn(model, sight=Sight(chosen=last.key))
    assert any(line.startswith(" ▌") for line in shown.splitlines())
    assert f"{last.work.percent:.0f} %" in next(line for line in shown.splitlines() if "▌" in line)


def test_a_reason_is_told_whole_in_a_story() -> None:
    reason = "The file ends before its index, so that nobody knows where its sound is: upload it once more."
    story = AnyJob("j", "failed", filename="a.mp4", error=Failure("truncated", reason))
    shown = drawn(pictures.busy(), 60, 20, Sight(story=story))
    assert reason in " ".join(shown.split())


def test_a_filter_leaves_what_has_it() -> None:
    shown = drawn(pictures.busy(), sight=Sight(filter="FOSDEM"))
    assert "talk-at-fosdem" in shown
    assert "Vorlesung" not in shown
    assert "/FOSDEM" in shown.splitlines()[-1]


def test_one_picture_for_a_file_has_all_and_no_blanks_at_the_ends_of_lines() -> None:
    frame = Frame(pictures.troubled(), Sight(is_still=True), NOON, Glyphs())
    lines = [line.plain for line in once(frame, 100)]
    assert sum("left" in line or "for 1:16" in line for line in lines) == 23
    assert all(line == line.rstrip() for line in lines)
    assert "live" not in lines[0]


def test_a_terminal_without_these_signs_has_plain_ones() -> None:
    assert glyphs_for("utf-8") == Glyphs()
    for encoding in ("ascii", "latin-1", "no-such-encoding", None):
        assert glyphs_for(encoding) == ASCII


def test_every_queue_and_state_has_a_word() -> None:
    assert set(QUEUES) == set(CONSUMERS) == set(topology.WORK_QUEUES)
    assert set(STATES) == {each.value for each in State}
