"""Imports run one way (docs/design/flow.md): from `wire` up to `edge` and `control_room`."""

from __future__ import annotations

import ast
import subprocess
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


def shipped(package: str, pattern: str) -> list[str]:
    """Paths of a package's files and folders; what is built and fetched beside them changes meanwhile."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"{package}/{pattern}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    files = [name for name in listed if (ROOT / name).is_file()]
    folders = {str(folder) for name in files for folder in Path(name).parents} if pattern == "*" else set()
    return sorted({*files, *folders})


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
        for path in map(ROOT.joinpath, shipped(package, "*.py"))
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
    for path in map(ROOT.joinpath, shipped("wire", "*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    assert found <= allowed


def test_there_is_no_drawer() -> None:
    drawers = {"utils", "util", "common", "helpers", "helper", "misc"}
    found = [path for package in MAY_IMPORT for path in shipped(package, "*") if Path(path).stem in drawers]
    assert found == []
