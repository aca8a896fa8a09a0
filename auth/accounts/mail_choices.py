"""The choice of mails about jobs: by the account's holder, or by the link in such a mail."""

from collections.abc import Callable
from datetime import datetime

from auth.accounts.unsubscribe_links import UnsubscribeLinks
from auth.announcements import Announcer, event_of
from auth.errors import InvalidToken, LinkSpent
from auth.stores.directory import Account, Directory
from events.ids import new_id
from events.types import AccountChanged
from service.mail_preference import MailChoice, MailPreference


class MailChoices:
    """Reads and changes which mails accounts get. Every async method raises DirectoryUnavailable."""

    def __init__(
        self,
        *,
        directory: Directory,
        links: UnsubscribeLinks,
        announcer: Announcer,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory, self._links = directory, links
        self._announcer, self._clock = announcer, clock

    async def of(self, account_id: str) -> MailChoice:
        """Return the holder's choice. Raises InvalidToken when the account is gone."""
        return _choice(await self._account(account_id))

    async def choose(self, account_id: str, mails: MailPreference, links: bool | None) -> MailChoice:
        """Take the holder's choice, and return it whole. `links`: None leaves them as they are.

        Raises InvalidToken when the account is gone.
        """
        account = await self._account(account_id)
        wanted = MailChoice(mails, account.mail_links if links is None else links)
        await self._set(account, wanted)
        return wanted

    def token(self, account_id: str) -> str:
        """Return the token of the link that ends the mails."""
        return self._links.token(account_id)

    def account_of(self, token: str) -> str:
        """Return the account of a link's token. Raises LinkSpent for one that was not made here."""
        account_id = self._links.account_of(token)
        if account_id is None:
            raise LinkSpent("this link is not one of ours: sign in, and choose your mails there")
        return account_id

    async def unsubscribe(self, token: str) -> None:
        """End the mails about jobs, as often as asked; an account that is gone gets none already.

        Raises LinkSpent for a token that was not made here.
        """
        if account := await self._directory.by_id(self.account_of(token)):
            await self._set(account, MailChoice(MailPreference.NONE, account.mail_links))

    async def _account(self, account_id: str) -> Account:
        account = await self._directory.by_id(account_id)
        if account is None:
            raise InvalidToken("the account is gone")
        return account

    async def _set(self, account: Account, wanted: MailChoice) -> None:
        fields: list[str] = []
        if account.mails is not wanted.mails:
            await self._directory.set_mails(account.account_id, wanted.mails)
            fields.append("mails")
        if account.mail_links is not wanted.links:
            await self._directory.set_mail_links(account.account_id, wanted.links)
            fields.append("mail_links")
        if not fields:
            return
        changed = AccountChanged(fields=tuple(fields))
        self._announcer.publish_soon(event_of(account.account_id, changed, self._clock(), new_id()))


def _choice(account: Account) -> MailChoice:
    return MailChoice(account.mails, account.mail_links)
