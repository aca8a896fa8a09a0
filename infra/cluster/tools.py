"""`python -m infra.cluster.tools`: brings kustomize and promtool, for the tests of manifests and alert rules.

With `render FOLDER` it also puts every overlay and the Dockerfile there, for a linter to look at; with
`rules FILE` the alert rules, for a Prometheus without its operator.

They are taken out of Debian 13's packages, beside this Python. The system stays as it is: neither its
package sources nor its packages change.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_INFRA = Path(__file__).parents[1]
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCE = f"deb [signed-by={_KEYS}] http://deb.debian.org/debian trixie main"


def find(program: str) -> str | None:
    """Return where a program is, if it is here."""
    beside = Path(sys.executable).parent / program
    return shutil.which(program) or (str(beside) if beside.exists() else None)


def renderer() -> list[str] | None:
    """Return the command that renders a kustomization, if there is one here."""
    if found := find("kustomize"):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    return None


def bring(programs: Sequence[str]) -> None:
    """Take programs out of Debian's packages of the same names.

    Raises CalledProcessError, FileNotFoundError (not Debian).
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        work.chmod(0o755)
        for part in ("lists/partial", "cache/archives/partial"):
            (work / part).mkdir(parents=True)
        (work / "sources.list").write_text(_SOURCE + "\n")
        options = {
            "Dir::Etc::sourcelist": work / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": work / "lists",
            "Dir::Cache": work / "cache",
            "APT::Sandbox::User": "root",
        }
        apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
        subprocess.run([*apt, "update"], check=True)
        for program in programs:
            subprocess.run([*apt, "download", program], check=True, cwd=work)
            (package,) = work.glob(f"{program}_*.deb")
            subprocess.run(["dpkg", "-x", str(package), str(work / "root")], check=True)
            shutil.copy2(work / "root/usr/bin" / program, Path(sys.executable).parent / program)


def render(into: Path) -> None:
    """Write each overlay, the operator's pod, and the Dockerfile. Raises CalledProcessError."""
    into.mkdir(parents=True, exist_ok=True)
    for folder in (*sorted((_INFRA / "minikube/overlays").iterdir()), _INFRA / "minikube/operator"):
        command = [*(renderer() or ["kustomize", "build"]), str(folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        (into / f"{folder.name}.yaml").write_bytes(done.stdout)
    shutil.copy2(_INFRA / "Dockerfile", into)


def rules() -> str:
    """Return the alert rules as Prometheus reads them from a file: JSON, which is YAML, too."""
    import yaml

    source = _INFRA / "minikube/components/monitoring/rules.yaml"
    groups = yaml.safe_load(source.read_text())["spec"]["groups"]
    return json.dumps({"groups": groups}, indent=1) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Bring what is missing, or do as asked."""
    match arguments:
        case ["rules", file]:
            Path(file).write_text(rules())
            return
    missing = [] if renderer() else ["kustomize"]
    if find("promtool") is None:
        missing.append("promtool")
    if missing:
        bring(missing)
    match arguments:
        case ["render", folder]:
            render(Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
