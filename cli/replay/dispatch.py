"""`tonearm replay`: the log's own tools, and the one that needs a converter beside the log."""

import importlib

RECONVERT = "reconvert"


def main(argv: list[str]) -> int:
    """Run `tonearm replay`. Returns its exit code."""
    if argv[:1] == [RECONVERT]:
        return int(importlib.import_module("cli.replay.reconvert").main(argv[1:]))
    code = int(importlib.import_module("cli.replay.command").main(argv))
    if argv[:1] in ([], ["-h"], ["--help"]):
        print(f"\nbeside these: {RECONVERT}  convert again as the log tells, and compare the hashes")
    return code
