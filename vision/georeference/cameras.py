"""Cameras of drones by make and model, for footage without a calibration of its own.

Published facts: size of the sensor's pixels, its picture, the true focal length and its equivalent for 36 x 24 mm.
Video is taken to use the sensor's whole width, cut above and below; modes that cut the sides too (the "HQ" mode of the
Mavic 2 Pro, some of 60 pictures a second) need a calibration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vision.georeference import camera as cameras
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from vision.georeference.camera import Camera
    from vision.telemetry.sample import Sample


class UnknownModelError(Exception):
    """No camera of that name in the table; says which there are."""


@dataclass(frozen=True, slots=True)
class Model:
    """`code` is what the camera writes into EXIF."""

    make: str
    code: str
    names: tuple[str, ...]
    pixel_um: float
    width_px: int
    height_px: int
    focal_mm: float
    equivalent_mm: float

    @property
    def title(self) -> str:
        return f"{self.make} {self.names[0]} ({self.code})" if self.names else f"{self.make} {self.code}"

    def camera(self, size_px: tuple[int, int], focal_mm: float) -> Camera:
        focal_px = focal_mm * 1000 / self.pixel_um * size_px[0] / self.width_px
        return cameras.from_focal(focal_px, size_px, name=f"nominal camera {self.title}")


MODELS = (
    Model("DJI", "M3E", ("Mavic 3 Enterprise", "Mavic 3E"), 3.306, 5280, 3956, 12.29, 24),
    Model("DJI", "M3T", ("Mavic 3 Thermal", "Mavic 3T"), 0.804, 8000, 6000, 4.4, 24),
    Model("DJI", "M30T", ("Matrice 30T", "Matrice 30", "M30"), 1.62, 4000, 3000, 4.5, 24),
    Model("DJI", "ZH20T", ("Zenmuse H20T", "Zenmuse H20 wide"), 1.62, 4056, 3040, 4.5, 24),
    Model("DJI", "L2D-20c", ("Mavic 3", "Mavic 3 Pro", "Mavic 3 Classic"), 3.163, 5280, 3956, 12.29, 24),
    Model("DJI", "L1D-20c", ("Mavic 2 Pro",), 2.344, 5472, 3648, 10.26, 28),
    Model("DJI", "FC2200", ("Mavic 2 Zoom",), 1.579, 4000, 3000, 4.386, 24),
    Model("DJI", "FC2204", ("Mavic 2 Enterprise Zoom", "Mavic 2 Enterprise"), 1.579, 4000, 3000, 4.386, 24),
    Model("DJI", "FC2403", ("Mavic 2 Enterprise Dual",), 1.602, 4056, 3040, 4.5, 24),
    Model("DJI", "FC220", ("Mavic Pro", "Mavic Pro Platinum"), 1.582, 4000, 3000, 4.73, 26),
    Model("DJI", "FC230", ("Mavic Air",), 1.521, 4056, 3040, 4.5, 24),
    Model("DJI", "FC3170", ("Mavic Air 2", "Air 2"), 1.6, 4000, 3000, 4.49, 24),
    Model("DJI", "FC3411", ("Air 2S", "Mavic Air 2S"), 2.41, 5472, 3648, 8.38, 22),
    Model("DJI", "FC8284", ("Air 3",), 2.4, 4032, 3024, 6.72, 24),
    Model("DJI", "FC7203", ("Mavic Mini",), 1.6, 4000, 3000, 4.49, 24),
    Model("DJI", "FC7303", ("Mini 2",), 1.6, 4000, 3000, 4.49, 24),
    Model("DJI", "FC3682", ("Mini 3",), 2.4, 4000, 3000, 6.72, 24),
    Model("DJI", "FC3582", ("Mini 3 Pro",), 2.388, 4032, 3024, 6.72, 24),
    Model("DJI", "FC8482", ("Mini 4 Pro",), 2.3, 4032, 3024, 6.72, 24),
    Model("DJI", "FC300X", ("Phantom 3 Professional", "Phantom 3 Pro"), 1.579, 4000, 3000, 3.61, 20),
    Model("DJI", "FC300S", ("Phantom 3 Advanced",), 1.579, 4000, 3000, 3.61, 20),
    Model("DJI", "FC300C", ("Phantom 3 Standard", "Phantom 3 SE"), 1.579, 4000, 3000, 3.61, 20),
    Model("DJI", "FC330", ("Phantom 4",), 1.57, 4000, 3000, 3.61, 20),
    Model("DJI", "FC6310", ("Phantom 4 Pro", "Phantom 4 Advanced"), 2.345, 5472, 3648, 8.8, 24),
    Model("DJI", "FC6310S", ("Phantom 4 Pro V2",), 2.345, 5472, 3648, 8.8, 24),
    Model("DJI", "FC6310R", ("Phantom 4 RTK",), 2.345, 5472, 3648, 8.8, 24),
    Model("DJI", "FC6510", ("Zenmuse X4S",), 2.341, 5472, 3648, 8.8, 24),
    Model("DJI", "FC6520", ("Zenmuse X5S",), 3.387, 5280, 3956, 15.0, 30),
    Model("DJI", "ZenmuseP1", ("Zenmuse P1",), 4.39, 8192, 5460, 35.0, 35),
    Model("Autel Robotics", "XT701", ("EVO II",), 0.838, 7680, 6000, 4.74, 26),
    Model("Autel Robotics", "XT705", ("EVO II Pro", "XL705"), 2.33, 5472, 3648, 10.57, 29),
    Model("Parrot", "ANAFI", (), 1.124, 5344, 4016, 4.0, 23),
    Model("Skydio", "X2", ("X2E", "X2D"), 1.548, 4056, 3040, 3.7, 20),
)


def find(name: str, make: str = "") -> Model:
    """By code or name, whatever its case and spaces, with the make or without. Raise UnknownModelError."""
    wanted = _plain(name)
    for model in MODELS:
        known = {_plain(text) for text in (model.code, *model.names)}
        whole = {_plain(model.make) + text for text in known}
        if wanted in known | whole or (make and _plain(make) + wanted in whole):
            return model
    allowed = ", ".join(sorted(text for model in MODELS for text in (model.code, *model.names)))
    raise UnknownModelError(f"got {name!r}; allowed: {allowed}")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def nominal(sample: Sample, size_px: tuple[int, int], model: Model | None = None) -> Camera:
    """What the telemetry and the table tell of the lens at that moment. Raise RefusedError."""
    zoom = sample.zoom if sample.zoom is not None and sample.zoom >= 1 else 1.0
    if sample.horizontal_view_deg is not None and 0 < sample.horizontal_view_deg < 180:  # noqa: PLR2004 - half a turn
        return cameras.from_view(sample.horizontal_view_deg, size_px)  # what is seen, so with any zoom
    model = model or _of_telemetry(sample)
    equivalent = _equivalent_mm(sample)
    if model is not None:
        return model.camera(size_px, _true_focal_mm(sample, model, equivalent)).zoomed(zoom)
    if equivalent is not None:
        return cameras.from_equivalent(equivalent, size_px).zoomed(zoom)
    raise RefusedError("no focal length is known; give --calibration or --camera-model")


def rezoomed(calibrated: Camera, sample: Sample) -> Camera:
    """A calibrated camera as it was zoomed at that moment."""
    zoom = sample.zoom if sample.zoom is not None and sample.zoom > 1 else 1.0
    return replace(calibrated.zoomed(zoom), name=f"{calibrated.name} zoomed {zoom:g} times") if zoom > 1 else calibrated


def _of_telemetry(sample: Sample) -> Model | None:
    written = sample.camera
    if written is None or not written.model:
        return None
    try:
        return find(written.model, written.make or "")
    except UnknownModelError:
        return None


def _equivalent_mm(sample: Sample) -> float | None:
    if sample.focal_length_equivalent_mm:
        return sample.focal_length_equivalent_mm
    return sample.focal_length_mm if sample.focal_length_mm and sample.image is None else None


def _true_focal_mm(sample: Sample, model: Model, equivalent_mm: float | None) -> float:
    """A zoom lens moves: the still's own focal length, else the model's in the share that the equivalent has moved."""
    if sample.image is not None and sample.focal_length_mm:
        return sample.focal_length_mm
    if equivalent_mm is not None:
        return model.focal_mm * equivalent_mm / model.equivalent_mm
    return model.focal_mm
