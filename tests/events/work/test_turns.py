"""Which of several queues is asked for the next message."""

from hypothesis import given
from hypothesis import strategies as st

from events.work.turns import RUN, Turns


def taken(first: int, others: int) -> str:
    """Take everything from two queues, and return from which: `a` or `b`."""
    turns, left, order = Turns(["a", "b"]), {"a": first, "b": others}, ""
    while any(left.values()):
        queue = next(each for each in turns.order() if left[each])
        turns.took(queue)
        left[queue] -= 1
        order += queue
    return order


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_first_queue_goes_first_and_the_other_is_never_left_out(first, others):
    order = taken(first, others)
    assert order.count("a") == first
    assert order.startswith("a" * min(first, RUN))
    while_both_wait = order[: min(order.rfind("a"), order.rfind("b")) + 1]
    assert "a" * (RUN + 1) not in while_both_wait.partition("b")[2] or not others
    assert "bb" not in order[: order.rfind("a") + 1]
