"""Which ground a publisher's picture shows, where its line tells enough for it: reckoned as an agent does on board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from vision.georeference.camera import from_view
from vision.georeference.footprint import footprint
from vision.georeference.place import View
from vision.georeference.pose import Pose
from wire.device import PositionMessage

if TYPE_CHECKING:
    from vision.georeference.footprint import Corner

_HEIGHT_M_MOST = 10_000.0
"""Higher is a mistake, and would put corners where no map is."""


def filmed(told: PositionMessage, size_px: tuple[int, int] | None) -> PositionMessage:
    """With the ground in the picture, where it has none of its own; `size_px`: of the picture, None: not yet known."""
    if told.footprint or size_px is None:
        return told
    try:
        return PositionMessage.model_validate(told.model_dump() | {"footprint": _corners(told, size_px)})
    except ValidationError:
        return told  # at a pole


def _corners(told: PositionMessage, size_px: tuple[int, int]) -> list[Corner]:
    """Empty where something that it needs is not told, or it looks out too far."""
    # A camera that only tilts looks where the nose does.
    towards_deg = told.heading_deg if told.gimbal_yaw_deg is None else told.gimbal_yaw_deg
    height_m, tilt_deg, view_deg = told.relative_altitude_m, told.gimbal_pitch_deg, told.view_deg
    if height_m is None or tilt_deg is None or towards_deg is None or view_deg is None or height_m > _HEIGHT_M_MOST:
        return []
    pose = Pose(told.lat, told.lon, height_m, towards_deg, tilt_deg, told.gimbal_roll_deg or 0.0)
    return footprint(View(from_view(view_deg, size_px), pose))
