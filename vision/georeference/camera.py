"""Where in space a pixel looks: focal length, principal point and distortion of one picture size.

Pixels count from the upper left corner, x to the right and y down. A thing that stands on the ground is given by the
middle of its lower edge (`vision.geometry.foot`): that is where it touches the ground.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vision.georeference import errors
from vision.georeference.errors import Floats

DIAGONAL_OF_35_MM = math.hypot(36.0, 24.0)
_SHAPE = '{"width_px","height_px","camera_matrix":[[..]x3],"distortion":[k1,k2,p1,p2,k3]}'
_ROUNDS = 20
_SIDE_PX_MAX = 100_000
_WIDE = 1.6
"""Wider pictures than this are cut above and below out of a 4:3 sensor."""


class CalibrationError(Exception):
    """The file cannot be used; one line that says why."""


class OutsideLensError(Exception):
    """The distortion has no inverse at this pixel."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole with Brown's distortion; lengths in px of a picture of `width_px` x `height_px`."""

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """k1, k2, p1, p2, k3."""
    focal_sigma_share: float = errors.NOMINAL_FOCAL_SHARE
    centre_sigma_share: float = errors.NOMINAL_CENTRE_SHARE
    name: str = "nominal camera"

    def scaled_to(self, width_px: int, height_px: int) -> Camera:
        """The same lens in another picture size. Another shape was cut above and below, the width is kept."""
        share = width_px / self.width_px
        return replace(
            self,
            width_px=width_px,
            height_px=height_px,
            fx_px=self.fx_px * share,
            fy_px=self.fy_px * share,
            cx_px=self.cx_px * share,
            cy_px=(self.cy_px - self.height_px / 2) * share + height_px / 2,
        )

    def zoomed(self, zoom: float) -> Camera:
        """Digital zoom cuts about the middle of the picture."""
        middle_x, middle_y = self.width_px / 2, self.height_px / 2
        return replace(
            self,
            fx_px=self.fx_px * zoom,
            fy_px=self.fy_px * zoom,
            cx_px=(self.cx_px - middle_x) * zoom + middle_x,
            cy_px=(self.cy_px - middle_y) * zoom + middle_y,
        )

    @property
    def horizontal_view_deg(self) -> float:
        """Angle from the left to the right edge of the picture, without the lens's distortion."""
        return math.degrees(2 * math.atan(self.width_px / 2 / self.fx_px))

    def holds(self, x_px: float, y_px: float) -> bool:
        return 0 <= x_px <= self.width_px and 0 <= y_px <= self.height_px

    def towards(self, x_px: Floats, y_px: Floats, focal_share: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """To the right and down of the optical axis at unit distance, distortion undone.

        `focal_share` makes the focal length longer by that share. Raise OutsideLensError.
        """
        seen_x = (np.asarray(x_px, float) - self.cx_px) / (self.fx_px * (1 + focal_share))
        seen_y = (np.asarray(y_px, float) - self.cy_px) / (self.fy_px * (1 + focal_share))
        x, y = seen_x, seen_y
        if not any(self.distortion):
            return x, y
        for _ in range(_ROUNDS):
            radial, off_x, off_y = self._bent(x, y)
            if np.any(radial <= 0):
                raise OutsideLensError
            x, y = (seen_x - off_x) / radial, (seen_y - off_y) / radial
        radial, off_x, off_y = self._bent(x, y)
        missed = np.hypot(x * radial + off_x - seen_x, y * radial + off_y - seen_y) * self.fx_px
        if not np.all(missed < 1.0):
            raise OutsideLensError
        return x, y

    def pixel_of(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The other way: where a direction is seen."""
        radial, off_x, off_y = self._bent(x, y)
        return (x * radial + off_x) * self.fx_px + self.cx_px, (y * radial + off_y) * self.fy_px + self.cy_px

    def _bent(self, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return radial, 2 * p1 * x * y + p2 * (r2 + 2 * x * x), p1 * (r2 + 2 * y * y) + 2 * p2 * x * y


def from_focal(
    focal_px: float,
    size_px: tuple[int, int],
    *,
    name: str,
    focal_sigma_share: float = errors.NOMINAL_FOCAL_SHARE,
) -> Camera:
    width, height = size_px
    return Camera(
        width, height, focal_px, focal_px, width / 2, height / 2, name=name, focal_sigma_share=focal_sigma_share
    )


def from_equivalent(equivalent_mm: float, size_px: tuple[int, int]) -> Camera:
    """From the focal length for a frame of 36 x 24 mm, which is reckoned on the diagonal of the sensor."""
    return from_focal(
        equivalent_mm / DIAGONAL_OF_35_MM * _diagonal_px(size_px),
        size_px,
        name=f"nominal camera, {equivalent_mm:g} mm equivalent",
        focal_sigma_share=errors.ASSUMED_FOCAL_SHARE,
    )


def equivalent_of_view(horizontal_deg: float, size_px: tuple[int, int]) -> float:
    """The focal length in mm from which `from_equivalent` makes a picture that wide."""
    return from_view(horizontal_deg, size_px).fx_px * DIAGONAL_OF_35_MM / _diagonal_px(size_px)


def _diagonal_px(size_px: tuple[int, int]) -> float:
    """Of the whole sensor."""
    long_side, short_side = max(size_px), min(size_px)
    return math.hypot(long_side, long_side * 0.75 if long_side / short_side > _WIDE else short_side)


def from_view(horizontal_deg: float, size_px: tuple[int, int]) -> Camera:
    focal = size_px[0] / 2 / math.tan(math.radians(horizontal_deg) / 2)
    return from_focal(focal, size_px, name=f"nominal camera, {horizontal_deg:.1f} degrees wide")


def read_calibration(path: Path) -> Camera:
    """Raise CalibrationError."""
    try:
        loaded: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CalibrationError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"{path}: no JSON ({error}); allowed: {_SHAPE}") from error
    return of_calibration(loaded, str(path))


def of_calibration(loaded: Any, name: str) -> Camera:
    """Of what a calibration's JSON holds; `name` begins what is said of faults. Raise CalibrationError."""
    if not isinstance(loaded, dict):
        raise CalibrationError(f"{name}: got {type(loaded).__name__}; allowed: {_SHAPE}")
    width, height = (_number(name, loaded, key, 1, _SIDE_PX_MAX) for key in ("width_px", "height_px"))
    matrix, bent = _matrix(name, loaded), _distortion(name, loaded)
    if not (matrix[0][0] > 0 and matrix[1][1] > 0):
        raise CalibrationError(f"{name}: camera_matrix: got focal lengths not above 0; allowed: px above 0")
    return Camera(
        int(width),
        int(height),
        matrix[0][0],
        matrix[1][1],
        matrix[0][2],
        matrix[1][2],
        distortion=bent,
        focal_sigma_share=errors.CALIBRATED_FOCAL_SHARE,
        centre_sigma_share=errors.CALIBRATED_CENTRE_SHARE,
        name="calibrated camera",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(name: str, loaded: dict[str, Any], key: str, least: float, most: float) -> float:
    value = loaded.get(key)
    if not _is_number(value) or not least <= float(value or 0) <= most:
        raise CalibrationError(f"{name}: {key}: got {value!r}; allowed: a number from {least:g} to {most:g}")
    return float(value or 0)


def _matrix(name: str, loaded: dict[str, Any]) -> list[list[float]]:
    rows = loaded.get("camera_matrix")
    right = (
        isinstance(rows, list)
        and len(rows) == 3  # noqa: PLR2004 - a 3 x 3 matrix
        and all(isinstance(row, list) and len(row) == 3 and all(map(_is_number, row)) for row in rows)  # noqa: PLR2004
    )
    if not right or rows is None:
        raise CalibrationError(f"{name}: camera_matrix: allowed: 3 rows of 3 numbers, fx 0 cx / 0 fy cy / 0 0 1")
    return [[float(value) for value in row] for row in rows]


def _distortion(name: str, loaded: dict[str, Any]) -> tuple[float, float, float, float, float]:
    values = loaded.get("distortion", [])
    if not isinstance(values, list) or len(values) not in {0, 4, 5} or not all(map(_is_number, values)):
        raise CalibrationError(f"{name}: distortion: got {values!r}; allowed: 5 numbers k1, k2, p1, p2, k3")
    k1, k2, p1, p2, k3 = [float(value) for value in values] + [0.0] * (5 - len(values))
    return k1, k2, p1, p2, k3
