"""What `config/` offers for a town, read by the linters of those who will read it."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from wire import topics

CONFIG = Path(__file__).resolve().parents[2] / "config"
BIN = Path(sys.executable).parent
UNITS = sorted(path.name for path in (CONFIG / "systemd").iterdir())


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=280, check=False)


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONFIG / "compose.yaml").read_text(encoding="utf-8"))
    return content


def test_the_compose_file_is_one() -> None:
    vendored = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(vendored.read_text(encoding="utf-8"))).validate(compose())


def test_every_container_is_confined_and_looked_after() -> None:
    content = compose()
    assert {"broker", "database", "room", "worker-1", "worker-2", "analyst", "media", "proxy"} <= content[
        "services"
    ].keys()
    for name, service in content["services"].items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].partition(":")[0]) > 0, name
        lasting = not {"once", "live"} & set(service.get("profiles", []))
        assert ("healthcheck" in service) == lasting, name
        assert set(service.get("secrets", [])) <= content["secrets"].keys(), name
    reached = {name for name, service in content["services"].items() if "ports" in service}
    assert reached == {"broker", "media", "proxy"}


def test_no_secret_stands_in_the_compose_file() -> None:
    for name, service in compose()["services"].items():
        for key, value in service.get("environment", {}).items():
            named = any(word in key for word in ("PASSWORD", "SECRET", "PASSPHRASE"))
            assert not named or str(value).startswith("/run/secrets/"), f"{name}: {key}"


@pytest.mark.parametrize("name", ["room", "edge"])
def test_the_dockerfiles_pass_their_linter(name: str) -> None:
    checked = run(BIN / "hadolint", CONFIG / "container" / f"{name}.Dockerfile")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_each_secret_that_a_container_is_pointed_to_is_mounted() -> None:
    for name, service in compose()["services"].items():
        pointed = [str(value) for value in service.get("environment", {}).values()]
        pointed = [value.removeprefix("/run/secrets/") for value in pointed if value.startswith("/run/secrets/")]
        assert set(pointed) <= set(service.get("secrets", [])), name


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((CONFIG / "kubernetes").glob("*.yaml")):
        if path.name != "kustomization.yaml":
            for content in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                yield path.name, content


def test_the_manifests_are_what_kubernetes_knows() -> None:
    paths = [path for path in sorted((CONFIG / "kubernetes").glob("*.yaml")) if path.name != "kustomization.yaml"]
    checked = run(BIN / "kubernetes-validate", "--strict", *paths)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    named = yaml.safe_load((CONFIG / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(named) == [path.name for path in paths]


def test_every_pod_is_confined() -> None:
    kinds = {content["kind"] for _, content in manifests()}
    assert {"Deployment", "StatefulSet", "CronJob", "NetworkPolicy", "PodDisruptionBudget"} <= kinds
    pods = 0
    for _, content in manifests():
        spec = content.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" not in spec:
            continue
        pods += 1
        pod = spec["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        for one in (container, *pod.get("initContainers", [])):
            assert one["securityContext"] == wanted
            assert "memory" in one["resources"]["limits"]
        lasting = content["kind"] in {"Deployment", "StatefulSet"}
        assert ("livenessProbe" in container) == lasting
    assert pods == 4


def test_each_pod_has_the_files_that_its_settings_name() -> None:
    """Keys, in files of its own; a migration needs none of them."""
    contents = [content for _, content in manifests()]
    (settings,) = [content["data"] for content in contents if content["kind"] == "ConfigMap"]
    folders = {str(Path(value).parent) for key, value in settings.items() if key.endswith("_FILE")}
    assert folders == {"/run/secrets/talaia", "/run/talaia/keys"}
    assert settings["TALAIA_ENROLMENT_DIRECTORY"] in folders
    for content in contents:
        if content["metadata"]["name"] not in {"room", "worker", "backup"} or content["kind"] in {
            "Service",
            "Ingress",
            "PodDisruptionBudget",
        }:
            continue
        spec = content["spec"].get("jobTemplate", content)["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        (keys,) = spec["initContainers"]
        assert folders <= {mount["mountPath"] for mount in container["volumeMounts"]}
        assert {mount["name"] for mount in keys["volumeMounts"]} == {"sealed-keys", "keys"}
        assert {mount["name"] for mount in container["volumeMounts"]} <= {volume["name"] for volume in spec["volumes"]}


def service_of(name: str) -> dict[str, str]:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign] # configparser's own way to keep letters as they are
    unit.read(CONFIG / "systemd" / name, encoding="utf-8")
    return dict(unit["Service"])


@pytest.mark.parametrize(
    "name",
    [
        "talaia-room.service",
        "talaia-media.service",
        "talaia-worker@.service",
        "talaia-analyst.service",
        "talaia-backup.service",
    ],
)
def test_a_unit_has_no_rights(name: str) -> None:
    service = service_of(name)
    wanted = {
        "User": "talaia-room",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateDevices": "yes",
        "CapabilityBoundingSet": "",
    }
    assert {key: service.get(key) for key in wanted} == wanted
    assert service["ExecStart"].startswith("/opt/talaia/.venv/bin/talaia-room ")


def test_the_agents_unit_is_watched_limited_and_without_rights() -> None:
    service = service_of("talaia-edge.service")
    wanted = {
        "Type": "notify",
        "Restart": "always",
        "RestartPreventExitStatus": "2",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "CapabilityBoundingSet": "",
        "MemoryMax": "2G",
        "WatchdogSec": "60",
    }
    assert {key: service.get(key) for key in wanted} == wanted
    assert service["ExecReload"].endswith("-HUP $MAINPID")
    assert int(service["TimeoutStopSec"]) > 5


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_it(name: str, tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        shutil.copy(CONFIG / "systemd" / unit, tmp_path / unit)
    checked = run(analyse, "verify", tmp_path / name.replace("@.", "@1."))
    faults = [line for line in checked.stderr.splitlines() if "talaia" in line and "not executable" not in line]
    assert faults == []


def test_the_lines_for_emqx_name_each_topic_of_a_device_and_no_other() -> None:
    lines = (CONFIG.parent / "docs" / "design" / "devices.md").read_text(encoding="utf-8")
    named = set(re.findall(r"talaia/v1/\$\{username\}/(\w+)", lines))
    assert named == {topic.name for topic in topics.TOPICS}
    (published,) = re.findall(r"all, publish, \[(.*)\]", lines)
    assert set(re.findall(r"/(\w+)\"", published)) == {
        topic.name for topic in topics.TOPICS if topic.sender == "device"
    }
