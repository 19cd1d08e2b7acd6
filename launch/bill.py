"""`make sbom`: what is in the Python environment and in the web pages, as two files of CycloneDX."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from launch import commands, node, places, ui
from launch.console import Step
from launch.errors import LaunchError

TARGET = places.PROJECT / "build" / "sbom"
_LOG = places.PROJECT / ".setup" / "sbom.log"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
PARTS = ("edge", "room", "run", "dev")
"""Environments that are made of locks/*.lock; a town installs the first two."""


def make(target: Path = TARGET) -> None:
    """Write `python.cdx.json` and `pages.cdx.json`; they are of what is installed, so they are not in git."""
    target.mkdir(parents=True, exist_ok=True)
    with Step("What the Python environment holds") as step:
        step.done(f"{_python(target / 'python.cdx.json')} packages")
    with Step("What the web pages hold") as step:
        step.done(f"{_pages(target / 'pages.cdx.json')} packages")


def _python(file: Path) -> int:
    """Each package says in which of the environments it is."""
    described: list[str | Path] = [
        "environment",
        "--pyproject",
        places.PROJECT / "pyproject.toml",
        "--output-reproducible",
    ]
    program = Path(sys.executable).parent / "cyclonedx-py"
    argv = [program, *described, "--no-validate", "--of", "JSON", "-o", file, sys.executable]
    commands.run(argv, purpose="Listing the Python packages", log=_LOG)
    bill = json.loads(file.read_text(encoding="utf-8"))
    locked = {part: _locked(part) for part in PARTS}
    for package in bill["components"]:
        name = _normal(package["name"])
        own = [{"name": "talaia:environment", "value": part} for part in PARTS if name in locked[part]]
        package["properties"] = [*package.get("properties", []), *own]
    return _write(file, bill)


def _pages(file: Path) -> int:
    """`scope` is `optional` where a package only builds or tests them."""
    chosen = node.find()
    argv = [*chosen.npm, "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
    environment = {**os.environ, **chosen.environment}
    done = subprocess.run(argv, cwd=ui.SOURCE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaunchError(f"Listing the packages of the web pages failed: {' '.join(done.stderr.split())[-300:]}.")
    return _write(file, json.loads(done.stdout))


def _write(file: Path, bill: dict[str, Any]) -> int:
    file.write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(bill["components"])


def _locked(part: str) -> set[str]:
    text = (places.PROJECT / "locks" / f"{part}.lock").read_text(encoding="utf-8")
    return {_normal(name) for name in _LOCKED.findall(text)}


def _normal(name: str) -> str:
    """As PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
