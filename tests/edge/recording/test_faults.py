"""A recorder that is killed, a disk that is full: what was closed stays, the newest is recorded, losses are said."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.recording import Recordings, decode
from edge.recording.check import check
from edge.recording.read import packets as read_packets
from edge.recording.survey import files
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.clocks import HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import at, hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[3]
LONG = timedelta(days=1)


def decoded(path: Path) -> tuple[int, int]:
    """How many packets a segment has, and how many pictures come out of it."""
    stretch = read_packets(path)
    return len(stretch.packets), sum(1 for _ in decode.pictures([stretch]))


def wait_for_files(folder: Path, count: int) -> None:
    wait_until(lambda: len(list(files(folder))) >= count, "segments")


def test_a_recorder_that_is_killed_at_any_moment_loses_no_closed_segment(tmp_path: Path) -> None:
    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    folder = tmp_path / "recordings"
    folder.mkdir()
    script = Path(__file__).with_name("recorder_process.py")
    chance = random.Random(7)
    closed: dict[Path, bytes] = {}
    for _ in range(3):
        began = len(list(files(folder)))
        command = [sys.executable, str(script), str(folder), str(video)]
        with subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as process:
            try:
                wait_for_files(folder, began + 5)
                time.sleep(chance.random())
            finally:
                process.kill()
        assert check(folder, repair=False, running=True).findings == []
        assert all(path.read_bytes() == content for path, content in closed.items())
        repaired = check(folder, repair=True, running=False).findings
        assert {one.code for one in repaired} <= {"unclosed", "orphan"}
        assert [one for one in repaired if one.lost] == []
        closed = {path: path.read_bytes() for path in files(folder)}
    assert check(folder, repair=False, running=False).findings == []
    counts = [decoded(path) for path in closed]
    assert len(counts) >= 12  # in each round four were closed before the fifth was there
    assert all(came == pictures > 0 for came, pictures in counts)
    recordings = Recordings(folder, packets.settings(), HandClock())
    now = datetime.now(UTC)
    assert sum(span.segments for span in recordings.listing("placa", now - LONG, now + LONG).spans) == len(counts)
    recordings.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small disk here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_costs_the_oldest_and_what_is_held_stays(tmp_path: Path, small_disk: Path) -> None:
    noise = np.random.default_rng(5)

    def busy(_: int) -> NDArray[np.uint8]:
        return noise.integers(0, 255, (120, 160, 3), dtype=np.uint8)

    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10, picture=busy)
    folder, clock = small_disk / "recordings", HandClock()
    recordings = Recordings(folder, packets.settings(), clock)
    recorder = recordings.recorder(packets.CAMERA)
    packets.feed(recorder, video, at(0))
    recordings.write()
    recordings.hold(hold(0, 1))
    held = next(files(folder))
    content = held.read_bytes()
    said: set[str] = set()
    for number in range(1, 8):
        clock.passed_s = 10 * number
        packets.feed(recorder, video, at(10 * number))
        recordings.write()
        said.add(recordings.trouble("placa"))
    recordings.close()
    spans = Recordings(folder, packets.settings(), clock).listing("placa", at(-1), at(100)).spans
    assert any(
        "the disk is nearly full: recordings up to 2026-03-01 12:00 UTC were erased early" in one for one in said
    )
    assert held.read_bytes() == content
    assert spans[-1].to == at(79.9)
    assert recorder.dropped_packets < 100  # a group of pictures each time the disk was found full, of 800 packets
    assert check(folder, repair=False, running=False).findings == []
    assert all(came == pictures > 0 for came, pictures in map(decoded, files(folder)))
