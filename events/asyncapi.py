"""The log's contract for people and programs that do not read Python, as one AsyncAPI 3.0 document.

`python -m events.asyncapi` prints it; `--write` puts it into `events/schemas/`, beside the JSON Schemas.
It is generated from the structs, the topology and the two tables below; the files are committed, and a
test fails when they are behind. https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import sys
from collections.abc import Iterable

from events import schemas
from events.envelope import CONTENT_TYPE, Event
from events.log import topology
from events.log.progress import Progress
from events.registry import REGISTRY
from events.routing import keys, type_of
from events.schemas import Json

SENDS: dict[str, tuple[str, ...]] = {
    "gateway": (
        "job.uploaded",
        "job.requeued",
        "job.cancelled",
        "job.deleted",
        "job.video_removed",
        "job.audio_removed",
        "job.erased",
        "job.linked",
        "job.unlinked",
        "job.transcript_added",
        "job.transcript_removed",
        "hook.created",
        "hook.deleted",
        "hook.requested",
        "feed.created",
        "feed.revoked",
        "import.requested",
        "import.failed",
        "import.cancelled",
    ),
    "auth": (
        "account.registered",
        "account.signed_in",
        "account.sign_in_refused",
        "account.changed",
        "account.revoked",
        "account.erased",
        "account.letter_requested",
    ),
    "converter": ("job.started", "job.probed", "job.retrying", "job.converted", "job.failed"),
    "notifier": (
        "job.notified",
        "job.notification_failed",
        "job.notification_declined",
        "job.linked",
        "account.notified",
        "account.notification_failed",
        "hook.requested",
        "hook.delivered",
        "hook.delivery_failed",
        "hook.disabled",
        "hook.notified",
        "hook.notification_failed",
    ),
    "operator": ("job.requeued",),
}
"""The types that each service appends to the log. The operator is a person with `tonearm replay`; what
`tonearm account` publishes, auth may publish, too."""

WORKS: dict[str, str] = {
    topology.VIDEO: "converter",
    topology.BULK: "converter",
    topology.MP3: "notifier",
    topology.LETTERS: "notifier",
    topology.NEWS: "notifier",
    topology.HOOKS: "notifier",
    topology.IMPORTS: "gateway",
}
"""The service that takes each queue's work."""

_EVERY = {f"{type_}.v{version}": (type_, version) for type_, version in REGISTRY.shapes()}
_CURRENT = {type_: f"{type_}.v{payload.VERSION}" for type_, payload in REGISTRY.current.items()}


def document() -> Json:
    """Return the AsyncAPI document. Its messages are named like the files: `job.uploaded.v1`."""
    messages = {name: _message(*key) for name, key in _EVERY.items()}
    messages["progress"] = {
        "name": "progress",
        "summary": schemas.summary(Progress),
        "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/Progress"},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tonearm",
            "version": "1.0.0",
            "description": "Videos in, audio out. Every change of state is one CloudEvents 1.0 event, "
            "published once, with a confirm, to the exchange `events`; the event is the work message too. "
            "Delivery is at least once and in no promised order: what is told twice has the same id, and "
            "readers keep the first.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": schemas.components([Event, Progress, *REGISTRY.shapes().values()]),
        },
    }


def files() -> dict[str, Json]:
    """Return all that belongs into `events/schemas/`, by name."""
    return {"asyncapi.json": document()} | schemas.documents()


