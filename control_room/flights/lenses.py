"""The camera that took a file: as it was calibrated, by its model, or as the telemetry says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vision.georeference import camera as calibrations
from vision.georeference import cameras

if TYPE_CHECKING:
    from vision.georeference.camera import Camera
    from vision.georeference.cameras import Model
    from vision.telemetry.sample import Sample


@dataclass(frozen=True, slots=True)
class Lens:
    """What was asked for; without either the telemetry must tell."""

    calibrated: Camera | None = None
    model: Model | None = None

    def camera(self, sample: Sample, size_px: tuple[int, int]) -> Camera:
        """Raise RefusedError."""
        if self.calibrated is not None:
            return cameras.rezoomed(self.calibrated.scaled_to(*size_px), sample)
        return cameras.nominal(sample, size_px, self.model)


def of_aircraft(calibration: dict[str, Any] | None, camera_model: str | None, lens: str | None) -> Lens:
    """As the unit wrote an aircraft down; a calibration is of its wide lens. Raise cameras.UnknownModelError."""
    if calibration is not None and lens in {None, "wide"}:
        return Lens(calibrations.of_calibration(calibration, "calibration"))
    return Lens(None, None if camera_model is None else cameras.find(camera_model))
