"""People who upload while everything around them falls over, and who repeat what failed.

They do what the README asks of a careful client: the same Idempotency-Key until there is an answer,
`Last-Event-ID` after a broken stream, a new token when the old one is refused. What no repetition may
mend fails at once: a job that was acknowledged must never be 404, and no file may come down damaged.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
from msgspec import Struct
from uuid_utils import uuid4

from events.projections.job_view import State
from infra.drills.rig.checker import Upload
from infra.drills.rig.clips import Clip

PATIENCE = 220.0
"""Seconds after which a person gives up: an upload that died holds its key for a minute (its lease), and a
mail that failed three times, because auth was away each time, waits 5, 30 and 120 s."""
PAUSE = 0.3
ENDED = ("job.notified", "job.notification_failed")


class Message(Struct, frozen=True):
    """One server-sent event."""

    type: str
    id: str
    event_id: str


class Person:
    """One account, and the history of what it did."""

    def __init__(self, url: str, email: str, *, read_timeout: float = 25.0) -> None:
        """`read_timeout`: seconds that an answer may take."""
        self.email = email
        self.history: list[Upload] = []
        self.repeated = 0
        self.answers: Counter[str] = Counter()
        """The number of each answer: a status, with its `Retry-After`, or the driver's error."""
        self._password = f"canary {uuid4()}"  # to be seen in no log
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(10.0, read=read_timeout),
            trust_env=False,
            event_hooks={"response": [self._note]},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def register(self) -> None:
        """Register and sign in, however often that takes."""
        account = {"email": self.email, "password": self._password}
        await self._insist(lambda: self._http.post("/register", json=account), 201)
        await self.sign_in()

    async def convert(self, clip: Clip) -> None:
        """Upload the clip, follow its job to the end, fetch the audio; keep what was seen."""
        key = str(uuid4())
        job_id = await self.begin(clip, key)
        shown = await self._follow(job_id)
        converted = any(message.type == "job.converted" for message in shown)
        audio = hashlib.sha256(await self.audio(job_id)).hexdigest() if converted else None
        self.history.append(
            Upload(
                key=key,
                job_id=job_id,
                expected=clip.expected,
                owner=self.email,
                sha256=clip.sha256,
                audio_sha256=audio,
                watched=tuple(message.event_id for message in shown),
            )
        )

    async def begin(self, clip: Clip, key: str = "", **options: str) -> str:
        """Upload the clip, and return the job's id once it is accepted."""
        headers = {
            "Idempotency-Key": key or str(uuid4()),
            "Content-Length": str(clip.path.stat().st_size),
        }
        accepted = await self._insist(
            lambda: self._http.put(
                f"/upload/{clip.path.name}", content=_slowly(clip), headers=headers, params=options
            ),
            202,
        )
        return str(accepted.json()["job_id"])

    async def cancel(self, job_id: str) -> bool:
        """Cancel a job, however often that takes. Return False if it was over before."""
        answer = await self._insist(lambda: self._http.post(f"/jobs/{job_id}/cancel"), 200, 409)
        return answer.status_code == 200

    async def state(self, job_id: str) -> State:
        """Return the state of a job."""
        return State((await self._insist(lambda: self._http.get(f"/jobs/{job_id}"), 200)).json()["state"])

    async def in_state(self, state: State) -> set[str]:
        """Return the jobs in a state, as lists show them."""
        found: set[str] = set()
        cursor: str | None = ""
        while cursor is not None:
            asked = {"state": state.value, "limit": 100, "cursor": cursor}
            page = (await self._insist(lambda: self._http.get("/jobs", params=asked), 200)).json()  # noqa: B023
            found |= {each["job_id"] for each in page["items"]}
            cursor = page["next_cursor"]
        return found

    def move(self, url: str) -> None:
        """Go to another gateway from now on."""
        self._http.base_url = url

    async def get(self, path: str) -> httpx.Response:
        """Ask once, and return whatever the answer is."""
        return await self._http.get(path)

    async def _follow(self, job_id: str) -> list[Message]:
        """Return the job's events as they were shown, up to the one about its mail."""
        shown: list[Message] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while not (shown and shown[-1].type in ENDED):
                    try:
                        async for message in self._messages(job_id, shown[-1].id if shown else None):
                            shown.append(message)
                            if message.type in ENDED:
                                break
                    except httpx.TransportError as error:
                        self.answers[type(error).__name__] += 1
                        await self._pause()
        except TimeoutError:
            raise AssertionError(f"job {job_id} did not end in time; shown was {shown}") from None
        return shown

    async def _messages(self, job_id: str, last: str | None) -> AsyncIterator[Message]:
        headers = {"Last-Event-ID": last} if last is not None else {}
        async with self._http.stream("GET", f"/jobs/{job_id}/events", headers=headers) as answer:
            if not await self._is_good(answer, 200, 204) or answer.status_code == 204:
                await self._pause()  # 204: the job is done, and its mail is late
                return
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                if "id" in fields:
                    yield Message(fields["event"], fields["id"], json.loads(fields["data"])["id"])
                fields = {}

    async def audio(self, job_id: str) -> bytes:
        """Return what came out of a job."""
        return (await self._insist(lambda: self._http.get(f"/jobs/{job_id}/audio"), 200)).content

    async def look(self) -> None:
        """Ask for the newest jobs."""
        await self._insist(lambda: self._http.get("/jobs", params={"limit": 10}), 200)

    async def sign_in(self) -> None:
        """Get a new token by address and password."""
        account = (self.email, self._password)
        answer = await self._insist(lambda: self._http.post("/login", auth=account), 200)
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def _insist(self, request: Callable[[], Awaitable[httpx.Response]], *good: int) -> httpx.Response:
        """Repeat the request until it is answered well. Fails on an answer that no repetition mends."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await request()
                    if await self._is_good(answer, *good):
                        return answer
                except httpx.TransportError as error:
                    self.answers[type(error).__name__] += 1
                await self._pause()

    async def _is_good(self, answer: httpx.Response, *good: int) -> bool:
        status = answer.status_code
        if status in good:
            return True
        await answer.aread()
        in_use = status == 409 and "idempotency-key-in-use" in answer.text
        if not (in_use or status in (408, 425, 429) or status >= 500):
            raise AssertionError(f"{answer.request.method} {answer.request.url}: {status} {answer.text}")
        return False

    async def _note(self, answer: httpx.Response) -> None:
        hint = " Retry-After" if "retry-after" in answer.headers else ""
        self.answers[f"{answer.status_code}{hint}"] += 1

    async def _pause(self) -> None:
        self.repeated += 1
        await asyncio.sleep(PAUSE)


async def _slowly(clip: Clip) -> AsyncIterator[bytes]:
    """Send a file in pieces, a big one over a second or so: a gateway is killed in the middle of some."""
    with clip.path.open("rb") as file:
        while piece := file.read(128 * 1024):
            yield piece
            await asyncio.sleep(0.1)
