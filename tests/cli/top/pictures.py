"""Systems to draw: an empty one, one machine at its work, a cluster in trouble."""

from datetime import UTC, datetime, timedelta
from math import sin
from typing import Any

import msgspec

from cli.top.answers import AnyJobs, Event, History, Overview, ParkedItems
from cli.top.model import Model
from cli.top.news import GivenUp, Heard, Listening, Looked, Met, Remembered

NOON = datetime(2026, 11, 30, 12, 4, 31, tzinfo=UTC)
QUEUES = ("video", "video.bulk", "mp3", "letters", "news", "hooks", "imports")
CHECKS = dict.fromkeys(
    ("mongodb", "publisher", "tail", "revocations", "topology", "projection", "auth"), None
)
NAMES = (
    "talk-at-fosdem-2026.mp4",
    "Vorlesung 07 – Übertragung und Rückkopplung.mkv",
    "講義.mp4",
    "interview.mov",
    "a.webm",
    "Board meeting 2026-11-28 (full recording, both cameras).mp4",
    "sermon.ts",
    "demo \u202e4pm.exe.mp4",
)


def time(seconds: float) -> str:
    return (NOON - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def job_id(n: int) -> str:
    return f"019a{n:04x}-7000-7000-8000-{n * 7919:012x}"


def overview(*, converters: int = 2, slots: int = 2, busy: int = 3, **more: Any) -> dict[str, Any]:
    workers: list[dict[str, Any]] = []
    for n in range(converters):
        mine = range(n * slots, min(busy, (n + 1) * slots))
        workers.append(
            worker("converter", f"converter-6f7c9d-{n:04x}/7", slots, [work(each) for each in mine])
            | {"disk": {"total": 500 * 10**9 + n, "free": 210 * 10**9}}
        )
    workers += [worker("gateway", f"gateway-5c-{n}/1", 4, []) for n in range(2)]
    workers.append(worker("notifier", "notifier-a/1", 8, []))
    return {
        "jobs": {
            "uploaded": 4,
            "converting": busy,
            "retrying": 1,
            "failed": 2,
            "notified": 8412,
            "cancelled": 3,
        },
        "log": {
            "last": 52000,
            "read": 52000,
            "projected": 52000,
            "lacking": 0,
            "waiting_seconds": 0.0,
            "trouble": None,
        },
        "queues": [
            {
                "name": name,
                "waiting": 4 * (name == "video"),
                "retrying": int(name == "video"),
                "parked": 0,
                "idle_workers": 1,
            }
            for name in QUEUES
        ],
        "workers": workers,
        "listening_since": time(9000),
        "checks": CHECKS,
        "disks": [{"name": "mongodb", "free": 310 * 10**9, "total": 900 * 10**9, "low": None, "alarms": []}],
    } | more


def worker(kind: str, name: str, slots: int, works: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "version": "1.4.0",
        "since": time(9000),
        "seen": time(1),
        "slots": slots,
        "working_on": works,
        "disk": None,
    }


def work(n: int) -> dict[str, Any]:
    percent = None if n == 4 else (n * 37 + 12) % 100
    total = 600.0 + 900 * n
    return {
        "queue": "video",
        "subject": job_id(n),
        "attempt": 1 + (n == 2),
        "since": time(40 + 9 * n),
        "percent": percent,
        "seconds_done": None if percent is None else total * percent / 100,
        "seconds_total": total,
        "speed": None if percent is None else 38.4 + 31 * n,
    }


def jobs(count: int) -> list[dict[str, Any]]:
    return [
        {
            "job_id": job_id(n),
            "state": "converting",
            "account": "acc",
            "filename": NAMES[n % len(NAMES)],
            "created": time(90),
        }
        for n in range(count)
    ]


def failed(n: int, code: str, message: str, ago: float) -> dict[str, Any]:
    return {
        "job_id": job_id(100 + n),
        "state": "failed",
        "filename": NAMES[(n + 3) % len(NAMES)],
        "created": time(ago + 60),
        "finished_at": time(ago),
        "error": {"code": code, "message": message},
        "done": True,
    }


FAILURES = (
    failed(1, "no_audio", "The video has no audio track.", 75),
    failed(2, "truncated", "The file ends before its index: it was not uploaded as a whole.", 1260),
    failed(3, "timed_out", "The conversion took longer than 3,600 seconds.", 9000),
    failed(4, "internal", "It may work later.", 86400 * 2),
)


def event(n: int, type_: str, subject: str, ago: float, **data: Any) -> dict[str, Any]:
    return {
        "id": f"e{n}",
        "type": type_,
        "time": time(ago),
        "subject": subject,
        "account": "acc",
        "data": data,
    }


def events(count: int) -> list[dict[str, Any]]:
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("job.uploaded", {"filename": "x.mp4"}),
        ("job.started", {"worker": "converter-6f7c9d-0001/7"}),
        ("job.probed", {}),
        ("job.converted", {"seconds_spent": 3.2}),
        ("job.notified", {"about": "job.converted"}),
        ("account.signed_in", {}),
        ("job.retrying", {"reason": "ConnectionResetError()", "attempt": 1, "run": 1}),
        ("job.converted", {"run": 1, "seconds_spent": 3.2}),
    )
    told = []
    for n in range(count):
        type_, data = kinds[n % len(kinds)]
        told.append(event(n, type_, job_id(n // 6), (count - n) * 1.7, **data))
    return told


def history() -> dict[str, Any]:
    points: list[dict[str, Any]] = []
    for n in range(61):
        made = max(0, int(6 + 5 * sin(n / 7) + n % 3))
        points.append(
            {
                "at": time(3600 - 60 * n),
                "done": {
                    "made": made,
                    "converted": max(0, made - n % 2),
                    "failed": int(n % 17 == 0),
                    "cancelled": 0,
                    "failures": {},
                    "audio_seconds": 1.0,
                    "work_seconds": 1.0,
                    "realtime_factor": 40 + 12 * sin(n / 5),
                },
                "look": None
                if 20 < n < 24
                else {
                    "jobs": {},
                    "lacking": 0,
                    "waiting_seconds": 0.05 * (n % 4),
                    "queues": {
                        name: {
                            "waiting": max(0, int(9 * sin(n / 9))) if name == "video" else 0,
                            "retrying": 0,
                            "parked": 0,
                        }
                        for name in QUEUES
                    },
                },
            }
        )
    return {"points": points}


def model(
    told: dict[str, Any], *, met: int = 12, heard: int = 80, gateway: str = "tonearm.example.org"
) -> Model:
    """A system that has been looked at for two minutes."""
    known = Model(gateway)
    for each in events(heard):
        known.take(Heard(msgspec.convert(each, Event)))
    for ago in range(120, -1, -1):
        offset = told["log"]["last"] - sum(2 + 9 * (n % 23 == 0) + n % 5 for n in range(ago))
        log = told["log"] | {"last": offset}
        known.take(Looked(NOON - timedelta(seconds=ago), msgspec.convert(told | {"log": log}, Overview)))
    known.take(Remembered(msgspec.convert(history(), History)))
    known.take(Met(msgspec.convert({"items": [*jobs(met), *FAILURES]}, AnyJobs).items))
    return known


def busy() -> Model:
    """One machine at its work."""
    return model(overview())


def idle() -> Model:
    """A new machine without work."""
    quiet = overview(converters=1, busy=0, jobs={})
    quiet["queues"] = [each | {"waiting": 0, "retrying": 0} for each in quiet["queues"]]
    known = Model("127.0.0.1:8080")
    known.take(Looked(NOON, msgspec.convert(quiet, Overview)))
    for news in (Listening(), Met([], "failed"), Met([], "converting")):
        known.take(news)
    return known


def troubled() -> Model:
    """A cluster with much work, and much that needs somebody."""
    told = overview(converters=14, slots=2, busy=23)
    told["workers"][3]["version"] = "1.5.0"
    told["log"] |= {"lacking": 1204, "waiting_seconds": 47.2}
    told["checks"] = CHECKS | {"auth": "it does not answer"}
    told["queues"] = [each | {"parked": 3 * (each["name"] in ("video", "mp3"))} for each in told["queues"]]
    told["queues"][1] |= {"waiting": 12804, "idle_workers": 0}
    told["disks"] = [
        *told["disks"],
        {"name": "rabbit@rabbitmq-0", "free": 60 * 10**6, "total": None, "low": 50 * 10**6, "alarms": []},
    ]
    known = model(told, met=30, heard=400)
    parked = {
        "items": [
            {"queue": "video", "reason": "OSError(28)", "attempt": 5, "job_id": job_id(9), "event_id": "p"}
        ]
    }
    known.take(GivenUp(msgspec.convert(parked, ParkedItems).items))
    return known
