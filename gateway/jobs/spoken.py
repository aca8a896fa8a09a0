"""Finds jobs by what their audio says. The words lie beside each transcript, and go with it.

They are looked for as a whole text, as names are: an index of words would take the database half a second a
transcript. So the time grows with all that an account has: some 0.4 s for 500 hours on SecantusDB.
"""

import re
from typing import Any

from pymongo import DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from events.mongodb_errors import translated
from service.blobs import OF_ACCOUNT, OF_JOB, TRANSCRIPTS, WORDS
from service.transcripts.cues import as_searched

SHORTEST = 2
"""Characters: less is said in every recording."""
MOST = 200
"""Jobs that are found, the newest ones. SecantusDB answers slowly for long lists of them."""


class Spoken:
    """The words of all transcripts."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self._files = database[f"{TRANSCRIPTS}.files"]

    async def jobs(self, account: str, text: str) -> frozenset[str]:
        """Return the jobs of an account in which somebody says this, in any case. Raises Unavailable."""
        searched = as_searched(text)
        if len(searched) < SHORTEST:
            return frozenset()
        wanted = {OF_ACCOUNT: account, WORDS: {"$regex": re.escape(searched)}}
        with translated("the storage of transcripts"):
            jobs: set[str] = set()
            async for each in self._files.find(wanted, {OF_JOB: 1}).sort(OF_JOB, DESCENDING):
                jobs.add(each["metadata"]["job_id"])  # one for each of its tracks
                if len(jobs) == MOST:
                    break
            return frozenset(jobs)
