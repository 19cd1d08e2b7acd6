"""A digital elevation model from a GeoTIFF, anchored at the point of take-off.

Only differences of the model's own heights are used: the drone is `DEM(take-off) + rel_alt` high, so the model's
datum does not matter. Apart from `ground` because it needs GDAL (rasterio), which the agent on a drone has not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio  # type: ignore[import-untyped]  # carries no type information
import rasterio.errors  # type: ignore[import-untyped]
from rasterio.enums import Resampling  # type: ignore[import-untyped]
from rasterio.vrt import WarpedVRT  # type: ignore[import-untyped]
from rasterio.windows import Window  # type: ignore[import-untyped]

from vision.georeference import errors, globe
from vision.georeference.ground import Plane
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vision.georeference.errors import Floats
    from vision.georeference.pose import Pose

REACH_M = 3000.0
"""About the flight: no ray 15 degrees down from 500 m goes farther."""
_CELLS_MAX = 3000
_STEPS_MAX = 4000
_STEP_M = 2.0
_HALVINGS = 30
_US_FEET = {"us-ft", "us survey foot", "us_survey_foot", "ftus"}
_FEET = {"ft", "feet", "foot", "international foot", *_US_FEET}


class TerrainError(Exception):
    """The file cannot be used; one line that says why."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """Heights in metres at the centres of cells, rows from north to south; NaN where there is no data."""

    heights: Floats
    west: float
    north: float
    step_lon: float
    step_lat: float

    def at(self, lats: Floats, lons: Floats) -> Floats:
        """Bilinear; NaN outside."""
        column = (lons - self.west) / self.step_lon - 0.5
        row = (self.north - lats) / self.step_lat - 0.5
        rows, columns = self.heights.shape
        left = np.clip(np.floor(column), 0, max(0, columns - 2)).astype(int)
        top = np.clip(np.floor(row), 0, max(0, rows - 2)).astype(int)
        right, under = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        x, y = np.clip(column - left, 0, 1), np.clip(row - top, 0, 1)
        upper = self.heights[top, left] * (1 - x) + self.heights[top, right] * x
        lower = self.heights[under, left] * (1 - x) + self.heights[under, right] * x
        outside = (column < -0.5) | (column > columns - 0.5) | (row < -0.5) | (row > rows - 0.5)  # noqa: PLR2004 - half a cell
        return np.where(outside, np.nan, upper * (1 - y) + lower * y)


@dataclass(frozen=True, slots=True)
class Terrain:
    """A model's heights above its own height at the take-off."""

    grid: _Grid
    take_off_m: float
    lowest_m: float
    anchor_sigma_m: float = 0.0
    """Where the take-off's place is not known and another stands for it."""
    name: str = "DEM anchored at take-off,"

    def below(self, pose: Pose, ray: Floats) -> Plane:
        """Raise RefusedError."""
        east_a_degree, north_a_degree = globe.metres_of_a_degree(pose.lat)

        def above(along: Floats) -> Floats:
            lats = pose.lat + along * ray[1] / north_a_degree
            lons = pose.lon + along * ray[0] / east_a_degree
            clearance: Floats = pose.height_m + along * ray[2] - (self.grid.at(lats, lons) - self.take_off_m)
            return clearance

        along = self._crossing(above, pose, ray)
        east, north = along * float(ray[0]), along * float(ray[1])
        cell = max(self.grid.step_lat * north_a_degree, self.grid.step_lon * east_a_degree, 1.0)
        around = np.array([[0, 0], [cell, 0], [-cell, 0], [0, cell], [0, -cell]]) + np.array([east, north])
        heights = self.grid.at(pose.lat + around[:, 1] / north_a_degree, pose.lon + around[:, 0] / east_a_degree)
        here, to_east, to_west, to_north, to_south = heights - self.take_off_m
        slope_east, slope_north = (to_east - to_west) / (2 * cell), (to_north - to_south) / (2 * cell)
        if not (math.isfinite(here) and math.isfinite(slope_east) and math.isfinite(slope_north)):
            raise RefusedError("the DEM has no data here")
        return Plane(float(here), east, north, float(slope_east), float(slope_north))

    def _crossing(self, above: Callable[[Floats], Floats], pose: Pose, ray: Floats) -> float:
        """How far along the ray it first dips below the model."""
        lowest = self.lowest_m - self.take_off_m - 1.0
        longest = max(0.0, (lowest - pose.height_m) / float(ray[2]))
        flat = math.hypot(float(ray[0]), float(ray[1])) * longest
        steps = np.linspace(0.0, longest, int(min(_STEPS_MAX, max(50.0, flat / _STEP_M, longest / _STEP_M))))
        heights = above(steps)
        under = np.flatnonzero(~(heights > 0))
        if not len(under) or np.isnan(heights[: under[0] + 1]).any():
            raise RefusedError("the DEM has no data here")
        if under[0] == 0:
            raise RefusedError("the drone is below the DEM's ground")
        low, high = float(steps[under[0] - 1]), float(steps[under[0]])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if float(above(np.array([middle]))[0]) > 0 else (low, middle)
        return high

    def sigma_m(self, distance_m: float) -> float:  # noqa: ARG002 - as good far away as near
        return errors.rss(errors.TERRAIN_M, self.anchor_sigma_m)


