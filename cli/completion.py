"""`tonearm completion SHELL`: print the script by which a shell completes `tonearm`."""

import sys

import click

from cli.tree.command import command
from cli.tree.shells import SHELLS, script


@command(
    examples=[
        'eval "$(tonearm completion bash)"        # in ~/.bashrc',
        'eval "$(tonearm completion zsh)"         # in ~/.zshrc, behind compinit',
        "tonearm completion fish > ~/.config/fish/completions/tonearm.fish",
        "tonearm completion powershell >> $PROFILE",
    ]
)
@click.argument("shell", type=click.Choice([*SHELLS]), help="for which shell")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets a shell complete commands, options, their values and ids of jobs.

    Ids and names come from the gateway that is signed in to; where it is away, nothing is completed.
    """
    sys.stdout.write(script(shell, context.find_root().command))
