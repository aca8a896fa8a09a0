"""The page folds a job's events as the gateway does: Node runs the script, and the gateway's fold judges."""

import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any, get_args

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from javascript import node

from events.envelope import Event, Recorded, to_json
from events.media import Media
from events.projections.jobs import fold
from events.types import JobPayload, JobProbed
from gateway.jobs.presentation import present
from tests.events.strategies import JOB, OWNER, event_of, orderly, recorded

HERE = Path(__file__).parent
SITE = HERE.parents[2] / "gateway/page/site"


def test_the_page_folds_histories_as_the_gateway_does(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []

    @settings(max_examples=100, database=None, deadline=None, phases=[Phase.generate])
    @given(orderly(), st.randoms(use_true_random=False))
    def tell(events: list[Event], chance: random.Random) -> None:
        found.append(history(events, chance))

    tell()
    (tmp_path / "histories.json").write_bytes(msgspec.json.encode(found))
    done = subprocess.run(
        [node(), "--test", HERE / "fold.test.mjs"],
        env={**os.environ, "HISTORIES": str(tmp_path / "histories.json")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def history(events: list[Event], chance: random.Random) -> dict[str, Any]:
    """Return the events as a browser may hear them, and the job as `GET /jobs` shows it after them."""
    probed = event_of(JobProbed(run=1, media=Media(container="mp4")), JOB, OWNER, events[-1].time)
    events = [*events, probed]
    log = recorded([*events, *chance.sample(events, chance.randint(0, len(events)))])
    heard = [*log, *chance.sample(log, chance.randint(0, len(log)))]
    chance.shuffle(heard)
    middle = log[: chance.randint(0, len(events))]
    return {
        "events": [{"offset": each.offset, "event": msgspec.Raw(to_json(each.event))} for each in heard],
        "shown": shown(log),
        "middle": shown(middle) if middle else None,
    }


def shown(log: list[Recorded]) -> msgspec.Raw:
    view = fold(log)
    assert view is not None
    return msgspec.Raw(to_json(present(view)))


def test_the_page_knows_every_event_of_jobs() -> None:
    known = re.findall(r'^  "(job\.\w+)": {', (SITE / "log/fold.js").read_text(), re.MULTILINE)
    assert set(known) == {payload.TYPE for payload in get_args(JobPayload)}
