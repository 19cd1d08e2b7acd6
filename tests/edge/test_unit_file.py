"""The unit of systemd says what the guide promises, and systemd itself understands it."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "config" / "systemd" / "talaia-edge.service"


def test_the_unit_is_watched_limited_and_without_rights() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign] # configparser's own way to keep letters as they are
    unit.read(UNIT, encoding="utf-8")
    service = dict(unit["Service"])
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


def test_systemd_understands_it() -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed")
    checked = subprocess.run([analyse, "verify", str(UNIT)], capture_output=True, text=True, timeout=60, check=False)
    faults = [line for line in checked.stderr.splitlines() if "talaia-edge" in line and "not executable" not in line]
    assert faults == []
