import asyncio
import os
import sys
import threading
from typing import Any

import pytest
from argon2 import extract_parameters

from auth.errors import Busy
from auth.passwords.hasher import Hasher


async def test_a_hash_fits_its_password_only() -> None:
    passwords = Hasher()
    made = await passwords.hash("correct horse")
    assert await passwords.verify("correct horse", made)
    assert not await passwords.verify("correct horsE", made)
    assert not await passwords.verify("correct horse", None)
    assert not await passwords.verify("correct horse", "not a hash")
    passwords.close()


async def test_the_parameters_are_owasps() -> None:
    passwords = Hasher()
    made = await passwords.hash("x")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.outdated(made)
    assert Hasher(passes=3).outdated(made)
    passwords.close()


async def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    passwords = Hasher()
    assert await passwords.verify("u\u0308ber-lang", await passwords.hash("\u00fcber-lang"))
    passwords.close()


async def test_nobodys_hash_costs_what_a_real_one_does() -> None:
    passwords = Hasher(memory_kib=1024, passes=7, lanes=1)
    real = extract_parameters(await passwords.hash("x"))
    assert extract_parameters(passwords._nobody) == real
    passwords.close()


async def test_as_many_may_enter_as_can_be_hashed_soon_and_the_next_when_one_has_left() -> None:
    passwords = Hasher(threads=1, waiting=1)
    with passwords.place():
        with passwords.place(), pytest.raises(Busy), passwords.place():
            pass
        with passwords.place():
            pass
    passwords.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is a process's")
async def test_hashing_leaves_the_core_to_whoever_answers() -> None:
    passwords = Hasher(threads=1)

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await passwords._run(priority) > priority() or priority() == 19
    passwords.close()


async def test_a_full_pool_refuses_at_once_and_works_again_later() -> None:
    passwords = Hasher(threads=1, waiting=2)
    begun, gate = threading.Event(), threading.Event()

    def held() -> None:
        begun.set()
        gate.wait()

    blocked: list[asyncio.Task[Any]] = [asyncio.create_task(passwords._run(held)) for _ in range(3)]
    await asyncio.to_thread(begun.wait)  # what only waits for a thread would leave its place at once
    with pytest.raises(Busy):
        await passwords.verify("x", None)
    blocked[0].cancel()  # its caller has gone, its thread has not: the place is still taken
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await passwords.verify("x", None)
    gate.set()
    await asyncio.gather(*blocked, return_exceptions=True)
    for _ in range(3):
        assert not await passwords.verify("x", None)
    passwords.close()
