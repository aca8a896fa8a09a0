"""The broker's users, one for each service, and what each may do, as definitions that RabbitMQ reads.

No service may declare, change or delete what all share; it stands in the definitions, too. What may be
published in the log is a topic permission: the routing key is the event's type, so a converter that a video
took over can still not report on an account. It can lie about conversions: to report them is its work.

One hole is left: the stream has the name of the exchange, so who may write to the exchange `events` by AMQP
may write to the stream by its own protocol, unchecked. Only the gateway can reach that port.
"""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from msgspec import Struct

from events.log import topology
from events.payload import Payload
from events.routing import keys
from events.types import (
    AccountNotificationFailed,
    AccountNotified,
    AccountPayload,
    FeedPayload,
    HookCreated,
    HookDeleted,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookNotificationFailed,
    HookNotified,
    HookRequested,
    ImportPayload,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFailed,
    JobLinked,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    JobUnlinked,
    JobUploaded,
    JobVideoRemoved,
)

ADMIN = "admin"
RETENTION = "3650D"
"""For how long the log is kept. Change it by changing this policy: it then holds for what is there, too."""

_NOTHING = "^$"
_OWN = r"amq\.gen-.*"
"""Queues that the broker named: one connection's own."""


class User(Struct, frozen=True, kw_only=True):
    """The permissions of one of the broker's users. Names are of exchanges and queues."""

    events: tuple[type[Payload], ...] = ()
    """Of which it may tell in the log."""
    works_on: tuple[str, ...] = ()
    """The queues that it takes work from, and puts work aside for."""
    hands_out: tuple[str, ...] = ()
    """The queues into which it puts work back that was given up."""
    configure: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """`management`: may ask the management API about what it may see."""


_PARKED = tuple(map(topology.parked, topology.WORK_QUEUES))
_OF_MAILS = (AccountNotified, AccountNotificationFailed)

USERS: Mapping[str, User] = {
    "gateway": User(
        events=(
            JobUploaded,
            JobRequeued,
            JobCancelled,
            JobDeleted,
            JobVideoRemoved,
            JobAudioRemoved,
            JobErased,
            JobLinked,
            JobUnlinked,
            JobTranscriptAdded,
            JobTranscriptRemoved,
            HookCreated,
            HookDeleted,
            HookRequested,
            *get_args(FeedPayload),
            *get_args(ImportPayload),
        ),
        works_on=(topology.IMPORTS,),
        hands_out=(topology.MP3, topology.LETTERS, topology.NEWS, topology.HOOKS),
        configure=(topology.PROGRESS, _OWN),
        write=(topology.PROGRESS, _OWN),  # the progress of imports
        read=(topology.STREAM, topology.PROGRESS, _OWN, *map(re.escape, _PARKED)),
        tags=("management",),
    ),
    "auth": User(events=tuple(each for each in get_args(AccountPayload) if each not in _OF_MAILS)),
    "converter": User(
        events=(JobUploaded, JobStarted, JobProbed, JobRetrying, JobConverted, JobFailed),
        works_on=topology.VIDEOS,
        configure=(topology.PROGRESS, _OWN),
        write=(topology.PROGRESS, _OWN),
        read=(topology.WITHDRAWN, _OWN),
    ),
    "notifier": User(
        events=(
            JobNotified,
            JobNotificationFailed,
            JobNotificationDeclined,
            JobLinked,
            *_OF_MAILS,
            HookRequested,
            HookDelivered,
            HookDeliveryFailed,
            HookDisabled,
            HookNotified,
            HookNotificationFailed,
        ),
        works_on=(topology.MP3, topology.LETTERS, topology.NEWS, topology.HOOKS),
        configure=(topology.PROGRESS,),
        write=(topology.PROGRESS,),
    ),
    "scaler": User(),
}
"""Beside the administrator. A converter tells of an upload that only the queue still knows, too. How long a
queue is may everybody ask, and the scaler nothing else."""


