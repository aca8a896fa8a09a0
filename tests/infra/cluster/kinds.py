"""Manifests as the tests ask them: by kind, by pod, by who may talk to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

NAME = "app.kubernetes.io/name"
Manifest = dict[str, Any]


@dataclass
class Manifests:
    """All objects of one rendering."""

    objects: list[Manifest]

    @classmethod
    def read(cls, text: str) -> "Manifests":
        objects = yaml.load_all(text, yaml.CSafeLoader)
        return cls([each for each in objects if each])

    def of(self, *kinds: str) -> list[Manifest]:
        return [each for each in self.objects if each["kind"] in kinds]

    def one(self, kind: str, name: str) -> Manifest:
        (found,) = [each for each in self.of(kind) if each["metadata"]["name"] == name]
        return found

    def workloads(self) -> list[Manifest]:
        return self.of("Deployment", "StatefulSet")

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """The name of each workload with its pod's spec."""
        for each in self.workloads():
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]

    def containers(self, *, init: bool = True) -> Iterator[tuple[str, Manifest]]:
        for name, pod in self.pods():
            for container in [*pod["containers"], *(pod.get("initContainers", []) if init else [])]:
                yield f"{name}/{container['name']}", container

    def ports(self, name: str) -> dict[str, int]:
        """The named ports of a workload's containers."""
        (pod,) = [pod for each, pod in self.pods() if each == name]
        return {
            port["name"]: port["containerPort"]
            for container in pod["containers"]
            for port in container.get("ports", [])
        }

    def flows(self) -> set[tuple[str, str, int]]:
        """(from, to, port) of all traffic that the policies let through at both of its ends.

        What is not one of our pods is named by its namespace; what is beyond the cluster is `world`.
        """
        ours = {
            each["spec"].get("template", each)["metadata"]["labels"][NAME]: each
            for each in [*self.workloads(), *self.of("Pod")]
        }
        namespaces = {name: each["metadata"]["namespace"] for name, each in ours.items()}
        out = {flow for policy in self.of("NetworkPolicy") for flow in _allowed(policy, "egress", set(ours))}
        into = {
            flow for policy in self.of("NetworkPolicy") for flow in _allowed(policy, "ingress", set(ours))
        }
        ruled = {name for name, namespace in namespaces.items() if namespace == "tonearm"}
        return {
            (source, target, port)
            for source, target, port in out | into
            if (source not in ruled or (source, target, port) in out)
            and (target not in ruled or (source, target, port) in into)
        }


def _allowed(policy: Manifest, way: str, pods: set[str]) -> Iterator[tuple[str, str, int]]:
    spec = policy["spec"]
    for rule in spec.get(way, []):
        for own in _selected(spec["podSelector"], pods):
            for peer in rule["to" if way == "egress" else "from"]:
                for other in _peers(peer, pods):
                    for port in rule["ports"]:
                        pair = (own, other) if way == "egress" else (other, own)
                        yield (*pair, port["port"])


def _peers(peer: Manifest, pods: set[str]) -> set[str]:
    if "ipBlock" in peer:
        return {"world"}
    if "namespaceSelector" in peer:
        namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        return {peer.get("podSelector", {}).get("matchLabels", {}).get(NAME, namespace)}
    return _selected(peer["podSelector"], pods)


def _selected(selector: Manifest, pods: set[str]) -> set[str]:
    wanted = set(pods)
    if NAME in selector.get("matchLabels", {}):
        wanted &= {selector["matchLabels"][NAME]}
    for expression in selector.get("matchExpressions", []):
        assert expression["key"] == NAME
        assert expression["operator"] == "In"
        wanted &= set(expression["values"])
    return wanted
