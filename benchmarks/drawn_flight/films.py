"""Films that benchmarks share: made once, kept in the cache."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.drawn_flight import filming, flying, ground

SIZE_M = (200.0, 130.0)
CELL_M = 0.04
_VERSION = 1
"""Counted up when what is drawn changes."""


def folder() -> Path:
    named = os.environ.get("TALAIA_CACHE_DIR")
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talaia"
    made = base / "bench-footage" / str(_VERSION)
    made.mkdir(parents=True, exist_ok=True)
    return made


def flight(seed: int, height_m: float, *, fps: int = 5) -> Path:
    """A lawnmower flight of 1080p over 2.6 ha, with subtitles and truth beside it."""
    name = f"seed{seed}-{height_m:.0f}m"
    video = folder() / f"{name}.mp4"
    if not video.with_suffix(".json").is_file():  # written last
        scene = ground.draw(seed, SIZE_M, CELL_M)
        filming.film(folder(), name, scene, flying.Plan(height_m, fps=fps), seed)
    return video


def truth(video: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    return loaded
