"""`make sbom` writes what CycloneDX's own reader takes, with a version and a licence of each package."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from launch import bill


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("sbom")
    bill.make(folder)
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.iterdir()}


def packages(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        each["purl"].partition("@")[0].removeprefix("pkg:"): each for each in content["components"] if "purl" in each
    }


def test_both_are_what_the_standard_says(made: dict[str, dict[str, Any]]) -> None:
    """Of each the first packages: the validator takes a tenth of a second for one."""
    assert made.keys() == {"python.cdx.json", "pages.cdx.json"}
    for name, content in made.items():
        some = content | {"components": content["components"][:15], "dependencies": content["dependencies"][:15]}
        version = SchemaVersion.from_version(content["specVersion"])
        assert JsonStrictValidator(version).validate_str(json.dumps(some)) is None, name
        assert JsonStrictValidator(version).validate_str(json.dumps(some | {"components": [{}]})) is not None


def test_python_says_where_each_package_is_needed(made: dict[str, dict[str, Any]]) -> None:
    content = made["python.cdx.json"]
    assert content["metadata"]["component"]["name"] == "talaia"
    found = packages(content)
    needed = {
        name: {each["value"] for each in found[f"pypi/{name}"]["properties"] if each["name"] == "talaia:environment"}
        for name in ("fastapi", "onnxruntime", "paho-mqtt", "ruff")
    }
    assert needed == {
        "fastapi": {"room", "run", "dev"},
        "onnxruntime": {"edge", "room", "run", "dev"},
        "paho-mqtt": {"edge", "room", "run", "dev"},
        "ruff": {"dev"},
    }
    assert found["pypi/fastapi"]["version"]
    assert found["pypi/fastapi"]["licenses"]


def test_pages_tell_what_is_in_them_from_what_only_builds_them(made: dict[str, dict[str, Any]]) -> None:
    found = packages(made["pages.cdx.json"])
    assert found["npm/maplibre-gl"]["hashes"]
    assert found["npm/maplibre-gl"]["licenses"]
    assert (found["npm/maplibre-gl"].get("scope"), found["npm/vite"]["scope"]) == ("required", "optional")
