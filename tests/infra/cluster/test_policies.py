"""What holds for every rendering of the manifests."""

import re

import msgspec
import pytest
from kinds import NAME, Manifest, Manifests
from opentelemetry.sdk import environment_variables

from auth.settings import AuthSettings
from gateway.settings import GatewaySettings
from infra.cluster.secrets import SERVICES, Wishes, made
from service.settings import InvalidSetting, Settings, load
from service.start import STOP_SECONDS
from service.tracing.setup import TracingSettings
from workers.converter.settings import ConverterSettings
from workers.converter.workshop import RESERVE
from workers.notifier.settings import NotifierSettings

SETTINGS: dict[str, type[Settings]] = {
    "gateway": GatewaySettings,
    "auth": AuthSettings,
    "converter": ConverterSettings,
    "notifier": NotifierSettings,
}
"""A new service goes here; a new setting needs nothing, unless it has no default."""

OPENTELEMETRY = {name for name in vars(environment_variables).values() if str(name).startswith("OTEL_")}
"""Its own variables, of which the library reads more than we do."""
SECRETS = made(Wishes())
SERVICE_FLOWS = {
    ("traefik", "gateway", 8080),
    ("traefik", "rabbitmq", 15672),
    ("gateway", "auth", 8081),
    ("notifier", "auth", 8081),
    ("gateway", "rabbitmq", 5552),
    ("gateway", "rabbitmq", 15672),
    ("notifier", "world", 80),
    ("notifier", "world", 443),
    ("notifier", "world", 25),
    ("notifier", "world", 465),
    ("notifier", "world", 587),
    ("mongodb", "mongodb", 27017),
    *((service, "rabbitmq", 5672) for service in SETTINGS),
    *((service, "mongodb", 27017) for service in SETTINGS),
}
"""Who talks to whom: the map in ARCHITECTURE.md, with ports."""
MORE_FLOWS = {
    "mail": {("notifier", "mail", 1025)},
    "rabbitmq-nodes": {("rabbitmq", "rabbitmq", port) for port in (4369, 25672, 6000)},
    "scaler": {("keda", "rabbitmq", 5672)},
    "tracing": {(service, "tracing", 4318) for service in SETTINGS},
    "monitoring-services": {("monitoring", name, 8090) for name in ("gateway", "auth")},
    "monitoring-workers": {("monitoring", name, 8082) for name in ("converter", "notifier")},
    "monitoring-rabbitmq": {("monitoring", "rabbitmq", 15692)},
}
"""What a component adds, by the name of its policy."""
OPTIONAL: dict[str, dict[str, str]] = {"oidc": {}, "signing-keys": {}}
"""Secrets that only some operators make."""


