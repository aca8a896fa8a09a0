from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cli.tail.merge import Window, merge
from cli.tail.record import Kind, Record

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def at(second, name=""):
    return Record(kind=Kind.LINE, time=NOON + timedelta(seconds=second), source=name, event=name)


async def source(records):
    for record in records:
        yield record


seconds = st.lists(st.integers(0, 50), max_size=30)
many = st.lists(seconds, max_size=5)


def sources_of(times, *, in_order):
    return [[at(s, f"{i}") for s in (sorted(t) if in_order else t)] for i, t in enumerate(times)]


@given(many)
async def test_sources_in_order_merge_into_one_order(times):
    sources = sources_of(times, in_order=True)
    merged = [r.time async for r in merge([source(s) for s in sources])]
    assert merged == sorted(r.time for s in sources for r in s)


@given(many)
async def test_every_source_keeps_its_own_order_whatever_its_times(times):
    sources = sources_of(times, in_order=False)
    merged = [r async for r in merge([source(s) for s in sources])]
    for index, records in enumerate(sources):
        assert [r for r in merged if r.source == f"{index}"] == records


@given(many, st.randoms(use_true_random=False))
def test_a_window_gives_everything_once_and_every_source_in_its_order(times, random):
    sources = sources_of(times, in_order=False)
    window, out, now, waiting = Window(0.3), [], 0.0, [list(s) for s in sources]
    while any(waiting):
        index = random.choice([i for i, w in enumerate(waiting) if w])
        window.add(index, [waiting[index].pop(0)], now)
        now += random.choice([0.0, 0.1, 0.5])
        out += window.due(now)
    out += window.rest()
    for index, records in enumerate(sources):
        assert [r for r in out if r.source == f"{index}"] == records
    assert len(out) == sum(map(len, sources))


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 29)), max_size=60))
def test_what_is_late_by_less_than_the_width_comes_out_in_order(happenings):
    """Each happening: when, and how much later it arrives, in hundredths of a second."""
    window, out = Window(0.3), []
    for number, (when, late) in enumerate(sorted(happenings, key=sum)):
        now = (when + late) / 100
        out += window.due(now)
        window.add(number, [at(when / 100)], now)
    out += window.rest()
    assert [r.time for r in out] == sorted(r.time for r in out)


def test_nothing_is_held_longer_than_the_width():
    window = Window(0.3)
    window.add("a", [at(5)], now=10.0)
    assert window.due(10.2) == []
    assert window.due(10.31) == [at(5)]
