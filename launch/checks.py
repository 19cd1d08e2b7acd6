"""`make check` and `make test`: what CI checks, each with its seconds, all of them even where one fails."""

import filecmp
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from launch import commands, debian, demonstration, node, places, preparation, timescaledb, ui
from launch.console import Step, say
from launch.errors import LaunchError

LOGS = places.PROJECT / ".setup"


@dataclass(frozen=True, eq=False)
class Check:
    name: str
    argv: Sequence[str]
    directory: Path = places.PROJECT
    environment: Mapping[str, str] = field(default_factory=dict)
    shown: bool = False  # its output as it comes; else only where it fails


def check() -> None:
    """Format, lint and types of the Python code; licences of all that is used."""
    _run_all(_python_checks())


def test() -> None:
    """Everything, on real services."""
    install_services()
    preparation.machine(LOGS)
    demonstration.make_clips(LOGS)
    make_ultralytics_environment()
    pages = [_npm("Web pages: format, lint, types", "run", "check"), _npm("Web pages: unit tests", "test")]
    _run_all([*_python_checks(), *pages, *_tests()])


def _tests() -> list[Check]:
    """In two halves, a core each: most of what a test does is to wait for a real service."""
    pytest, room = [sys.executable, "-m", "pytest", "--quiet"], "tests/control_room"
    return [
        Check("Tests of the control room", [*pytest, room]),
        Check("Tests of everything else", [*pytest, "tests", f"--ignore={room}"], shown=True),
    ]


def _python_checks() -> list[Check]:
    return [
        Check("Format", [sys.executable, "-m", "ruff", "format", "--check", "--quiet", "."]),
        Check("Lint", [sys.executable, "-m", "ruff", "check", "--quiet", "."]),
        Check("Types", [sys.executable, "-m", "mypy"]),
        Check("Licences", [sys.executable, "-m", "launch", "licences"]),
    ]


def _npm(name: str, *words: str) -> Check:
    chosen = node.find()
    return Check(name, [*chosen.npm, *words], ui.SOURCE, chosen.environment)


def make_ultralytics_environment() -> None:
    """The other detector's environment (torch), in which CI runs `talaia-edge analyse` once."""
    with Step("Environment of the ultralytics detector") as step:
        script = places.PROJECT / "models" / "ultralytics_environment.sh"
        commands.run([script], purpose="The ultralytics environment", log=LOGS / "ultralytics-setup.log")
        step.done("ready")


def install_services() -> None:
    """Debian's Mosquitto, PostgreSQL and Chromium, and TimescaleDB for that PostgreSQL; as root only."""
    with Step("Services for the tests") as step:
        major = debian.postgresql_major()
        wanted = list(debian.WANTED)
        if debian.can_install():
            log = LOGS / "debian.log"
            if major is None or debian.missing([*wanted, *_postgresql(major)]):
                step.working("installing Debian packages")
                debian.update(log)
                major = debian.postgresql_major()
                debian.install(debian.missing([*wanted, *_postgresql(major)]), log)
            step.done("installed")
        else:
            left = debian.missing([*wanted, *_postgresql(major)])
            step.done(f"missing, and only root can install them: {', '.join(left)}" if left else "installed")
    if major is not None:
        install_timescaledb(major)


def _postgresql(major: int | None) -> list[str]:
    return [] if major is None else [f"postgresql-{major}", f"postgresql-server-dev-{major}"]


def install_timescaledb(major: int) -> None:
    """Put TimescaleDB into Debian's PostgreSQL, from the cache where it was built before."""
    pg_config = Path(f"/usr/lib/postgresql/{major}/bin/pg_config")
    if not pg_config.is_file():
        return
    with Step(f"TimescaleDB for PostgreSQL {major}") as step:
        installation = timescaledb.PostgresInstallation.of(pg_config)
        cache = places.cache_directory()
        build = timescaledb.cached(installation, cache)
        if build is None:
            cmake = timescaledb.find_cmake(cache, None, LOGS / "timescaledb.log")
            build = timescaledb.build(installation, cache, cmake, LOGS / "timescaledb.log", step.working)
        if _is_installed(build, installation):
            step.done(f"{build.version}, there already")
        elif os.access(installation.library_directory, os.W_OK):
            build.install(installation.library_directory, installation.extension_directory)
            step.done(f"{build.version} installed")
        else:
            step.done(f"{build.version} built, but only root can install it")


def _is_installed(build: timescaledb.Build, installation: timescaledb.PostgresInstallation) -> bool:
    pairs = (
        (build.directory / "lib", installation.library_directory),
        (build.directory / "extension", installation.extension_directory),
    )
    for source, target in pairs:
        names = [file.name for file in source.iterdir()]
        _, different, unreadable = filecmp.cmpfiles(source, target, names, shallow=False)
        if different or unreadable:
            return False
    return True


def _run_all(checks: Sequence[Check]) -> None:
    """Those whose output is shown as it comes, one after the other; the rest beside them, one at a time."""
    shown = [check for check in checks if check.shown]
    quiet = [check for check in checks if not check.shown]
    with ThreadPoolExecutor(max_workers=1) as beside:
        quiet_passed = beside.map(_run, quiet)
        passed = dict(zip(shown, map(_run, shown), strict=True)) | dict(zip(quiet, quiet_passed, strict=True))
    failed = [check.name for check in checks if not passed[check]]
    if failed:
        raise LaunchError(f"failed: {', '.join(failed)}.")
    say("All checks passed.")


def _run(check: Check) -> bool:
    begun_s = time.monotonic()
    if check.shown:
        say(f"           {check.name}:")
    done = subprocess.run(
        check.argv,
        check=False,
        cwd=check.directory,
        env={**os.environ, **check.environment},
        stdin=subprocess.DEVNULL,
        stdout=None if check.shown else subprocess.PIPE,
        stderr=None if check.shown else subprocess.STDOUT,
        text=True,
    )
    passed = done.returncode == 0
    say(f"[{time.monotonic() - begun_s:6.1f} s] {check.name}: {'ok' if passed else 'FAILED'}")
    if not passed and not check.shown:
        say(done.stdout.rstrip())
    return passed
