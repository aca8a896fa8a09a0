"""The gateway's HTTP API from a caller's side. It survives broken connections, or raises one clear error."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote, urlsplit

import httpx

from cli.called import called
from cli.client.answers import Import, Job, Jobs, Token, read_as, refusal
from cli.client.contents import Count, File, Stream
from cli.client.errors import CredentialsMissing, RequestRefused, SignInRefused, Unreachable
from cli.client.event_stream import Message, messages
from cli.client.patience import Trouble, is_passing, patiently, why
from cli.client.sessions import Kept, Session, Way
from cli.client.tus import upload
from cli.client.unfinished import Note, Unfinished
from events.ids import new_id

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine."""
Password = Callable[[], str]
"""Called only when a session has to be begun: it may ask a person."""

_AT_ONCE = 5.0
"""Seconds for a refresh, so that it can be repeated while that still helps."""
_AFTER_ITS_END = 0.5
"""Seconds until a stream is asked for again that the gateway has ended before the job."""
_NONE: Mapping[str, str] = {}


class Gateway:
    """One account at one gateway, for any number of threads.

    Methods raise ClientError, and OSError about local files.
    """

    def __init__(self, url: str, kept: Kept | None = None, unfinished: Unfinished | None = None) -> None:
        """`kept` is the place of the account's session; without one it ends with this object.

        `unfinished` are uploads to go on with; without them each upload is another.
        """
        self.url = url.rstrip("/")
        self._http = http_client(self.url)
        self._kept = kept or Kept()
        self._unfinished = unfinished or Unfinished()
        self._email = ""
        self._password: Password = str
        self._access = ""
        self._turn = threading.Lock()

    @property
    def account(self) -> str:
        """The address of who is signed in, or nothing."""
        return self._email

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept.outlives_us:
            self._end_session()
        self._http.close()

    def sign_in(self, email: str, password: Password) -> None:
        """Take up the account's session, or begin one. Raises SignInRefused, and what `password` raises."""
        self._email, self._password = email, password
        with unreachable(self.url):
            self._take_token()

    def sign_in_anew(self, email: str, password: Password) -> None:
        """Begin a session in place of the account's, which ends. A refused password changes nothing.

        Raises SignInRefused, and what `password` raises.
        """
        self._email, self._password = email, password
        with unreachable(self.url), self._kept.held() as session:
            token = self._begun()
            self._end(session)
            session.end()
            session.become(token.access_token, token.refresh_token, token.expires_in)
            self._access = session.access_token

    def ask_nobody(self) -> None:
        """Ask no person from now on: where a session has ended, methods raise CredentialsMissing.

        For who draws on the terminal, and reads its keys.
        """
        self._password = _nobody

    def upload(self, path: Path, sent: Count, options: Mapping[str, str] = _NONE) -> str:
        """Upload a file, and return the job's id. Goes on where an earlier call was broken off.

        Raises SourceChanged.
        """
        with unreachable(self.url), path.open("rb") as file:
            content = File(path, file)
            asked = *content.identity, *(f"{name}={value}" for name, value in sorted(options.items()))
            with self._unfinished.note(self.url, self._email, *asked) as note:
                return upload(self, content, options, sent, note)

    def upload_stream(
        self, name: str, file: BinaryIO, sent: Count, options: Mapping[str, str] = _NONE
    ) -> str:
        """Upload what a stream brings, under this name, and return the job's id."""
        with unreachable(self.url):
            return upload(self, Stream(name, file), options, sent, Note())

    def fetch(self, url: str, options: Mapping[str, str] = _NONE) -> str:
        """Have a video fetched from an address, and return the import's id, which becomes its job's."""
        body = {"url": url, "options": dict(options)}
        headers = {"Idempotency-Key": new_id()}

        def ask() -> str:
            with self.asking("POST", "/imports", json=body, headers=headers) as answer:
                return read_as(answer, Import).import_id

        with unreachable(self.url):
            return patiently(ask)

    def imported(self, import_id: str) -> Import:
        """Return an import as it stands."""
        path = f"/imports/{quote(import_id, safe='')}"
        with unreachable(self.url), self.asking("GET", path) as answer:
            return read_as(answer, Import)

    def job(self, job_id: str) -> Job:
        """Return the job as it stands."""
        with unreachable(self.url), self.asking("GET", f"/jobs/{quote(job_id, safe='')}") as answer:
            return read_as(answer, Job)

    def jobs(self, limit: int) -> Iterator[Job]:
        """Yield up to `limit` jobs, newest first."""
        params = {"limit": str(min(limit, 100))}
        with unreachable(self.url):
            while limit > 0:
                with self.asking("GET", "/jobs", params=params) as answer:
                    page = read_as(answer, Jobs)
                yield from page.items[:limit]
                limit -= len(page.items)
                if not page.items or page.next_cursor is None:
                    return
                params["cursor"] = page.next_cursor

    def follow(self, job_id: str) -> Iterator[Message]:
        """Yield the job's messages up to the last, `end`: after each (re)connection one of type `connected`.

        The gateway sends again what came in between (Last-Event-ID). Raises Unreachable after
        PATIENCE seconds without an answer: a job that waits may be silent for longer.
        """
        seen, trouble = "", Trouble(self.url)
        headers = {"Accept": "text/event-stream"}
        while True:
            try:
                with self.asking("GET", f"/jobs/{quote(job_id, safe='')}/events", headers=headers) as answer:
                    trouble.over()
                    yield Message("connected", "", seen)
                    if answer.status_code == httpx.codes.NO_CONTENT:
                        return  # the job is done, and all of it was seen
                    for message in messages(answer.iter_lines()):
                        seen = message.id or seen
                        yield message
                        if message.type == "end":
                            return
            except (httpx.TransportError, RequestRefused) as error:
                if not is_passing(error):
                    raise
                trouble.wait(error)
            else:
                time.sleep(_AFTER_ITS_END)
            if seen:
                headers["Last-Event-ID"] = seen

    @contextmanager
    def asking(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """Ask, and give the answer, its body still unread. Raises RequestRefused, httpx.TransportError.

        A kept token may be refused. Then it is asked once more with the next, unless the body was read away.
        """
        headers = options.pop("headers", {})
        for last in (not isinstance(options.get("content", b""), bytes), True):
            signed = {**headers, "Authorization": f"Bearer {self._access}"}
            with self._http.stream(method, path, headers=signed, **options) as answer:
                if answer.status_code != httpx.codes.UNAUTHORIZED or last:
                    if not answer.is_success:
                        answer.read()
                        raise refusal(answer)
                    yield answer
                    return
            self._take_token(refused=self._access)

    def _end_session(self) -> None:
        with self._kept.held() as session:
            self._end(session)

    def _end(self, session: Session) -> None:
        if session.refresh_token:
            with suppress(httpx.HTTPError):  # a session that nobody ends expires
                self._http.post("/logout", json={"refresh_token": session.refresh_token}, timeout=2.0)

    def _take_token(self, refused: str = "") -> None:
        """Take a token that lasts: the one that is kept, else the session's next, else of a new session."""
        with self._turn, self._kept.held() as session:
            if session.key:
                if refused:
                    raise SignInRefused(httpx.codes.UNAUTHORIZED, "the API key is not good, or not any more")
                self._access = session.key
                return
            if not session.serves(refused):
                token = self._next_token(session)
                session.become(token.access_token, token.refresh_token, token.expires_in)
            self._access = session.access_token

    def _next_token(self, session: Session) -> Token:
        if not session.refresh_token:
            return self._begun()
        answer = self._refresh(session.refresh_token)
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return _token_of(answer)
        if session.way is Way.BROWSER:  # there may be no password to begin another with
            raise SignInRefused(
                httpx.codes.UNAUTHORIZED,
                f"the session has ended: `{called(f'login {self.url}')}` begins another",
            )
        return self._begun()  # it was ended elsewhere

    def _refresh(self, token: str) -> httpx.Response:
        """Show a refresh token. Where the answer is lost the same brings the same one, for ten seconds."""
        asking = partial(self._http.post, "/refresh", json={"refresh_token": token}, timeout=_AT_ONCE)
        try:
            return asking()
        except httpx.TransportError:
            return asking()

    def _begun(self) -> Token:
        known = httpx.BasicAuth(self._email.encode(), self._password().encode())
        return _token_of(self._http.post("/login", auth=known))


def http_client(url: str) -> httpx.Client:
    """Return a client of the gateway at this address."""
    # A proxy of the environment is for the world outside, not for this machine.
    outside = urlsplit(url).hostname not in HERE
    timeout = httpx.Timeout(10.0, read=60.0, write=60.0)
    return httpx.Client(base_url=url, timeout=timeout, trust_env=outside, headers={"User-Agent": "tonearm"})


def _nobody() -> str:
    raise CredentialsMissing("the session has ended: sign in again")


def _token_of(answer: httpx.Response) -> Token:
    if not answer.is_success:
        raise refusal(answer)
    return read_as(answer, Token)


@contextmanager
def unreachable(url: str) -> Iterator[None]:
    """Translate the driver's errors about the connection."""
    try:
        yield
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise Unreachable(f"{url} cannot be reached: {why(error)}") from error
