"""`python -m infra.cluster.tools`: brings kustomize, for the tests of the manifests, where it is missing.

With `render FOLDER` it also puts every overlay and the Dockerfile there, for a linter to look at.

Debian 12 has none and Debian 13 has, so there it is taken out of that package, beside this Python. The system
stays as it is: neither its package sources nor its packages change.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_INFRA = Path(__file__).parents[1]
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCE = f"deb [signed-by={_KEYS}] http://deb.debian.org/debian trixie main"


def renderer() -> list[str] | None:
    """Return the command that renders a kustomization, if there is one here."""
    beside = Path(sys.executable).parent / "kustomize"
    if found := shutil.which("kustomize") or (str(beside) if beside.exists() else None):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    return None


def bring_kustomize() -> None:
    """Take kustomize out of Debian's package. Raises CalledProcessError, FileNotFoundError (not Debian)."""
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
        subprocess.run([*apt, "download", "kustomize"], check=True, cwd=work)
        (package,) = work.glob("kustomize_*.deb")
        subprocess.run(["dpkg", "-x", str(package), str(work / "root")], check=True)
        shutil.copy2(work / "root/usr/bin/kustomize", Path(sys.executable).parent / "kustomize")


def render(into: Path) -> None:
    """Write each overlay, and the Dockerfile. Raises CalledProcessError."""
    into.mkdir(parents=True, exist_ok=True)
    for overlay in sorted((_INFRA / "minikube/overlays").iterdir()):
        command = [*(renderer() or ["kustomize", "build"]), str(overlay)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        (into / f"{overlay.name}.yaml").write_bytes(done.stdout)
    shutil.copy2(_INFRA / "Dockerfile", into)


if __name__ == "__main__":
    if renderer() is None:
        bring_kustomize()
    match sys.argv[1:]:
        case ["render", folder]:
            render(Path(folder))
