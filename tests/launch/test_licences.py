"""Licences are read from what packages say, and one that does not fit stops the check with the package's name."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from launch import licences
from launch.errors import LaunchError


def install(folder: Path, name: str, *lines: str) -> None:
    """What a wheel leaves behind of itself."""
    place = folder / f"{name}-1.0.dist-info"
    place.mkdir()
    head = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0")
    (place / "METADATA").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


def lock(folder: Path, **packages: str | None) -> Path:
    said = {
        name: {"version": "1.0", **({} if licence is None else {"license": licence})}
        for name, licence in packages.items()
    }
    content = {"packages": {"": {"name": "own"}, **{f"node_modules/{name}": each for name, each in said.items()}}}
    file = folder / "package-lock.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT", "License: Proprietary"], "MIT"),
        (["License: Apache License 2.0"], "Apache-2.0"),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved :: ISC License (ISCL)"], "ISC"),
        (["License: Dual License", "Classifier: License :: OSI Approved :: BSD License"], "BSD"),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: Apache Software License",
            ],
            "MIT AND Apache-2.0",
        ),
        (["License: Commercial"], "Commercial"),
        ([], ""),
    ],
)
def test_a_package_says_its_licence_in_many_ways(tmp_path: Path, lines: list[str], licence: str) -> None:
    install(tmp_path, "some", *lines)
    (part,) = licences.python_parts(metadata.distributions(path=[str(tmp_path)]))
    assert part == licences.Part("pypi", "some", "1.0", licence)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND GPL-2.0-only", False),
        ("MIT AND (GPL-2.0-only OR BSD-3-Clause)", True),
        ("(MIT OR Apache-2.0) AND SSPL-1.0", False),
        ("GPL-2.0-only OR MIT AND BUSL-1.1", False),
        ("MIT WITH anything", False),
        ("MIT (", False),
        ("MIT; or ours", False),
        ("", False),
    ],
)
def test_expressions(expression: str, allowed: bool) -> None:  # noqa: FBT001 - one of the parameters
    assert licences.is_allowed(expression) is allowed


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    install(tmp_path, "good", "License-Expression: MIT")
    install(tmp_path, "closed", "License: Other/Proprietary License")
    install(tmp_path, "silent")
    found = list(metadata.distributions(path=[str(tmp_path)]))
    pages = lock(tmp_path, fine="ISC", shy=None, business="BUSL-1.1")
    with pytest.raises(LaunchError) as caught:
        licences.check(found, pages)
    said = str(caught.value)
    for wrong in (
        "pypi closed 1.0: Other/Proprietary License",
        "pypi silent 1.0: says none",
        "npm shy 1.0",
        "npm business 1.0: BUSL-1.1",
    ):
        assert wrong in said
    assert "good" not in said
    assert "fine" not in said


def test_all_that_is_used_fits() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "launch", "licences"], capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
