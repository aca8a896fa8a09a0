"""Messages from several queues, one at a time, and only for who has room for one.

A consumer on each queue would be sent one from each. What it has no room for would wait there, while another
consumer is idle. So messages are fetched one by one, in turns. Where no queue holds any, all are listened to
until the first message comes. Those that come in the same moment are returned with it, to be handed back.

`basic.get` and a prefetch of one are all that this asks of the broker: classic and quorum queues have both.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from events.errors import Unavailable
from events.log.amqp import Channel, Delivery
from events.work.turns import Turns


class NoAnswer(Unavailable):
    """The connection is open, and the broker does not answer whether it has work."""


class Taking:
    """Takes from the queues by one channel, whose prefetch is 1."""

    def __init__(self, channel: Channel, queues: Sequence[str], patience: float) -> None:
        """`patience`: seconds for the broker's answer, and of listening before the queues are asked again.

        A broker may forget a consumer whose channel stays open, so nobody listens for ever.
        """
        self._channel, self._queues, self._patience = channel, queues, patience
        self._turns = Turns(queues)

    async def next(self, *queues: str) -> Delivery | None:
        """Return the next message that waits, in one of these queues if any are named; None if none does.

        Raises ConnectionLost, NoAnswer.
        """
        try:
            async with asyncio.timeout(self._patience):
                for queue in queues or self._turns.order():
                    if (delivery := await self._channel.get(queue)) is not None:
                        self._turns.took(queue)
                        return delivery
        except TimeoutError:
            raise self._no_answer() from None
        return None

    async def listen(self, ends: Collection[asyncio.Future[Any]]) -> list[Delivery]:
        """Return the first message to come, with those of the same moment; none when one of `ends` is done.

        None, too, after the patience. Raises ConnectionLost, NoAnswer.
        """
        arrived: list[Delivery] = []
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_message(delivery: Delivery) -> None:
            arrived.append(delivery)
            if not first.done():
                first.set_result(None)

        try:
            async with asyncio.timeout(self._patience):
                tags = [await self._channel.listen(queue, on_message) for queue in self._queues]
            await asyncio.wait({first, *ends}, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
            # What comes for a consumer after its cancellation pika rejects: it waits in its queue again.
            async with asyncio.timeout(self._patience):
                for tag in tags:
                    await self._channel.call("basic_cancel", consumer_tag=tag)
        except TimeoutError:
            raise self._no_answer() from None
        if arrived:
            self._turns.took(arrived[0].queue)
        return arrived

    def _no_answer(self) -> NoAnswer:
        return NoAnswer(f"no answer about {', '.join(self._queues)} within {self._patience:g} s")
