"""`./justw cluster`: makes what is secret, for a cluster or for containers on one machine."""

import argparse
import json
import os
import sys
from pathlib import Path

from infra.cluster.secrets import UnknownUser, Wishes, made, manifests, renewed, write


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="./justw cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    cluster = commands.add_parser("secrets", help="print all secrets, made anew, for `kubectl apply -f -`")
    cluster.add_argument("--namespace", default="tonearm")
    quorum = "work queues for a broker of three nodes"
    cluster.add_argument("--quorum", action="store_true", help=quorum)
    newer = commands.add_parser(
        "definitions",
        help="read the secret `rabbitmq` (kubectl get secret -o json), and print it with this version's"
        " queues and permissions; passwords stay",
    )
    newer.add_argument("--quorum", action="store_true", help=quorum)
    files = commands.add_parser("files", help="write all secrets, made anew, as files for compose.yaml")
    files.add_argument("directory", type=Path)
    for command in (cluster, files):
        command.add_argument("--admin-email", default=Wishes().admin_email, help="the first admin")
        command.add_argument("--smtp-url", default=Wishes().smtp_url, help="by default the mail catcher")
    asked = parser.parse_args()
    if asked.command == "definitions":
        return _definitions(quorum=asked.quorum)
    wishes = Wishes(
        admin_email=asked.admin_email, smtp_url=asked.smtp_url, quorum=getattr(asked, "quorum", False)
    )
    if asked.command == "secrets":
        json.dump(manifests(made(wishes), asked.namespace), sys.stdout, indent=1)
        return 0
    try:
        write(made(wishes), asked.directory)
    except FileExistsError:
        print(f"{asked.directory} is there already, and what it holds is in use", file=sys.stderr)
        return 1
    return 0


def _definitions(*, quorum: bool) -> int:
    try:
        json.dump(renewed(json.load(sys.stdin), quorum=quorum), sys.stdout, indent=1)
    except (ValueError, KeyError) as error:
        print(f"on standard input is no secret `rabbitmq`: {error!r}", file=sys.stderr)
        return 1
    except UnknownUser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads the output any more, as in `… | head`
        os._exit(0)  # at its own end Python would flush once more
    sys.exit(code)
