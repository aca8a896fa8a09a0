"""Links in mails, by which who is not signed in on the phone gets the audio. Only for who has chosen so.

The link is recorded in the log before the mail goes out. It is named by the conversion that the mail is
about, and its end by that event's time: however often the work comes, it is one link, at one address.
"""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from events.envelope import Event, consequence
from events.types import JobLinked
from service import link_tokens
from service.handover_keys import HandoverKeys
from service.link_tokens import Token
from workers.notifier import SERVICE


class Publishing(Protocol):
    """Publishes to the log."""

    async def publish(self, event: Event) -> None:
        """Publish, and return once it is confirmed. Raises NotConfirmed, Unavailable."""


class Way(NamedTuple):
    """The way to a job's audio. `until`: it needs no sign-in, and ends then; None: one signs in first."""

    url: str
    until: datetime | None = None


class MailedLinks:
    """Makes the links of mails. `life` is for how many seconds they are good."""

    def __init__(self, publisher: Publishing, keys: HandoverKeys, url: str, life: float) -> None:
        self._publisher, self._keys, self._url = publisher, keys, url
        self._life = timedelta(seconds=life)

    async def way(self, conversion: Event) -> Way:
        """Return the way to the audio of a conversion, for anybody.

        Raises NoHandoverSecrets, NotConfirmed, Unavailable.
        """
        expires = conversion.time.replace(microsecond=0) + self._life
        link_id = link_tokens.new_link_id(conversion.subject, conversion.id)
        token = link_tokens.written(self._keys, Token(link_id, expires))
        linked = JobLinked(link_id=link_id, expires=expires, mailed=True)
        await self._publisher.publish(consequence(conversion, linked, source=SERVICE))
        return Way(f"{self._url}/l/{token}", expires)
