"""Whether an address has an account cannot be told from how long a refusal takes."""

import random
import time

import pytest

from auth.accounts import Accounts
from auth.errors import BadCredentials

ACCOUNTS, TRIES = 250, 4
"""Of each kind: known and unknown. No more tries of one than cost nothing yet."""


def auc(some: list[float], others: list[float]) -> float:
    """The chance that one of some is greater than one of others: Mann and Whitney's U over the pairs."""
    ranked = sorted([(value, True) for value in some] + [(value, False) for value in others])
    ranks = sum(rank for rank, (_, ours) in enumerate(ranked, 1) if ours)
    return (ranks - len(some) * (len(some) + 1) / 2) / (len(some) * len(others))


def test_the_measure_tells_what_differs_from_what_does_not() -> None:
    assert auc([3, 4, 5], [0, 1, 2]) == 1.0
    assert auc([0, 3], [1, 2]) == 0.5


@pytest.mark.nightly
@pytest.mark.timeout(600)
async def test_known_and_unknown_addresses_take_the_same_time(accounts: Accounts) -> None:
    """2,000 refused sign-ins in a random order; 0.5 would be no difference at all."""
    known = [f"known-{number}@example.com" for number in range(ACCOUNTS)]
    unknown = [f"other-{number}@example.com" for number in range(ACCOUNTS)]
    for email in known:
        await accounts.register(email, "a good password")
    tries = [(email, email in set(known)) for email in (*known, *unknown) for _ in range(TRIES)]
    random.shuffle(tries)
    times: dict[bool, list[float]] = {True: [], False: []}
    for email, is_known in tries:
        began = time.perf_counter()
        with pytest.raises(BadCredentials):
            await accounts.sign_in(email, "a wrong password")
        times[is_known].append(time.perf_counter() - began)
    found = auc(times[True], times[False])
    print(f"AUC {found:.3f}")
    assert abs(found - 0.5) <= 0.05
