"""The secrets of a cluster: made once, by chance, and applied from here; never a file, never committed."""

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from events.errors import TonearmError
from infra.cluster.broker import ADMIN, USERS, definitions

SERVICES = ("gateway", "auth", "converter", "notifier")


class UnknownUser(TonearmError):
    """This version's broker has users that the given definitions do not have."""


class Wishes(Struct, frozen=True, kw_only=True):
    """The operator's choices about the secrets."""

    admin_email: str = "admin@mp3converter.com"
    smtp_url: str = "smtp://mail:1025?starttls=never"
    quorum: bool = False
    rabbitmq: str = "rabbitmq"
    mongodb: str = "mongodb:27017"
    replica_set: str = "tonearm"


def made(wishes: Wishes) -> dict[str, dict[str, str]]:
    """Return each secret's fields by its name. Different at each call."""
    broker = {name: _password() for name in (ADMIN, *USERS)}
    database = {name: _password() for name in SERVICES}
    service_token, handover = _password(), f"1:{_password()}"
    fields = {name: _urls(wishes, name, broker[name], database[name]) for name in SERVICES}
    fields["gateway"] |= {
        "STREAM_URL": f"rabbitmq-stream://gateway:{broker['gateway']}@{wishes.rabbitmq}:5552/%2F",
        "RABBITMQ_MANAGEMENT_URL": f"http://gateway:{broker['gateway']}@{wishes.rabbitmq}:15672",
        "SERVICE_TOKEN": service_token,
        "HANDOVER_SECRETS": handover,
    }
    fields["auth"] |= {
        "SERVICE_TOKEN": service_token,
        "ADMIN_EMAIL": wishes.admin_email,
        "ADMIN_PASSWORD": _password(),
    }
    fields["notifier"] |= {
        "SERVICE_TOKEN": service_token,
        "HANDOVER_SECRETS": handover,
        "SMTP_URL": wishes.smtp_url,
    }
    return fields | {
        "signing-key": {"signing-key.pem": _signing_key()},
        "rabbitmq": {
            "cookie": _password(),
            "definitions.json": json.dumps(definitions(broker, quorum=wishes.quorum)),
            "ADMIN_PASSWORD": broker[ADMIN],
        },
        "scaler": {"RABBITMQ_URL": f"amqp://scaler:{broker['scaler']}@{wishes.rabbitmq}:5672/%2F"},
        "mongodb": {
            "keyfile": _password(),
            "ROOT_PASSWORD": _password(),
            **{f"{name.upper()}_PASSWORD": password for name, password in database.items()},
        },
        "postgres": {"POSTGRES_PASSWORD": _password()},
    }


def manifests(fields: Mapping[str, Mapping[str, str]], namespace: str = "tonearm") -> dict[str, Any]:
    """Return them as one list for `kubectl apply`."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": "tonearm"},
            },
            "type": "Opaque",
            "stringData": dict(values),
        }
        for name, values in fields.items()
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def renewed(secret: Mapping[str, Any], *, quorum: bool = False) -> dict[str, Any]:
    """Return the secret `rabbitmq` with what this version declares; users and passwords are those it has.

    `secret` is as Kubernetes gives it. `quorum` makes its work queues replicated ones, which they stay.
    Raises UnknownUser, KeyError, ValueError.
    """
    old = json.loads(base64.b64decode(secret["data"]["definitions.json"], validate=True))
    users = {user["name"]: user for user in old["users"]}
    if new := {ADMIN, *USERS} - users.keys():
        raise UnknownUser(f"these users of the broker have no password yet: {', '.join(sorted(new))}")
    replicated = old["vhosts"] != definitions(dict.fromkeys(users, ""))["vhosts"]
    wanted = definitions(dict.fromkeys(users, ""), quorum=quorum or replicated)
    wanted["users"] = [{**users[user["name"]], "tags": user["tags"]} for user in wanted["users"]]
    data = {"definitions.json": base64.b64encode(json.dumps(wanted).encode()).decode()}
    about = {name: value for name, value in secret["metadata"].items() if name in _NAMED}
    return {**secret, "metadata": about, "data": secret["data"] | data}


_NAMED = ("name", "namespace", "labels")
"""The fields of an object's metadata that are its owner's, not the cluster's."""


def write(fields: Mapping[str, Mapping[str, str]], directory: Path) -> None:
    """Write them as files that only we can reach, for containers without a cluster.

    `<secret>.env` holds what are variables, `<secret>/<field>` each field. Containers' users are not ours: so
    the files can be read by all who get there, which is nobody but them. Raises FileExistsError: what is
    there is in use.
    """
    directory.mkdir(mode=0o700, parents=True)
    for name, values in fields.items():
        (directory / name).mkdir()
        for field, value in values.items():
            (directory / name / field).write_text(value)
        variables = {field: value for field, value in values.items() if field.isupper()}
        (directory / f"{name}.env").write_text(
            "".join(f"{key}={value}\n" for key, value in variables.items())
        )


def _urls(wishes: Wishes, name: str, broker: str, database: str) -> dict[str, str]:
    options = f"authSource=tonearm&replicaSet={wishes.replica_set}&w=majority"
    return {
        "RABBITMQ_URL": f"amqp://{name}:{broker}@{wishes.rabbitmq}:5672/%2F",
        "MONGODB_URL": f"mongodb://{name}:{database}@{wishes.mongodb}/tonearm?{options}",
    }


def _password() -> str:
    return secrets.token_hex(24)  # needs no quoting in a URL, and is base64 enough for MongoDB's key file


def _signing_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )
