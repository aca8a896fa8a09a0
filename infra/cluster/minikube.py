"""`python -m infra.cluster.minikube`: from nothing to Tonearm on minikube, each step safe to repeat.

| exit code | what happened |
|---|---|
| 0 | it runs; the lines for /etc/hosts are printed |
| 1 | a step failed; what it was is the last line |
| 3 | minikube or kubectl is not installed |
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from infra.cluster.secrets import UnknownUser, Wishes, made, manifests, renewed

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "tonearm"
HOSTS = "mp3converter.com rabbitmqmanager.com"
OVERLAYS = {1: "minikube", 3: "three-nodes"}
WORKLOADS = (
    *("statefulset/rabbitmq", "statefulset/mongodb", "deployment/auth", "deployment/gateway"),
    *("deployment/converter", "deployment/notifier"),
)
WAIT = "600s"
_WHERE = {
    "minikube": "https://minikube.sigs.k8s.io/docs/start/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}


class StepFailed(Exception):
    """A program that was asked to do something did not; the text names it."""


def main() -> int:
    """Do all steps."""
    parser = argparse.ArgumentParser(prog="./justw minikube", description="Run Tonearm on minikube.")
    parser.add_argument(
        "--nodes", type=int, choices=tuple(OVERLAYS), default=1, help="of minikube and of RabbitMQ"
    )
    parser.add_argument("--profile", default="minikube", help="minikube's, and kubectl's context")
    asked = parser.parse_args()
    missing = [f"  {name}: {where}" for name, where in _WHERE.items() if shutil.which(name) is None]
    if missing:
        print("not installed:", *missing, sep="\n", file=sys.stderr)
        return 3
    try:
        install(asked.profile, asked.nodes)
    except (StepFailed, UnknownUser) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


def install(profile: str, nodes: int) -> None:
    """Start, build, make secrets once, apply, wait, and print the way in. Raises StepFailed, UnknownUser."""
    minikube, kubectl = ("minikube", "-p", profile), ("kubectl", "--context", profile)
    if not _works(*minikube, "status"):
        _say("starting minikube")  # Calico, because a NetworkPolicy is only as good as who enforces it
        _do(*minikube, "start", f"--nodes={nodes}", "--cni=calico", "--cpus=4", "--memory=6g")
    for target in ("service", "converter"):
        _say(f"building the image tonearm/{target}")
        image = f"tonearm/{target}:0.1.0"
        build = (
            "image",
            "build",
            "--all",
            "-t",
            image,
            "-f",
            "infra/Dockerfile",
            f"--build-opt=target={target}",
        )
        _do(*minikube, *build, ".")
    _do(*kubectl, "apply", "-f", "infra/minikube/base/namespace.yaml")
    if _works(*kubectl, "-n", NAMESPACE, "get", "secret", "rabbitmq"):
        _say("the secrets are there already, and stay")
        _renew(*kubectl)
    else:
        _say("making the secrets")
        wanted = json.dumps(manifests(made(Wishes(quorum=nodes > 1)), NAMESPACE))
        _do(*kubectl, "apply", "-f", "-", given=wanted)
    _say("applying the manifests")
    _do(*kubectl, "apply", "-k", f"infra/minikube/overlays/{OVERLAYS[nodes]}")
    _say("waiting until all of it is ready")
    for workload in WORKLOADS:
        _do(*kubectl, "-n", NAMESPACE, "rollout", "status", workload, f"--timeout={WAIT}")
    print(_way_in(_do(*minikube, "ip", quiet=True).strip(), " ".join(kubectl)))


def _renew(*kubectl: str) -> None:
    """Bring the broker's definitions to this version, by which it starts anew; passwords stay."""
    there = json.loads(_do(*kubectl, "-n", NAMESPACE, "get", "secret", "rabbitmq", "-o", "json", quiet=True))
    wanted = renewed(there)
    if wanted["data"] != there["data"]:
        _say("giving the broker this version's queues and permissions")
        _do(*kubectl, "apply", "-f", "-", given=json.dumps(wanted))
        _do(*kubectl, "-n", NAMESPACE, "rollout", "restart", "statefulset/rabbitmq")


def _way_in(address: str, kubectl: str) -> str:
    def password(secret: str) -> str:
        field = "-o jsonpath='{.data.ADMIN_PASSWORD}'"
        return f"{kubectl} -n {NAMESPACE} get secret {secret} {field} | base64 -d"

    return f"""
It runs. Put this line into /etc/hosts (on macOS or Windows with minikube's docker driver nothing leads to
that address: there it is `kubectl -n traefik port-forward deployment/traefik 80:8000` and 127.0.0.1):

{address} {HOSTS}

http://mp3converter.com, and the password of its first admin, {Wishes().admin_email}:
    {password("auth")}
http://rabbitmqmanager.com, and the password of its user admin:
    {password("rabbitmq")}"""


def _say(text: str) -> None:
    print(f"\n→ {text}", flush=True)


def _works(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT).returncode == 0


def _do(*command: str, given: str | None = None, quiet: bool = False) -> str:
    done = subprocess.run(
        command, input=given, text=True, check=False, cwd=ROOT, stdout=subprocess.PIPE if quiet else None
    )
    if done.returncode != 0:
        raise StepFailed(" ".join(command))
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
