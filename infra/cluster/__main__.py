"""`python -m infra.cluster secrets`: prints all secrets, made anew, as manifests for `kubectl apply -f -`."""

import argparse
import json
import sys

from infra.cluster.secrets import Wishes, made, manifests


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m infra.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True)
    secrets = commands.add_parser("secrets", help="make all secrets anew, and print them as manifests")
    secrets.add_argument("--admin-email", default=Wishes().admin_email, help="the first admin")
    secrets.add_argument(
        "--smtp-url", default=Wishes().smtp_url, help="where mails go; without it the mail catcher"
    )
    secrets.add_argument("--quorum", action="store_true", help="work queues for a broker of three nodes")
    asked = parser.parse_args()
    wishes = Wishes(admin_email=asked.admin_email, smtp_url=asked.smtp_url, quorum=asked.quorum)
    json.dump(manifests(made(wishes)), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
