"""The reference of a rebuild's writing: pymongo putting the same documents into the same database, alone."""

import time
from typing import Any

from pymongo import MongoClient

from events.projections.job_view import COLLECTION

AT_ONCE = 4000
"""Documents; about as many as a rebuild writes at a time."""
TARGET = "bare"


def insert(url: str) -> float:
    """Copy the live views into a new collection with their index, and return the seconds that writing took.

    Reading them is not counted. The copy is removed.
    """
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database("tonearm")
        alias = database["projections"].find_one({"_id": COLLECTION})
        assert alias is not None
        target = database[TARGET]
        spent = 0.0
        try:
            target.create_index("place")
            with database[alias["live"]].find({}, batch_size=AT_ONCE) as cursor:
                while documents := cursor.to_list(AT_ONCE):
                    begin = time.perf_counter()
                    target.insert_many(documents, ordered=False)
                    spent += time.perf_counter() - begin
        finally:
            target.drop()
    return spent
