"""`tonearm convert` as it is typed, in this process and in one of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cli.main import main
from tests.cli.gateways import Gateway

ROOT = Path(__file__).parents[3]
ONE_FAILED = 101
PATIENCE = 45.0


def convert(server: Gateway, *arguments: str | Path) -> int:
    return main(["convert", *map(str, arguments), "--url", server.url])


def run(server: Gateway, *arguments: str | Path, **more: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "cli.main", "convert", *arguments, "--url", server.url]
    environ = os.environ | more.pop("env", {})
    return subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, **more)
