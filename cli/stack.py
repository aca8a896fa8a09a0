"""`tonearm up`, `down`, `status` and `doctor`: the local stack from the command line."""

import argparse
import os
import sys
import time

from cli.exits import Exit
from infra.local import given


def up(argv: list[str]) -> int:
    """Run the stack here, or start it in the background."""
    parser = argparse.ArgumentParser(
        prog="tonearm up", description="Run the local stack. Ctrl-C stops all of it."
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-d", "--detach", action="store_true", help="in the background; return once it is ready")
    how.add_argument("--no-logs", action="store_true", help="do not show the logs, only write them")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # what `--detach` hands over
    options = parser.parse_args(argv)
    from infra.local import stack

    settings = given.settings(os.environ)
    if options.detach:
        reached = stack.ensure_up(_say)
        _say(f"Tonearm is ready: {reached['PUBLIC_URL']}  (./justw down stops it)")
    else:
        stack.run(settings, _say, show_logs=not options.no_logs, lock=options.lock)
    return Exit.OK


def down(argv: list[str]) -> int:
    """Stop the stack; the data stays."""
    argparse.ArgumentParser(prog="tonearm down", description="Stop the local stack.").parse_args(argv)
    from infra.local import stack

    directory = given.settings(os.environ).directory
    _say(f"stopped; the data stays in {directory}" if stack.down(directory) else "nothing runs")
    return Exit.OK


def status(argv: list[str]) -> int:
    """Show what runs. Exit code 69 when the stack does not run or is not ready."""
    parser = argparse.ArgumentParser(prog="tonearm status", description="Show what of the local stack runs.")
    parser.add_argument(
        "--env", action="store_true", help="print the variables to reach it by, for a shell's eval"
    )
    options = parser.parse_args(argv)
    from infra.local import state

    directory = given.settings(os.environ).directory
    known = state.running(directory)
    if known is None:
        pid = state.holder(directory)
        _say(
            f"the stack is just being started or ended by process {pid}"
            if pid
            else "the stack does not run; start it with `./justw up`"
        )
        return Exit.UNAVAILABLE
    if options.env:
        import shlex

        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in known.environment.items()))
        return Exit.OK
    for part in known.components:
        restarts = f"  restarts: {part.restarts}" if part.restarts else ""
        print(f"{part.name:<12} {part.phase:<10} pid {part.pid or '-'}{restarts}")
    print(f"\nup for {time.time() - known.started:.0f} s, process {known.pid}")
    for title, name in (
        ("gateway", "PUBLIC_URL"),
        ("first admin", "ADMIN_EMAIL"),
        ("password", "ADMIN_PASSWORD"),
        ("data", "LOCAL_DIR"),
    ):
        if name in known.environment:
            print(f"{title:<12} {known.environment[name]}")
    return Exit.OK if known.ready else Exit.UNAVAILABLE


def doctor(argv: list[str]) -> int:
    """Say what is missing. Exit code 69 when anything is."""
    argparse.ArgumentParser(prog="tonearm doctor", description="Say what is missing.").parse_args(argv)
    from infra.local.doctor import examine

    healthy = True
    for finding in examine(given.settings(os.environ)):
        healthy &= finding.ok
        print(f"{'ok' if finding.ok else 'MISSING':<8} {finding.what:<12} {finding.found}")
        if not finding.ok:
            print(f"{'':<8} {'':<12} → {finding.mend}")
    return Exit.OK if healthy else Exit.UNAVAILABLE


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