def definitions(passwords: Mapping[str, str], *, quorum: bool = False) -> dict[str, Any]:
    """Return the definitions: users with these passwords, and all that `events.log.topology` declares.

    `quorum` makes the work queues replicated ones, for a broker of several nodes.
    """
    kind = {"x-queue-type": "quorum"} if quorum else {}
    queues = topology.queues()
    for queue in topology.WORK_QUEUES:
        queues |= topology.retries(queue, topology.delays(queue))
    bindings = [(topology.EXCHANGE, queue, key) for queue, key in topology.BINDINGS]
    bindings += [(topology.WORK, queue, queue) for queue in queues if queue != topology.STREAM]
    works = "|".join(map(re.escape, topology.WORK_QUEUES))
    every = {"vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": "/"} | ({"metadata": {"default_queue_type": "quorum"}} if quorum else {})],
        "users": [
            _login(ADMIN, passwords[ADMIN], ("administrator",)),
            *(_login(name, passwords[name], user.tags) for name, user in USERS.items()),
        ],
        "permissions": [
            {"user": ADMIN, **every},
            *(_permissions(name, user) for name, user in USERS.items()),
        ],
        "topic_permissions": [row for name, user in USERS.items() for row in _topics(name, user)],
        "exchanges": [_exchange(name, durable) for name, durable in topology.EXCHANGES],
        "queues": [
            {"vhost": "/", "name": name, "durable": True, "auto_delete": False, "arguments": kind | arguments}
            for name, arguments in queues.items()
        ],
        "bindings": [
            *(_binding(*binding) for binding in bindings),
            *(
                _binding(topology.EXCHANGE, topology.WITHDRAWN, key, "exchange")
                for key in topology.WITHDRAWALS
            ),
        ],
        "policies": [
            _policy("retention", topology.STREAM, {"max-age": RETENTION}),
            *([_policy("retries", rf"({works})\.retry\..*", _NEVER_LOST)] if quorum else []),
            *([_policy("parked", "|".join(map(re.escape, _PARKED)), _LOOKED_AT)] if quorum else []),
        ],
    }


_NEVER_LOST = {"dead-letter-strategy": "at-least-once", "overflow": "reject-publish"}
"""Only quorum queues can hand on expired work without a moment in which it is nowhere."""

_LOOKED_AT = {"delivery-limit": 10**9}
"""Who looks at parked work takes it and hands it back. RabbitMQ 4 would drop it at the 20th look."""


def _exchange(name: str, durable: bool) -> dict[str, Any]:
    return {
        "vhost": "/",
        "name": name,
        "type": "topic",
        "durable": durable,
        "auto_delete": False,
        "arguments": {},
    }


def _binding(exchange: str, target: str, key: str, kind: str = "queue") -> dict[str, Any]:
    return {
        "vhost": "/",
        "source": exchange,
        "destination": target,
        "destination_type": kind,
        "routing_key": key,
        "arguments": {},
    }


def _login(name: str, password: str, tags: Iterable[str]) -> dict[str, Any]:
    salt = os.urandom(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    return {
        "name": name,
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ",".join(tags),
    }


def _permissions(name: str, user: User) -> dict[str, str]:
    write = [
        *user.write,
        *([topology.EXCHANGE] if user.events else []),
        *([topology.WORK] if user.works_on or user.hands_out else []),
    ]
    read = [*user.read, *user.works_on]
    return {
        "user": name,
        "vhost": "/",
        "configure": _any(user.configure),
        "write": _any(write),
        "read": _any(read),
    }


def _topics(name: str, user: User) -> Iterable[dict[str, str]]:
    types = _any(re.escape(key) for each in user.events for key in keys(each.TYPE))
    work = _any((*(rf"{queue}(\..+)?" for queue in user.works_on), *map(re.escape, user.hands_out)))
    for exchange, write in ((topology.EXCHANGE, types), (topology.WORK, work)):
        yield {"user": name, "vhost": "/", "exchange": exchange, "write": write, "read": _NOTHING}


def _any(patterns: Iterable[str]) -> str:
    listed = "|".join(patterns)
    return f"^({listed})$" if listed else _NOTHING


def _policy(name: str, pattern: str, definition: dict[str, str] | dict[str, int]) -> dict[str, Any]:
    shown = {"vhost": "/", "name": name, "pattern": f"^({pattern})$", "apply-to": "queues", "priority": 0}
    return shown | {"definition": definition}
