"""What ground_truth.json says of a scene: times, the box, and the conditions as they were measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from models.stage.scenes import Scene

ANALYSIS_WIDTH_PX = 320
SMALLEST_PX = 12
"""At analysis scale; what is smaller is marked and not scored."""


def truth(scene: Scene, clip: str) -> dict[str, Any]:
    """The clip's entry of ground_truth.json; after its pictures are drawn."""
    visit, fps = scene.visit, scene.fps
    first = next((frame for frame, _ in scene.walker_boxes), visit.begin)
    event = {
        "what": f"{scene.source.name} left by a {visit.actor} ({visit.track.person})",
        "rule": "illegal_dumping",
        "actor": visit.actor,
        "t_enter_s": round(first / fps, 2),
        "t_placed_s": round(visit.placed / fps, 2),
        "t_hand_off_s": round(visit.hand_off / fps, 2),
        "t_owner_walks_s": round(visit.walks / fps, 2),
        "t_owner_gone_s": round(visit.gone / fps, 2),
        "t_object_removed_s": None,
        "bbox_xyxy": scene.box(),
        "too_small": small_px(scene) < SMALLEST_PX,
        "conditions": _conditions(scene),
    }
    return {"clip": clip, "fps": fps, "frames": scene.frames, "size": list(scene.view.size), "events": [event]}


def small_px(scene: Scene) -> float:
    _, y0, _, y1 = scene.box()
    return (y1 - y0) * ANALYSIS_WIDTH_PX / scene.view.size[0]


def _conditions(scene: Scene) -> dict[str, Any]:
    small = small_px(scene)
    person = scene.view.height_px(scene.visit.place[1]) / scene.view.size[1]
    seen = np.array(scene.seen[scene.visit.walks :])
    hidden = float((seen < 0.6).mean()) if seen.size else 0.0
    return {
        "size": "small" if small < 18 else "medium" if small < 36 else "large",
        "height_px_at_320": round(small, 1),
        "contrast": _contrast_name(scene),
        "occlusion": "none" if hidden < 0.01 else "short" if hidden < 0.15 else "long",
        "hidden_share": round(hidden, 3),
        "distance": "far" if person < 0.2 else "middle" if person < 0.4 else "near",
        "light": scene.light,
        "crowd": _crowd_name(scene),
        "object": scene.source.name,
        "walker": scene.visit.track.name,
        "background": scene.view.name,
    }


def _contrast_name(scene: Scene) -> str:
    measured = contrast_grey(scene)
    return "low" if measured < 38 else "medium" if measured < 60 else "high"


def contrast_grey(scene: Scene) -> float:
    """Mean difference in grey levels between the thing and what it hides."""
    resting = scene.resting()
    x0, y0, x1, y1 = resting.box
    behind = scene.background.plate[max(0, y0) : y1, max(0, x0) : x1].mean(axis=2)
    own = resting.picture.mean(axis=2)[max(0, -y0) :, max(0, -x0) :][: behind.shape[0], : behind.shape[1]]
    alpha = resting.alpha[max(0, -y0) :, max(0, -x0) :][: behind.shape[0], : behind.shape[1]]
    return float((np.abs(own - behind) * alpha).sum() / max(1e-6, float(alpha.sum())))


def _crowd_name(scene: Scene) -> str:
    motion = scene.background.motion
    counts = [len(scene.passers) * 0.2]
    if motion is not None:
        for frame in range(0, scene.frames, 25):
            _, feet = motion.at(scene.background.index(frame))
            counts.append(float((feet >= scene.view.crop[1]).sum()))
    mean = float(np.mean(counts[1:])) if len(counts) > 1 else counts[0]
    return "empty" if mean < 0.2 else "some" if mean < 3 else "many"
