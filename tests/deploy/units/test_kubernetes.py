"""The manifests of deploy/kubernetes: the API's own schemas take them, and they promise what the processes need."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import ValidationError, validate

from esteio.cli import serve, worker
from esteio.cli.main import COMMANDS
from esteio.jobs.kinds import QUEUES
from esteio.settings import Settings, read_settings

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "deploy/kubernetes"
VERSIONS = ("1.30", "1.33", "1.37")
Document = dict[str, Any]


def documents(folder: str) -> list[Document]:
    listed = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())["resources"]
    return [one for name in listed for one in yaml.safe_load_all((KUBERNETES / folder / name).read_text())]


BASE = documents("base")
[MIGRATE] = documents("migrate")
EVERYTHING = [*BASE, MIGRATE, yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())]


def name_of(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def of_kind(kind: str) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in BASE if one["kind"] == kind}


DEPLOYMENTS = of_kind("Deployment")
PODS: dict[str, Document] = {
    **{name: one["spec"]["template"] for name, one in DEPLOYMENTS.items()},
    "esteio-migrate": MIGRATE["spec"]["template"],
    "esteio-backup": of_kind("CronJob")["esteio-backup"]["spec"]["jobTemplate"]["spec"]["template"],
}
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_take_every_manifest(version: str) -> None:
    """Strictly, so that a member which does not exist is found out, for old and new releases of Kubernetes."""
    for document in EVERYTHING:
        validate(document, version, strict=True)
    wrong = yaml.safe_load((KUBERNETES / "base/scheduler.yaml").read_text())
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFilesystem"] = True
    with pytest.raises(ValidationError):
        validate(wrong, version, strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", ["base", "migrate"])
def test_kustomize_builds_it(folder: str) -> None:
    """What kustomize makes of it names one image, is in the namespace, and is of the schemas."""
    built = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert (built.returncode, built.stderr) == (0, "")
    for document in yaml.safe_load_all(built.stdout):
        validate(document, VERSIONS[-1], strict=True)
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "esteio"
    assert "image: esteio" not in built.stdout
    assert ":latest" not in built.stdout


@pytest.mark.parametrize("name", PODS)
def test_pods_pass_the_restricted_standard(name: str) -> None:
    """Nobody's number, no capability, no way to more, a read-only file system, no token of the cluster."""
    pod, container = PODS[name]["spec"], CONTAINERS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert {kind for volume in pod["volumes"] for kind in volume if kind != "name"} <= {"secret", "emptyDir"}
    assert {"requests", "limits"} <= set(container["resources"])
    assert "memory" in container["resources"]["limits"]


def test_the_namespace_enforces_it() -> None:
    """The cluster refuses a pod that does not keep to the restricted standard."""
    labels = of_kind("Namespace")["esteio"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", CONTAINERS)
def test_commands_are_commands(name: str) -> None:
    """What a container is started with is read by the command line of this release."""
    container = CONTAINERS[name]
    command, *words = container["args"]
    assert command in COMMANDS
    module, attribute, _ = COMMANDS[command]
    __import__(module)
    getattr(sys.modules[module], attribute).make_context(command, list(words), resilient_parsing=False)


@pytest.fixture
def told(tmp_path: Path) -> Settings:
    """The settings as the pods read them."""
    given = dict(of_kind("ConfigMap")["esteio"]["data"])
    for name, value in yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())["stringData"].items():
        (tmp_path / name).write_text(value)
    for name, value in given.items():
        if name.endswith("_FILE"):
            assert value.startswith("/run/secrets/esteio/")
            given[name] = str(tmp_path / Path(value).name)
    return read_settings({}, environ=given, dotenv=tmp_path / "none")


def test_settings_are_settings(told: Settings) -> None:
    """The ConfigMap and the shape of the Secret are read without a complaint; files are in a bucket, not on a pod."""
    assert told.secret_key.get_secret_value().startswith("replace-me")
    assert told.files.url.startswith("s3://")
    assert told.environment == "production"