def _channels() -> Json:
    channels: Json = {
        "events": {
            "title": "Where every event is published",
            "description": "A topic exchange. The routing key is the event's type, with `.bulk` where the "
            "work waits behind the first jobs of every account.",
            "address": "{key}",
            "parameters": {"key": {"enum": [key for each in _CURRENT for key in keys(each)]}},
            "messages": _refs("components", _CURRENT.values()),
            "bindings": _topic_exchange(topology.EXCHANGE, durable=True),
        },
        "log": {
            "title": "The log: every event, in every version ever written",
            "description": "A stream, bound with `#`, read from any offset by the stream protocol.",
            "address": topology.STREAM,
            "messages": _refs("components", _EVERY),
            "bindings": _queue(topology.STREAM),
        },
        "progress": {
            "title": "How far each conversion is",
            "description": "A transient topic exchange; at most two messages a second per job, never stored.",
            "address": "{job_id}",
            "parameters": {"job_id": {"description": "The job's id."}},
            "messages": _refs("components", ["progress"]),
            "bindings": _topic_exchange(topology.PROGRESS, durable=False),
        },
        "withdrawn": {
            "title": "Work that nobody wants any more",
            "description": "A topic exchange, bound to that of all events. Each converter has a queue of its "
            "own there, and looks at the views for what it has missed.",
            "address": "{type}",
            "parameters": {"type": {"enum": list(topology.WITHDRAWALS), "description": "The event's type."}},
            "messages": _refs("components", [_CURRENT[key] for key in topology.WITHDRAWALS]),
            "bindings": _topic_exchange(topology.WITHDRAWN, durable=True),
        },
    }
    for queue, service in WORKS.items():
        types = [type_of(key) for bound, key in topology.BINDINGS if bound == queue]
        channels[queue] = {
            "title": f"Work for the {service}",
            "description": "Work that has to wait, or is given up, goes to queues of its own and never "
            "through the exchange.",
            "address": queue,
            "messages": _refs("components", [_CURRENT[each] for each in types]),
            "bindings": _queue(queue),
        }
    return channels


def _topic_exchange(name: str, *, durable: bool) -> Json:
    exchange = {"name": name, "type": "topic", "durable": durable, "autoDelete": False}
    return {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}}


def _queue(name: str) -> Json:
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
    return {"amqp": {"is": "queue", "queue": queue, "bindingVersion": "0.3.0"}}


def _operations() -> Json:
    operations: Json = {}
    for service, types in SENDS.items():
        told = _refs("channels/events", [_CURRENT[type_] for type_ in types])
        operations[f"{service}.publishes"] = {
            **_operation("send", "events", f"What the {service} tells.", deliveryMode=2),
            "messages": list(told.values()),
        }
    for queue, service in WORKS.items():
        does = f"What the {service} does; acknowledged once the result's event is confirmed."
        operations[f"{service}.works_on_{queue}"] = _operation("receive", queue, does, ack=True)
    for reader in ("gateway", "operator"):
        operations[f"{reader}.reads"] = _operation("receive", "log", "Views are folded from the log.")
    operations["converter.reports"] = _operation("send", "progress", "How far it is.", deliveryMode=1)
    operations["converter.hears"] = _operation(
        "receive", "withdrawn", "It stops what it has of that work.", ack=False
    )
    operations["gateway.follows"] = _operation("receive", "progress", "Shown to who watches.", ack=False)
    return operations


def _operation(action: str, channel: str, summary: str, **amqp: int | bool) -> Json:
    operation: Json = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
    return operation | ({"bindings": {"amqp": amqp | {"bindingVersion": "0.3.0"}}} if amqp else {})


def _refs(place: str, names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/{place}/messages/{name}"} for name in names}


def _message(type_: str, version: int) -> Json:
    shape = REGISTRY.shapes()[type_, version]
    attributes = {
        "type": {"const": type_},
        "dataschema": {"const": f"urn:tonearm:event:{type_}:{version}"},
        "data": {"$ref": f"#/components/schemas/{shape.__name__}"},
    }
    return {
        "name": type_,
        "title": f"{type_}, version {version}",
        "summary": schemas.summary(shape),
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Event"}, {"type": "object", "properties": attributes}]
        },
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.stdout.buffer.write(schemas.pretty(document()))
        case ["--write"]:
            schemas.write(files())
        case _:
            sys.exit("usage: python -m events.asyncapi [--write]")
