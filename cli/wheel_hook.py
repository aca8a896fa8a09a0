"""Puts the manual page and the scripts of shells into a wheel, made from the tree of commands.

That takes an environment that has the services' libraries: `uv build --no-build-isolation` in a checkout.
Without them a wheel is built that lacks these files.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]
    """hatchling's hook for wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, where they can be made."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            pages = made()
        except ImportError as error:
            self.app.display_warning(
                f"the wheel lacks the manual page and completions ({error}); in a checkout, with its"
                " environment, `uv build --wheel --no-build-isolation` makes one that has them"
            )
            return
        finally:
            sys.path.remove(self.root)
        self._folder = tempfile.TemporaryDirectory()  # until the wheel is made
        for number, (place, text) in enumerate(pages.items()):
            file = Path(self._folder.name, str(number))
            file.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what the wheel has now."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()


def made() -> dict[str, str]:
    """Return the files by their places below the environment. Raises ImportError."""
    import structlog  # noqa: F401 - without the services commands would only be named in the page

    from cli.main import tonearm
    from cli.manual import manual_of
    from cli.tree.shells import script

    return {
        "share/man/man1/tonearm.1": manual_of(tonearm),
        "share/bash-completion/completions/tonearm": script("bash", tonearm),
        "share/zsh/site-functions/_tonearm": script("zsh", tonearm),
        "share/fish/vendor_completions.d/tonearm.fish": script("fish", tonearm),
    }