def read(path: Path, take_off: tuple[float, float], *, known: bool = True) -> Terrain:
    """About a take-off at (lat, lon). Where that is only a guess, it must be said. Raise TerrainError."""
    try:
        grid = _read_grid(path, take_off)
    except (rasterio.errors.RasterioError, rasterio.errors.RasterioIOError, OSError, ValueError) as error:
        raise TerrainError(f"{path}: no DEM: {' '.join(str(error).split())}") from error
    height = float(grid.at(np.array([take_off[0]]), np.array([take_off[1]]))[0])
    if not math.isfinite(height):
        raise TerrainError(f"{path}: the DEM has no data at the take-off, {take_off[0]:.6f}, {take_off[1]:.6f}")
    lowest = float(np.nanmin(grid.heights))
    if known:
        return Terrain(grid, height, lowest)
    name = "DEM anchored under the first known position, not take-off,"
    return Terrain(grid, height, lowest, _relief_m(grid, take_off), name)


def _relief_m(grid: _Grid, about: tuple[float, float]) -> float:
    """How much the ground varies within 300 m: so wrong may a guessed take-off be."""
    east, north = globe.metres_of_a_degree(about[0])
    side = np.linspace(-300.0, 300.0, 31)
    easts, norths = np.meshgrid(side, side)
    return float(np.nanstd(grid.at(about[0] + norths / north, about[1] + easts / east)))


def _read_grid(path: Path, about: tuple[float, float]) -> _Grid:
    with rasterio.open(path) as source:
        if source.crs is None:
            raise TerrainError(f"{path}: the GeoTIFF does not say its coordinate system")
        if source.count < 1 or source.dtypes[0].startswith("complex"):
            raise TerrainError(f"{path}: the GeoTIFF has no band of heights")
        with WarpedVRT(
            source, crs="EPSG:4326", resampling=Resampling.bilinear, dtype="float64", nodata=math.nan
        ) as flat:
            return _window(flat, path, about, _metres(source))


def _window(flat: Any, path: Path, about: tuple[float, float], metres: float) -> _Grid:
    east, north = globe.metres_of_a_degree(about[0])
    reach_lon, reach_lat = REACH_M / east, REACH_M / north
    lat, lon = about
    grid = flat.transform  # north up: a is the step to the east, e the one to the south, below 0
    first_column = max(0, math.floor((lon - reach_lon - grid.c) / grid.a))
    first_row = max(0, math.floor((lat + reach_lat - grid.f) / grid.e))
    columns = min(flat.width, math.ceil((lon + reach_lon - grid.c) / grid.a)) - first_column
    rows = min(flat.height, math.ceil((lat - reach_lat - grid.f) / grid.e)) - first_row
    if columns < 1 or rows < 1:
        raise TerrainError(f"{path}: the DEM does not cover the flight at {lat:.5f}, {lon:.5f}")
    window = Window(first_column, first_row, columns, rows)
    shape = (min(rows, _CELLS_MAX), min(columns, _CELLS_MAX))
    heights = np.asarray(flat.read(1, window=window, out_shape=shape, resampling=Resampling.average), dtype=np.float64)
    heights[~np.isfinite(heights)] = np.nan
    if not np.isfinite(heights).any():
        raise TerrainError(f"{path}: the DEM has no data about the flight at {lat:.5f}, {lon:.5f}")
    west, top = grid.c + first_column * grid.a, grid.f + first_row * grid.e
    step_lon, step_lat = grid.a * columns / shape[1], -grid.e * rows / shape[0]
    return _Grid(heights * metres, west, top, step_lon, step_lat)


def _metres(source: Any) -> float:
    """Of the unit in which the file's heights are."""
    unit = str(source.units[0] or "").strip().lower()
    if unit in _US_FEET:
        return 1200 / 3937
    return 0.3048 if unit in _FEET else 1.0
