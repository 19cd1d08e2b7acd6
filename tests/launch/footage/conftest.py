"""The clips as this code makes them: filmed from the machine's cache, drawn in a directory of the test's own."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launch import places
from launch.footage import make
from tests.launch.footage.clips import LONG_S, MAKE, Clips, DrawnRun

INSTALLED = Path("/usr/share/doc/opencv-doc/examples/data")


@pytest.fixture(scope="session")
def filmed() -> Clips:
    """The clips in the cache, made there where they are missing or of older code."""
    directory = places.cache_directory() / "footage"
    footage = make.make(directory, lambda _: None)
    if footage.drawn:
        pytest.skip(f"Debian's opencv-doc package cannot be had: {footage.reason}")
    return Clips(directory, json.loads((directory / make.FACTS).read_text()))


@pytest.fixture(scope="session")
def without_apt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if list(INSTALLED.glob("vtest.avi*")):
        pytest.skip("opencv-doc is installed here, so nothing is drawn")
    return {**os.environ, "PATH": str(tmp_path_factory.mktemp("no-programs"))}


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory, without_apt: dict[str, str]) -> DrawnRun:
    directory = tmp_path_factory.mktemp("drawn")
    with subprocess.Popen([*MAKE, str(directory)], env=without_apt, stderr=subprocess.DEVNULL) as killed:
        wait_for(lambda: any(path.stat().st_size > 0 for path in directory.glob(f"{make.WORK_PREFIX}*/{make.STAGED}")))
        killed.send_signal(signal.SIGKILL)
    after_kill = sorted(path.name for path in directory.iterdir() if not path.name.startswith(make.WORK_PREFIX))
    finished = subprocess.run(
        [*MAKE, str(directory)], env=without_apt, check=False, capture_output=True, text=True, timeout=LONG_S
    )
    facts = json.loads((directory / make.FACTS).read_text()) if finished.returncode == 0 else {}
    return DrawnRun(Clips(directory, facts), after_kill, finished)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline, "the clips were never begun"
        time.sleep(0.05)


@pytest.fixture
def fake_root(tmp_path: Path) -> Path:
    """An installed package whose files are not the known ones."""
    root = tmp_path / "root"
    data, pages = root / "usr/share/doc/opencv-doc/examples/data", root / "usr/share/doc/opencv-doc/opencv4/html"
    data.mkdir(parents=True)
    pages.mkdir(parents=True)
    (data / "vtest.avi").write_bytes(b"another clip")
    (pages / "box.mp4.gz").write_bytes(b"no gzip at all")
    return root
