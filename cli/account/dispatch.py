"""`tonearm account`: what operators do stands in `cli.account`; keys are their owners' own, over HTTP."""

from cli.account import command as operating
from cli.account import keys


def main(argv: list[str]) -> int:
    """Run `tonearm account`. Returns its exit code, or raises TonearmError."""
    return keys.main(argv[1:]) if argv[:1] == ["keys"] else operating.main(argv)
