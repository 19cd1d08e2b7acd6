"""Writes a folder of scenes or of negatives: clips, ground_truth.json, manifest.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import models.stage
from models.stage import StageError, footage, negatives, scenes, things, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.stage.cameras import Split
    from models.stage.scenes import Played

    Progress = Callable[[int, int], None]

_MADE_BY = "talaia-models stage-scenes: the times and boxes are those that the scenes were drawn from"
_KBIT_S = (500, 1100)
_KEY_S = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Order:
    """What to make."""

    seed: int
    split: Split
    data: Path
    out: Path
    count: int = 0
    minutes: float = 0.0
    """Of negatives; then no scenes are made."""


def produce(order: Order, progress: Progress) -> None:
    """Raises StageError where sources are absent or the folder cannot take the clips."""
    _check(order)
    studio = scenes.Studio(footage.Library(order.data), order.split)
    order.out.mkdir(parents=True, exist_ok=True)
    total = order.count or negatives.count(order.minutes)
    entries: list[dict[str, Any]] = []
    used: list[dict[str, Any]] = []
    for number in range(total):
        progress(number, total)
        scene = _chosen(studio, order, number)
        name = f"{'scene' if order.count else 'negative'}-{number:03d}.mp4"
        _write(order, scene, name, number)
        entries.append(scene.truth(name))
        used.append({"clip": name, **scene.sources()})
        _save(order, studio, entries, used)
    progress(total, total)


def _chosen(studio: scenes.Studio, order: Order, number: int) -> Played:
    if order.count:
        return scenes.choose(studio, number, order.seed)
    return negatives.choose(studio, number, order.seed)


def _check(order: Order) -> None:
    if not order.data.is_dir():
        message = f"there is no data folder {order.data}: scenes are made from its clips and pictures; see --data"
        raise StageError(message)
    if order.out.exists() and (not order.out.is_dir() or any(order.out.iterdir())):
        message = f"{order.out} exists and is not an empty folder"
        raise StageError(message)


def _write(order: Order, scene: Played, name: str, number: int) -> None:
    random = np.random.default_rng([order.seed, number, 7])
    writing.write_clip(
        order.out / name,
        scene.pictures(),
        fps=scene.fps,
        size=scene.view.size,
        kbit_s=int(random.integers(*_KBIT_S)),
        key_s=float(random.choice(_KEY_S)),
    )


def _save(order: Order, studio: scenes.Studio, entries: list[dict[str, Any]], used: list[dict[str, Any]]) -> None:
    """After each clip, so that a run that is broken off leaves a folder that can be read."""
    manifest = {
        "seed": order.seed,
        "split": order.split,
        "kind": "scenes" if order.count else "negatives",
        "made_with": models.stage.VERSION,
        "clips": used,
        "backgrounds": sorted({each["camera"] for each in used}),
        "walkers": sorted({name for each in used for name in each["walkers"]}),
        "objects": sorted({name for each in used for name in each["objects"]}),
        "object_pictures": sorted(
            {
                things.picture_file(studio.library, source)[1]
                for source in things.SOURCES
                if any(source.name in each["objects"] for each in used)
            }
        ),
        "sha256": dict(sorted(studio.library.sha256.items())),
    }
    _replace(order.out / "manifest.json", manifest)
    _replace(order.out / "ground_truth.json", {"made_by": _MADE_BY, "clips": entries})


def _replace(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(path)
