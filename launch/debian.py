"""Debian packages that `make test` wants: installed where root runs it, else named."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from launch import commands

# TimescaleDB of Debian "trixie" builds for PostgreSQL 14 to 17; the first that this release serves is taken.
POSTGRESQL_MAJORS = (15, 16, 17)
WANTED = (
    "mosquitto",
    "chromium",
    "build-essential",
    "cmake",
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
)
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def postgresql_major() -> int | None:
    """The PostgreSQL that tests run on: one that is installed, else one that this machine's Debian serves."""
    for major in POSTGRESQL_MAJORS:
        if Path(f"/usr/lib/postgresql/{major}/bin/postgres").is_file():
            return major
    for major in POSTGRESQL_MAJORS:
        if re.search(r"Candidate: \d", _ask("apt-cache", "policy", f"postgresql-{major}")):
            return major
    return None


def missing(packages: Sequence[str]) -> list[str]:
    shown = _ask("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages)
    installed = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def _ask(program: str, *words: str) -> str:
    """What the program prints; nothing where this is no Debian."""
    found = shutil.which(program)
    if found is None:
        return ""
    return subprocess.run([found, *words], check=False, capture_output=True, text=True).stdout


def can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def update(log: Path) -> None:
    commands.run(["apt-get", "update"], purpose="reading Debian's package lists", log=log, env=QUIET)


def install(packages: Sequence[str], log: Path) -> None:
    argv = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    commands.run(argv, purpose="installing Debian packages", log=log, env=QUIET)
