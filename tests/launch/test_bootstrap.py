"""launch/bootstrap.sh on a project of its own: quick when all is there, one sentence and no remains when not."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = ("launch/bootstrap.sh", "pyproject.toml", "locks/run.lock", "locks/dev.lock", "locks/setup.lock")
NOWHERE = "http://127.0.0.1:9/simple"  # the port of `discard`: nobody listens


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def bootstrap(project: Path, kind: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
    # Without the machine's own index and wheels: only what the test gives can be asked.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    return subprocess.run(
        ["/bin/sh", "launch/bootstrap.sh", kind],
        cwd=project,
        env={**kept, "PIP_CONFIG_FILE": os.devnull, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def stamped(project: Path, kind: str) -> None:
    """As if `kind` had been installed from the locks that are there."""
    (project / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    python = project / ".venv" / "bin" / "python"
    python.unlink(missing_ok=True)
    python.symlink_to(sys.executable)
    content = b"".join(
        (project / name).read_bytes() for name in (f"locks/{kind}.lock", "locks/setup.lock", "pyproject.toml")
    )
    line = f"{kind} {hashlib.sha256(content).hexdigest()}\n"
    (project / ".venv" / "talaia-stamp").write_text(line, encoding="utf-8")


@pytest.mark.parametrize(("installed", "asked"), [("run", "run"), ("dev", "dev"), ("dev", "run")])
def test_what_is_there_is_not_touched(project: Path, installed: str, asked: str) -> None:
    stamped(project, installed)
    done = bootstrap(project, asked, PIP_INDEX_URL=NOWHERE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (project / ".setup").exists()


@pytest.fixture
def without_python(project: Path, tmp_path: Path) -> str:
    """A PATH without Python, so that an installation ends where it begins."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "cat", "sha256sum", "cut", "date", "id"):
        (programs / name).symlink_to(shutil.which(name) or name)
    script = project / "launch" / "bootstrap.sh"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace(" /usr/bin/python3;", ";"), encoding="utf-8")
    return str(programs)


@pytest.mark.parametrize("changed", ["locks/run.lock", "locks/setup.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_anew(project: Path, without_python: str, changed: str) -> None:
    stamped(project, "run")
    assert bootstrap(project, PATH=without_python).returncode == 0
    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert bootstrap(project, PATH=without_python).returncode == 1


def test_the_tools_of_tests_are_not_in_a_run_environment(project: Path, without_python: str) -> None:
    stamped(project, "run")
    assert bootstrap(project, "dev", PATH=without_python).returncode == 1


def test_a_machine_without_python_is_told_what_to_install(project: Path, without_python: str) -> None:
    done = bootstrap(project, PATH=without_python)
    assert done.returncode == 1
    assert done.stderr == (
        "talaia: Python 3.11 or newer is needed: as root, run `apt-get install python3 python3-venv`.\n"
    )


def test_no_internet_is_one_sentence_and_leaves_nothing(project: Path) -> None:
    done = bootstrap(project, PIP_INDEX_URL=NOWHERE)
    assert done.returncode == 1
    assert done.stderr == (
        "talaia: Fetching uv failed: no internet, or the package index cannot be reached "
        "(output in .setup/bootstrap.log).\n"
    )
    assert not (project / ".venv").exists()
    assert sorted(path.name for path in (project / ".setup").iterdir()) == ["bootstrap.log", "lock"]


def test_a_full_disk_is_told_before_anything_is_made(project: Path) -> None:
    script = (project / "launch" / "bootstrap.sh").read_text(encoding="utf-8")
    huge = script.replace("needed_mb=1700", "needed_mb=999999999")
    assert huge != script
    (project / "launch" / "bootstrap.sh").write_text(huge, encoding="utf-8")
    done = bootstrap(project, PIP_INDEX_URL=NOWHERE)
    assert done.returncode == 1
    assert "The disk is too full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / ".venv").exists()