def size(quantity: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(m|[KMG]i?)?", str(quantity)).groups()
    powers = {"m": 1e-3, "K": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    return float(number) * powers.get(unit, 1)


def environment(rendered: Manifests, service: str) -> dict[str, str]:
    """The variables a service gets, from its ConfigMap and its Secret."""
    (pod,) = [pod for name, pod in rendered.pods() if name == service]
    (container,) = pod["containers"]
    values = {each["name"]: each["value"] for each in container.get("env", [])}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            values |= rendered.one("ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            name = source["secretRef"]["name"]
            assert (name in OPTIONAL) == bool(source["secretRef"].get("optional")), name
            values |= (SECRETS | OPTIONAL)[name]
    return values


def test_every_container_has_requests_and_limits(rendered):
    for name, container in rendered.containers():
        resources = container["resources"]
        for what in ("cpu", "memory", "ephemeral-storage"):
            assert 0 < size(resources["requests"][what]) <= size(resources["limits"][what]), name


def test_every_container_is_asked_three_different_questions(rendered):
    for name, container in rendered.containers(init=False):
        probes = [dict(container[f"{kind}Probe"]) for kind in ("startup", "readiness", "liveness")]
        if name.split("/")[0] in ("traefik",):
            continue  # it has one page for both, and no server behind it that could be away
        questions = [{key: probe.get(key) for key in ("httpGet", "tcpSocket", "exec")} for probe in probes]
        assert all(question not in questions[:at] for at, question in enumerate(questions)), name


def test_no_container_can_become_more_than_it_is(rendered):
    for name, pod in rendered.pods():
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            security = {**pod["securityContext"], **container["securityContext"]}
            assert security["runAsNonRoot"] is True, name
            assert security["runAsUser"] > 0, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert pod["enableServiceLinks"] is False, name


def test_only_the_ingress_controller_gets_a_token(rendered):
    with_token = {name for name, pod in rendered.pods() if pod["automountServiceAccountToken"]}
    assert with_token <= {"traefik"}
    accounts = {each["metadata"]["name"]: each for each in rendered.of("ServiceAccount")}
    assert all(each["automountServiceAccountToken"] is False for each in accounts.values())
    assert {pod["serviceAccountName"] for _, pod in rendered.pods()} <= set(accounts)


def test_every_volume_that_is_written_to_is_bounded(rendered):
    for name, pod in rendered.pods():
        for volume in pod.get("volumes", []):
            kinds = set(volume) - {"name"}
            assert kinds <= {"emptyDir", "configMap", "secret"}, name
            assert "emptyDir" not in volume or size(volume["emptyDir"]["sizeLimit"]), name


def test_every_image_has_a_version(rendered):
    for name, container in rendered.containers():
        assert re.search(r":[\d.v]+[\w.-]*(@sha256:\w+)?$", container["image"]), name


def test_several_replicas_are_spread_and_never_all_disrupted(rendered):
    budgets = {each["spec"]["selector"]["matchLabels"][NAME] for each in rendered.of("PodDisruptionBudget")}
    for workload in rendered.workloads():
        if workload["spec"].get("replicas", 2) > 1:  # an autoscaler's has none
            name = workload["metadata"]["name"]
            assert name in budgets
            (spread,) = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]
            assert spread["labelSelector"]["matchLabels"] == {NAME: name}


def test_a_pod_gets_the_time_that_stopping_takes(rendered):
    for name, pod in rendered.pods():
        if name in SETTINGS:
            (container,) = pod["containers"]
            before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pod["terminationGracePeriodSeconds"] > before + STOP_SECONDS, name
            assert not container.get("ports") or before or name not in ("gateway", "auth"), name


def test_every_setting_is_known_and_none_is_missing(rendered):
    for service, settings in SETTINGS.items():
        given = environment(rendered, service)
        known = {field.name.upper() for field in msgspec.structs.fields(settings)} | OPENTELEMETRY
        assert set(given) <= known, service
        load(TracingSettings, given).on  # noqa: B018 - it raises, too
        load(settings, given)  # raises for what is missing or no fit


def test_what_stands_in_a_pod_is_none_of_the_defaults_for_one_machine(rendered):
    for service, settings in SETTINGS.items():
        loaded = load(settings, environment(rendered, service))
        for field in msgspec.structs.fields(settings):
            value = getattr(loaded, field.name)
            local = isinstance(value, str) and re.search(r"127\.0\.0\.1|localhost|\.local\b", value)
            assert not local or (service, field.name) == ("auth", "local_dir"), f"{service}: {field.name}"


def test_every_reference_leads_to_something(rendered):
    maps = {each["metadata"]["name"]: set(each["data"]) for each in rendered.of("ConfigMap")}
    for name, pod in rendered.pods():
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        claims = {
            claim["metadata"]["name"]
            for workload in rendered.of("StatefulSet")
            if workload["metadata"]["name"] == name
            for claim in workload["spec"]["volumeClaimTemplates"]
        }
        for volume in volumes.values():
            assert "configMap" not in volume or volume["configMap"]["name"] in maps, name
            if secret := volume.get("secret"):
                assert secret["secretName"] in (OPTIONAL if secret.get("optional") else SECRETS), name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            for source in container.get("envFrom", []):
                assert "configMapRef" not in source or source["configMapRef"]["name"] in maps, name
                assert "secretRef" not in source or source["secretRef"]["name"] in SECRETS | OPTIONAL, name
            for variable in container.get("env", []):
                if key := variable.get("valueFrom", {}).get("secretKeyRef"):
                    assert key["key"] in SECRETS[key["name"]], name
            for mount in container.get("volumeMounts", []):
                assert mount["name"] in volumes.keys() | claims, name
                volume = volumes.get(mount["name"], {})
                if "subPath" in mount:
                    secret = volume.get("secret", {}).get("secretName")
                    files = SECRETS[secret] if secret else maps[volume["configMap"]["name"]]
                    assert mount["subPath"] in files, name


def test_no_secret_is_in_the_manifests(rendered):
    assert not rendered.of("Secret")


def test_every_port_is_one_that_somebody_listens_on(rendered):
    for service in rendered.of("Service"):
        ports = rendered.ports(service["spec"]["selector"][NAME])
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)
    for ingress in rendered.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = rendered.one("Service", backend["name"])["spec"]["ports"]
                assert backend["port"]["name"] in {port["name"] for port in ports}
    for name, pod in rendered.pods():
        for container in pod["containers"]:
            for kind in ("startup", "readiness", "liveness"):
                probe = container[f"{kind}Probe"]
                asked = probe.get("httpGet") or probe.get("tcpSocket")
                assert not asked or asked["port"] in rendered.ports(name), name
    for service in SETTINGS:
        given = environment(rendered, service)
        (port,) = [int(value) for key, value in given.items() if re.search("(GATEWAY|AUTH|HEALTH)_PORT", key)]
        assert rendered.ports(service)["http"] == port
        assert rendered.ports(service).get("metrics") == (int(given.get("METRICS_PORT", 0)) or None)


def test_no_way_in_leads_to_the_metrics(rendered):
    for service in rendered.of("Service"):
        if service["spec"]["selector"][NAME] in SETTINGS:
            assert "metrics" not in {port["targetPort"] for port in service["spec"]["ports"]}


def test_every_service_and_the_broker_are_scraped(render):
    production, scraped = render("overlays/production"), set()
    for monitor in production.of("PodMonitor"):
        selector, spec = monitor["spec"]["selector"], monitor["spec"]
        (expression,) = selector.get(
            "matchExpressions", [{"values": [selector.get("matchLabels", {}).get(NAME)]}]
        )
        for name in expression["values"]:
            scraped |= {(name, production.ports(name)[each["port"]]) for each in spec["podMetricsEndpoints"]}
    assert {name for name, _ in scraped} == {*SETTINGS, "rabbitmq"}
    assert {("monitoring", *each) for each in scraped} <= production.flows()


def test_the_course_s_names_lead_to_the_gateway_and_the_broker(rendered):
    hosts = {
        rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"]
        for ingress in rendered.of("Ingress")
        for rule in ingress["spec"]["rules"]
    }
    assert hosts == {"mp3converter.com": "gateway", "rabbitmqmanager.com": "rabbitmq"}


def test_network_policies_let_through_what_the_map_shows_and_nothing_else(rendered):
    policies = {each["metadata"]["name"]: each for each in rendered.of("NetworkPolicy")}
    deny = policies["default-deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    dns = {flow for flow in rendered.flows() if flow[2] == 53 and flow[1] == "kube-system"}
    expected = SERVICE_FLOWS.union(*(MORE_FLOWS.get(name, set()) for name in policies))
    assert rendered.flows() - dns == expected


def test_a_policy_s_port_is_its_target_s(rendered):
    for policy in rendered.of("NetworkPolicy"):
        (name,) = {policy["spec"]["podSelector"].get("matchLabels", {}).get(NAME, "")}
        for rule in policy["spec"].get("ingress", []):
            if name:
                assert {port["port"] for port in rule["ports"]} <= set(rendered.ports(name).values())


def test_a_converter_has_room_for_the_longest_upload(rendered):
    upload = load(GatewaySettings, environment(rendered, "gateway")).max_upload_bytes
    converter = load(ConverterSettings, environment(rendered, "converter"))
    (pod,) = [pod for name, pod in rendered.pods() if name == "converter"]
    (work,) = [volume for volume in pod["volumes"] if volume["name"] == "work"]
    needed = converter.converter_slots * (upload + converter.max_audio_bytes) + RESERVE
    assert size(work["emptyDir"]["sizeLimit"]) >= needed
    limits = pod["containers"][0]["resources"]["limits"]
    assert size(limits["ephemeral-storage"]) > size(work["emptyDir"]["sizeLimit"])


def test_the_broker_waits_longer_than_the_longest_conversion(rendered):
    converter = load(ConverterSettings, environment(rendered, "converter"))
    name = next(each for each in rendered.of("ConfigMap") if "rabbitmq.conf" in each["data"])
    timeout = re.search(r"^consumer_timeout = (\d+)$", name["data"]["rabbitmq.conf"], re.MULTILINE)
    assert int(timeout[1]) / 1000 > converter.conversion_timeout_seconds


def test_replicas_are_as_the_course_has_them(render):
    replicas = {each["metadata"]["name"]: each["spec"]["replicas"] for each in render("base").workloads()}
    assert replicas == {"gateway": 2, "auth": 2, "converter": 4, "notifier": 4, "rabbitmq": 1, "mongodb": 1}


def test_three_nodes_find_each_other_by_the_names_they_have(render):
    three = render("overlays/three-nodes")
    name = next(each for each in three.of("ConfigMap") if "cluster.conf" in each["data"])
    named = re.findall(r"nodes\.\d+ = (\S+)", name["data"]["cluster.conf"])
    stateful = three.one("StatefulSet", "rabbitmq")
    (main,) = stateful["spec"]["template"]["spec"]["containers"]
    pattern = next(each["value"] for each in main["env"] if each["name"] == "RABBITMQ_NODENAME")
    count = stateful["spec"]["replicas"]
    assert named == [pattern.replace("$(POD_NAME)", f"rabbitmq-{number}") for number in range(count)]


def test_an_operator_s_pod_is_as_shut_in_as_a_gateway_s_and_reaches_the_servers_alone(render):
    base, operator = render("base"), render("operator")
    pod = operator.one("Pod", "operator")["spec"]
    (likewise,) = [spec for name, spec in base.pods() if name == "gateway"]
    (main,), (other,) = pod["containers"], likewise["containers"]
    assert pod["securityContext"] == likewise["securityContext"]
    assert (main["image"], main["securityContext"]) == (other["image"], other["securityContext"])
    assert pod["automountServiceAccountToken"] is False
    for variable in main["env"]:
        if key := variable.get("valueFrom", {}).get("secretKeyRef"):
            assert key["key"] in SECRETS[key["name"]]
    flows = Manifests(base.objects + operator.objects).flows() - base.flows()
    assert {flow for flow in flows if flow[2] != 53} == {
        ("operator", "mongodb", 27017),
        *(("operator", "rabbitmq", port) for port in (5672, 5552, 15672)),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_only_its_own_secret(render, service):
    (pod,) = [pod for name, pod in render("base").pods() if name == service]
    given = {
        source["secretRef"]["name"] for source in pod["containers"][0]["envFrom"] if "secretRef" in source
    }
    mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert given | mounted == {service} | ({"signing-key", *OPTIONAL} if service == "auth" else set())


def test_signing_keys_are_mounted_where_auth_looks_for_them(rendered):
    first = load(AuthSettings, environment(rendered, "auth")).first_key_file
    (pod,) = [pod for name, pod in rendered.pods() if name == "auth"]
    secrets = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in pod["volumes"]}
    mounted = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    assert secrets[mounted[str(first)]["name"]] == "signing-key"
    assert mounted[str(first)]["subPath"] == first.name
    assert secrets[mounted[str(first.parent / "keys")]["name"]] == "signing-keys"


def test_settings_that_are_wrong_would_be_seen():
    with pytest.raises(InvalidSetting):
        load(ConverterSettings, {"HEALTH_PORT": "8082"})


def test_every_probe_of_ours_is_a_page_that_there_is(render):
    pages: set[str] = set()
    for name, pod in render("base").pods():
        if name in SETTINGS:
            container: Manifest = pod["containers"][0]
            pages |= {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("readiness", "liveness")}
    assert pages == {"/health/ready", "/health/live"}