def test_pods_have_time_to_end(told: Settings) -> None:
    """The grace is longer than preStop, notice and drain: nobody is killed who still ends what was begun."""
    api = PODS["esteio-api"]["spec"]
    wait = int(api["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = told.http.drain_notice + told.http.drain_seconds + serve.TO_CLOSE
    assert api["terminationGracePeriodSeconds"] >= wait + drain
    for queue in QUEUES:
        pod = PODS[f"esteio-worker-{queue}"]["spec"]
        assert pod["terminationGracePeriodSeconds"] >= told.jobs.drain + worker.TO_CLOSE


def test_probes_ask_what_they_mean() -> None:
    """Started, ready, alive are three questions; a database that is down restarts no pod."""
    api = CONTAINERS["esteio-api"]
    asked = {kind: api[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/startupz", "readiness": "/readyz", "liveness": "/livez"}
    for name in DEPLOYMENTS.keys() - {"esteio-api"}:
        for kind in ("startup", "readiness", "liveness"):
            assert CONTAINERS[name][f"{kind}Probe"]["httpGet"] == {"path": "/livez", "port": "metrics"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_deployments_are_always_there(name: str) -> None:
    """Several replicas on several machines; an update takes none away before the next one answers."""
    spec = DEPLOYMENTS[name]["spec"]
    assert spec["replicas"] >= (3 if name == "esteio-api" else 2)
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert {one["topologyKey"] for one in spec["template"]["spec"]["topologySpreadConstraints"]} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    labels = spec["template"]["metadata"]["labels"].items()
    selectors = [budget["spec"]["selector"]["matchLabels"] for budget in of_kind("PodDisruptionBudget").values()]
    assert sum(chosen.items() <= labels for chosen in selectors) == 1


def test_every_queue_has_workers_that_grow_with_what_waits() -> None:
    """Each queue has its Deployment, and an autoscaler that looks at the jobs that wait in it."""
    for queue in QUEUES:
        assert CONTAINERS[f"esteio-worker-{queue}"]["args"] == ["worker", "--queues", queue]
        scaler = of_kind("HorizontalPodAutoscaler")[f"esteio-worker-{queue}"]["spec"]
        assert scaler["scaleTargetRef"]["name"] == f"esteio-worker-{queue}"
        [metric] = [one["external"]["metric"] for one in scaler["metrics"] if one["type"] == "External"]
        assert metric == {"name": "esteio_jobs", "selector": {"matchLabels": {"queue": queue, "state": "queued"}}}
    adapter = yaml.safe_load((KUBERNETES / "extras/prometheus-adapter.yaml").read_text())
    assert adapter["rules"]["external"][0]["name"]["as"] == "esteio_jobs"


def _selectors() -> Iterator[tuple[str, dict[str, str]]]:
    for one in BASE:
        spec = one.get("spec", {})
        chosen = spec.get("podSelector", spec.get("selector"))
        if isinstance(chosen, dict):
            yield name_of(one), chosen.get("matchLabels", chosen if one["kind"] == "Service" else {})


def test_every_selector_finds_pods() -> None:
    """No Service, budget or policy speaks of pods that do not exist."""
    common = yaml.safe_load((KUBERNETES / "base/kustomization.yaml").read_text())["labels"][0]
    assert common["includeTemplates"] is True
    pods = [pod["metadata"]["labels"] | common["pairs"] for pod in PODS.values()]
    found = dict(_selectors())
    assert len(found) > 8
    for name, chosen in found.items():
        assert any(chosen.items() <= labels.items() for labels in pods), name


def test_the_network_is_closed() -> None:
    """Nothing comes in or goes out but what a policy says; the metadata service is not among it."""
    policies = of_kind("NetworkPolicy")
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    [wide] = [
        target["ipBlock"]
        for rule in policies["out"]["spec"]["egress"]
        for target in rule["to"]
        if target.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
    ]
    assert "169.254.0.0/16" in wide["except"]


def test_an_example_of_a_secret_is_no_secret() -> None:
    """The example cannot be taken for one that is used, and the base does not apply it."""
    shape = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())
    assert all("replace-me" in value for value in shape["stringData"].values())
    assert "Secret" not in {one["kind"] for one in BASE}
