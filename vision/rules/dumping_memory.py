"""What the dumping rule learned of a scene, as bytes for the next start: the background and the things that wait."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vision import geometry
from vision.background import PixelLayers

if TYPE_CHECKING:
    from vision.bringers import How
    from vision.geometry import Box

_SAME_PLACE_IOU = 0.3


@dataclass(slots=True)
class Waiting:
    """A thing that was brought, and is not reported yet. Times are media times of the agent's present start."""

    box: Box
    """In 0..1, like the actor's."""
    how: How
    born_s: float
    rest_s: float
    attended_s: float
    actor_label: str
    actor_confidence: float
    actor_box: Box

    def is_at(self, box: Box) -> bool:
        return geometry.iou(self.box, box) >= _SAME_PLACE_IOU


def pack(layers: PixelLayers, waiting: list[Waiting], now_s: float) -> bytes:
    """As a compressed archive of arrays; times are counted back from now."""
    things = [{**asdict(one), **{key: getattr(one, key) - now_s for key in _TIMES}} for one in waiting]
    text = np.frombuffer(json.dumps(things).encode(), np.uint8)
    parts: dict[str, Any] = {**layers.remember(), "waiting": text}
    packed = io.BytesIO()
    np.savez(packed, **parts)
    return packed.getvalue()


def unpack(memory: bytes, ago_s: float) -> tuple[PixelLayers, list[Waiting]]:
    """What `pack` gave `ago_s` seconds ago.

    Raises:
        ValueError: it is damaged or of another version.
    """
    try:
        with np.load(io.BytesIO(memory), allow_pickle=False) as parts:
            layers = PixelLayers.recalled(parts)
            stored = json.loads(parts["waiting"].tobytes())
        return layers, [_restored(one, ago_s) for one in stored]
    except (OSError, EOFError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a memory of illegal_dumping: {error}") from error


_TIMES = "born_s", "rest_s", "attended_s"


def _restored(fields: dict[str, Any], ago_s: float) -> Waiting:
    times = {key: float(fields[key]) - ago_s for key in _TIMES}
    boxes = {key: tuple(float(edge) for edge in fields[key]) for key in ("box", "actor_box")}
    return Waiting(**{**fields, **times, **boxes})
