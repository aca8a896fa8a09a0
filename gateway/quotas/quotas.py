"""The quotas of this gateway's callers: their limits, their usage, and the way in."""

from functools import partial
from typing import Any

from gateway.callers.guard import AnyRequest, caller_of
from gateway.callers.tokens import Caller
from gateway.errors import QuotaExceeded
from gateway.http.rate_limits import MINUTE, Standing, tell
from gateway.quotas.door import Door, Entrance
from gateway.quotas.limits import AccountLimits, Person
from gateway.quotas.live_usage import LiveUsage
from gateway.quotas.request_rate import NAME, RequestRate


class Quotas:
    """The parts together."""

    def __init__(self, limits: AccountLimits, usage: LiveUsage, door: Door, rate: RequestRate) -> None:
        self.limits, self.usage = limits, usage
        self._door, self._rate = door, rate

    async def count(self, caller: Caller, scope: Any) -> None:
        """Count a request of a caller, and have its answer report it. Raises QuotaExceeded."""
        limit = self.limits.of(caller).requests_a_minute
        if limit is None:
            return
        try:
            tell(scope, [await self._rate.take(caller.account, limit)])
        except QuotaExceeded as error:
            reset = error.seconds or MINUTE
            tell(scope, [Standing(name=NAME, quota=limit, left=0, window=MINUTE, reset=reset)])
            raise

    def entrance(self, request: AnyRequest) -> Entrance:
        """Return the way in for the jobs that a request begins."""
        caller = caller_of(request)
        return Entrance(self._door, caller.account, self.limits.of(caller), partial(tell, request.scope))

    def entrance_of(self, person: Person) -> Entrance:
        """Return the way in for what a person has begun, and nobody waits for."""
        return Entrance(self._door, person.account, self.limits.of(person))

    async def forget(self, account: str) -> None:
        """Forget the limits of an account's own, and what is noted of it. Raises Unavailable."""
        await self.limits.forget(account)
        await self._door.forget(account)
        await self._rate.forget(account)
