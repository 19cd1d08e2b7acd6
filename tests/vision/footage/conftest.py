from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks.drawn_flight import filming, flying, ground
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions
from vision.telemetry.sample import Sample

SIZE_M = (110.0, 66.0)
CELL_M = 0.08
PLAN = flying.Plan(40, fps=4, size_px=(800, 450), speed_m_s=9.0, passes_max=2)


@dataclass(frozen=True, slots=True)
class Filmed:
    video: Path
    samples: list[Sample]
    truth: dict[str, Any]


def filmed(folder: Path, name: str, scene: ground.Scene, seed: int, **more: Any) -> Filmed:
    video = filming.film(folder, name, scene, more.pop("plan", PLAN), seed, **more)
    assumptions = Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid", flying.SOUTH_WEST)
    samples = formats.read(video.with_suffix(".SRT"), assumptions).samples
    return Filmed(video, samples, json.loads(video.with_suffix(".json").read_text()))


@pytest.fixture(scope="session")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Filmed:
    """Two passes of 40 m over 0.7 ha with eight things on it."""
    scene = ground.draw(5, SIZE_M, CELL_M, waste=8)
    return filmed(tmp_path_factory.mktemp("flight"), "flight", scene, 5)
