"""The services, each a command that the environment configures. Its help names the variables."""

import importlib
from typing import Any

import click

from cli.tree.command import Told


class Service(Told):
    """A service by its package. It takes no arguments. SIGTERM ends it."""

    def __init__(self, package: str, settings: str) -> None:
        name = package.rpartition(".")[2]
        super().__init__(
            name,
            callback=self._serve,
            help=f"Run one {name}, as the environment tells it. SIGTERM stops it.",
            examples=[f"tonearm {name}"],
            exits={},
        )
        self._package, self._settings = package, settings

    def _serve(self) -> None:
        _of(self._package, "__main__").main([])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the variables of its environment, too."""
        super().format_options(ctx, formatter)
        from service.help import variables

        with formatter.section("Environment, as docs/settings.md explains it"):
            for name, default in variables(getattr(_of(self._package, "settings"), self._settings)):
                formatter.write(f"{'':{formatter.current_indent}}{name:<30} {default}\n")


def _of(package: str, module: str) -> Any:
    return importlib.import_module(f"{package}.{module}")


gateway = Service("gateway", "GatewaySettings")
auth = Service("auth", "AuthSettings")
converter = Service("workers.converter", "ConverterSettings")
notifier = Service("workers.notifier", "NotifierSettings")
