"""`python -m infra.local.prometheus`: Prometheus with our alert rules, on the local stack, until Ctrl-C."""

import json
import os
import sys
from pathlib import Path

from infra.cluster.tools import bring, find, rules
from infra.local.metrics import TARGETS
from infra.local.settings import LocalSettings

PORT = 9090


def configuration(directory: Path) -> str:
    """Return Prometheus' configuration for the stack in a directory: JSON, which is YAML, too."""
    scrape = {"job_name": "tonearm", "file_sd_configs": [{"files": [str(directory / TARGETS)]}]}
    return json.dumps(
        {
            "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
            "rule_files": [str(directory / "prometheus" / "rules.json")],
            "scrape_configs": [scrape],
        }
    )


def main() -> None:
    """Write what it reads, and become it."""
    directory = LocalSettings(local_dir=os.environ.get("LOCAL_DIR") or ".local").directory.resolve()
    if find("prometheus") is None:
        bring(["prometheus"])
    folder = directory / "prometheus"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "rules.json").write_text(rules())
    (folder / "prometheus.json").write_text(configuration(directory))
    program = find("prometheus") or sys.exit("there is no prometheus here")
    command = [
        program,
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{PORT}",
        "--log.level=warn",
    ]
    print(f"http://127.0.0.1:{PORT}/alerts", flush=True)
    os.execv(program, command)  # noqa: S606 - a fixed list


if __name__ == "__main__":
    main()
