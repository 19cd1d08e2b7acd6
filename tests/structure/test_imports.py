"""Imports run one way (docs/design/flow.md): from `wire` up to `edge` and `control_room`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "wire": set(),
    "running": {"wire"},
    "vision": {"wire"},
    "models": {"vision"},
    "edge": {"wire", "running", "vision", "models"},
    "control_room": {"wire", "running", "vision", "models"},
    "launch": {"wire"},
}


def imported_packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names & MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts
        for name in imported_packages(path) - MAY_IMPORT[package] - {package}
    }
    assert wrong == set()


def test_wire_depends_on_pydantic_only() -> None:
    allowed = {
        "pydantic",
        "pydantic_core",
        "wire",
        "__future__",
        "uuid",
        "datetime",
        "typing",
        "json",
        "re",
        "dataclasses",
        "sys",
        "pathlib",
    }
    found: set[str] = set()
    for path in (ROOT / "wire").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    assert found <= allowed


def test_there_is_no_drawer() -> None:
    drawers = {"utils", "util", "common", "helpers", "helper", "misc"}
    found = [
        str(path.relative_to(ROOT))
        for package in MAY_IMPORT
        for path in (ROOT / package).rglob("*")
        if path.stem in drawers and "node_modules" not in path.parts and "dist" not in path.parts
    ]
    assert found == []
