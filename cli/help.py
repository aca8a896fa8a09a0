"""`tonearm help [COMMAND]`: the same as `--help`."""

from collections.abc import Sequence

import click

from cli.tree.command import command


@command(name="help", examples=["tonearm help", "tonearm help jobs list"])
@click.argument("words", nargs=-1, metavar="[COMMAND]...", help="of which command")
@click.pass_context
def help_(context: click.Context, words: Sequence[str]) -> None:
    """Tell of a command what its --help does, or of all."""
    at = context.find_root()
    for word in words:
        group = at.command
        found = group.get_command(at, word) if isinstance(group, click.Group) else None
        if found is None:
            known = group.list_commands(at) if isinstance(group, click.Group) else ()
            raise click.NoSuchCommand(word, possibilities=known, ctx=at)
        at = click.Context(found, info_name=word, parent=at)
    click.echo(at.get_help())
