"""Crumbs of a body: each costs as much as a large piece, so they come in turns."""

from typing import Any

import pytest

from service.http.requests import CRUMB, FREE_CRUMBS, CleanRequests, Turnstile


class Counting(Turnstile):
    def __init__(self) -> None:
        super().__init__(1e9)
        self.turns = 0

    def wait(self, now: float) -> float:
        self.turns += 1
        return super().wait(now)


@pytest.mark.parametrize(
    ("size", "turns"), [(1, 936), (CRUMB - 1, 936), (CRUMB, 0)], ids=["one byte", "nearly enough", "enough"]
)
async def test_only_crumbs_beyond_the_first_wait_for_a_turn(size: int, turns: int) -> None:
    left = FREE_CRUMBS + 936

    async def receive() -> Any:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": bytes(size), "more_body": left >= 0}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    counting = Counting()
    await CleanRequests(app, counting)({"path": "/", "headers": []}, receive, None)  # type: ignore[arg-type, typeddict-item]
    assert counting.turns == turns


def test_turns_are_as_far_apart_as_the_rate_says_whoever_takes_them() -> None:
    turnstile = Turnstile(2000)
    assert [round(turnstile.wait(10.0), 6) for _ in range(4)] == [0.0005, 0.001, 0.0015, 0.002]
    assert round(turnstile.wait(11.0), 6) == 0.0005
