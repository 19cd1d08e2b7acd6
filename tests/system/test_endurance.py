"""A short, seeded part of each long proof of the agent; `make soak` makes them whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import town as towns
from benchmarks.endurance import agent_kills, camera_kills, full_disk, network_cut, uploads
from launch import rtsp

pytestmark = [pytest.mark.system, pytest.mark.timeout(1500)]
SEED = 20261122


def test_an_agent_that_is_killed_at_random_delivers_each_event_once(town: towns.Town, tmp_path: Path) -> None:
    result = agent_kills.prove(town, tmp_path / "killed", kills=2, seed=SEED)
    assert agent_kills.holds(result), result


def test_what_was_written_during_a_cut_is_delivered_after_it(town: towns.Town, tmp_path: Path) -> None:
    result = network_cut.prove(town, tmp_path / "cut", cut_s=10.0)
    assert network_cut.holds(result), result


def test_a_camera_whose_server_is_killed_comes_back(town: towns.Town, tmp_path: Path) -> None:
    if not rtsp.available():
        pytest.skip("needs Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi")
    result = camera_kills.prove(town, tmp_path / "lost", kills=1)
    assert camera_kills.holds(result), result


def test_a_large_file_arrives_over_cuts_and_kills(town: towns.Town, tmp_path: Path) -> None:
    result = uploads.prove(town, tmp_path / "upload", size_bytes=40_000_000, cuts=4, kills=1, seed=SEED)
    assert uploads.holds(result), result


def test_a_full_disk_loses_no_event(town: towns.Town, tmp_path: Path) -> None:
    try:
        result = full_disk.prove(town, tmp_path / "full", full_s=5.0)
    except PermissionError as error:
        pytest.skip(f"may mount no file system here: {error}")
    assert full_disk.holds(result), result
