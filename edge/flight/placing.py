"""Where on the ground an event is that a drone saw, and which ground its picture shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vision import geometry
from vision.georeference import camera as calibrations
from vision.georeference import cameras, errors
from vision.georeference.errors import Sigmas
from vision.georeference.footprint import footprint
from vision.georeference.place import View, locate
from vision.georeference.pose import RefusedError
from wire.event import Location

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.flight.section import DroneSection
    from edge.flight.track import FlightTrack
    from vision.frame import Frame
    from vision.georeference.camera import Camera
    from vision.georeference.footprint import Corner
    from vision.georeference.place import Placed
    from vision.georeference.pose import Pose
    from vision.rules.base import RuleEvent
    from vision.telemetry.sample import Sample

_MIDDLE = (0.5, 0.5)
_DECIMALS = 7
_OLD_S = 0.3
_VIEW_DEG_LEAST = 0.01
"""Of what is told; telemetry may hold any number."""
_REFUSED_LENGTH_MAX = 400


class Lens:
    """The camera of the moment: as calibrated or known, zoomed as the telemetry says."""

    def __init__(self, section: DroneSection, calibrated: Camera | None) -> None:
        self._calibrated = calibrated
        self._model = None if section.camera_model is None else cameras.find(section.camera_model)
        self._view_deg = section.view_deg

    def camera(self, sample: Sample, size_px: tuple[int, int]) -> Camera:
        """Raise RefusedError."""
        if self._calibrated is not None:
            return cameras.rezoomed(self._calibrated.scaled_to(*size_px), sample)
        if self._view_deg is not None:
            sample = replace(sample, horizontal_view_deg=self._view_deg)
        return cameras.nominal(sample, size_px, self._model)

    def view_deg(self, sample: Sample, size_px: tuple[int, int]) -> float | None:
        """From the left to the right edge of the picture; None: not known."""
        try:
            across = self.camera(sample, size_px).horizontal_view_deg
        except RefusedError:
            return None
        return round(min(max(across, _VIEW_DEG_LEAST), 180 - _VIEW_DEG_LEAST), 2)


class Placer:
    """Of one camera."""

    def __init__(self, lens: Lens, track: FlightTrack, time_of: Callable[[Frame], float]) -> None:
        """`time_of`: when on the track's clock a picture was taken."""
        self._lens = lens
        self._track = track
        self._time_of = time_of

    def place(self, event: RuleEvent, frame: Frame) -> tuple[Location | None, dict[str, Any]]:
        """Where its thing touches the ground; attributes that say how that is known, or why it is not."""
        try:
            placed = self._locate(frame, geometry.foot(event.objects[0].box) if event.objects else _MIDDLE)
        except RefusedError as error:
            return None, {"location_refused": str(error)[:_REFUSED_LENGTH_MAX]}
        location = Location(
            lat=round(placed.lat, _DECIMALS), lon=round(placed.lon, _DECIMALS), accuracy_m=round(placed.ce90_m, 2)
        )
        of_middle = "" if event.objects else "the middle of the picture; "
        return location, {
            "location_method": f"{of_middle}{placed.method}"[:_REFUSED_LENGTH_MAX],
            "location_depression_deg": round(placed.depression_deg, 1),
        }

    def footprint(self, pose: Pose, sample: Sample, size_px: tuple[int, int]) -> list[Corner]:
        """Of the picture's corners on the ground; empty where none is known."""
        try:
            return footprint(View(self._lens.camera(sample, size_px), pose))
        except RefusedError:
            return []

    def _locate(self, frame: Frame, point: geometry.Point) -> Placed:
        height_px, width_px = frame.image.shape[:2]
        at_s = self._time_of(frame)
        pose, sample = self._track.pose_at(at_s)
        age_s = self._track.age_s(at_s)
        view = View(
            self._lens.camera(sample, (width_px, height_px)),
            pose,
            sigmas=Sigmas(time_s=max(errors.TIME_S, age_s)),
            notes=(f"telemetry {age_s:.1f} s old",) if age_s > _OLD_S else (),
        )
        return locate(view, point[0] * width_px, point[1] * height_px)


def read_calibration(path: Path | None) -> Camera | None:
    """Raise CalibrationError."""
    return None if path is None else calibrations.read_calibration(path)
