"""`tonearm account`: what operators do stands in `auth.operating`; keys are their owners' own, over HTTP."""

from auth.operating import cli as operating
from cli import keys


def main(argv: list[str]) -> int:
    """Run `tonearm account`. Returns its exit code, or raises TonearmError."""
    return keys.main(argv[1:]) if argv[:1] == ["keys"] else operating.main(argv)
