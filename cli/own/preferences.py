"""`tonearm preferences`: which mails about your jobs you get from a gateway."""

from typing import Any

import click
import msgspec
from msgspec import Struct

from cli.client.answers import read_as
from cli.client.asking import EXITS, asking
from cli.client.gateway import Gateway
from cli.tree.command import command
from cli.tree.printer import Printer, printing
from service.mail_preference import MailPreference

_TOLD = {
    MailPreference.ALL: "about each job",
    MailPreference.FAILURES: "about jobs that failed",
    MailPreference.NONE: "about none",
}


class Preferences(Struct, frozen=True):
    """The choices. `links`: mails about audio have a link that needs no sign-in."""

    mails: MailPreference
    links: bool = False


@command(
    examples=["tonearm preferences", "tonearm preferences --mails failures", "tonearm preferences --links"],
    exits=EXITS,
    output="Preferences",
)
@click.option(
    "--mails", type=click.Choice([*map(str, MailPreference)]), help="which mails about your jobs you get"
)
@click.option(
    "--links/--no-links", default=None, help="whether those about audio have a link that needs no sign-in"
)
@printing
@asking
def preferences(gateway: Gateway, mails: str | None, links: bool | None, out: Printer) -> None:
    """Print which mails about your jobs you get, or choose. Mails about the account itself always come."""
    with gateway.asking("GET", "/preferences") as answer:
        known, body = read_as(answer, Preferences), answer.content
    if mails is not None or links is not None:
        wanted: dict[str, Any] = {"mails": mails or known.mails}
        if links is not None:
            wanted["links"] = links
        with gateway.asking("PUT", "/preferences", content=msgspec.json.encode(wanted)) as answer:
            known, body = read_as(answer, Preferences), answer.content
    told = [("mails", f"{known.mails}: {_TOLD[known.mails]}"), ("links", "yes" if known.links else "no")]
    out.rows(body, told)
