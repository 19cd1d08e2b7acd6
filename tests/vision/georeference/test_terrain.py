"""A DEM: only its own differences count, whatever its datum, unit and projection."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio  # type: ignore[import-untyped]
from affine import Affine
from rasterio.warp import transform  # type: ignore[import-untyped]

from tests.vision.georeference import flown
from vision.georeference import globe, terrain
from vision.georeference.errors import Floats
from vision.georeference.place import Placed, View, locate
from vision.georeference.pose import RefusedError

CELL_M = 5.0
CELLS = 401


def write(path: Path, heights: Floats, crs: str | None = "EPSG:25831", **more: Any) -> Path:
    """A grid about the flight's start, rows from north to south."""
    unit = more.pop("unit", None)
    if crs == "EPSG:4326":
        east, north = globe.metres_of_a_degree(flown.START[0])
        place, steps = (flown.START[1], flown.START[0]), (CELL_M / east, CELL_M / north)
    else:
        (x,), (y,) = transform("EPSG:4326", "EPSG:25831", [flown.START[1]], [flown.START[0]])
        place, steps = (x, y), (CELL_M, CELL_M)
    corner = (place[0] - steps[0] * CELLS / 2, place[1] + steps[1] * CELLS / 2)
    profile = {"driver": "GTiff", "width": CELLS, "height": CELLS, "count": 1, "dtype": "float32", **more}
    with rasterio.open(
        path, "w", crs=crs, transform=Affine(steps[0], 0, corner[0], 0, -steps[1], corner[1]), **profile
    ) as file:
        file.write(heights.astype(np.float32), 1)
        if unit:
            file.units = [unit]
    return path


def level(height_m: float) -> Floats:
    return np.full((CELLS, CELLS), height_m)


def rising_north(share: float) -> Floats:
    norths = (CELLS / 2 - 0.5 - np.arange(CELLS)) * CELL_M
    return np.repeat((200 + share * norths)[:, None], CELLS, axis=1)


def placed(path: Path, x: float = 700, y: float = 300, **pose: float) -> Placed:
    return locate(View(flown.LENS, flown.pose(**pose), terrain.read(path, flown.START)), x, y)


@pytest.mark.parametrize("crs", ["EPSG:25831", "EPSG:4326"])
@pytest.mark.parametrize("height_m", [0.0, 10.0, 1234.5])
def test_a_level_dem_in_any_datum_moves_nothing(tmp_path: Path, crs: str, height_m: float) -> None:
    flat = locate(View(flown.LENS, flown.pose()), 700, 300)
    on_dem = placed(write(tmp_path / "dem.tif", level(height_m), crs))
    assert flown.missed_m((on_dem.lat, on_dem.lon), (flat.lat, flat.lon)) < 0.05
    assert "DEM" in on_dem.method


def test_a_slope_is_met_where_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", rising_north(0.2), "EPSG:4326")
    where = flown.pose(height_m=80, pitch_deg=-45, yaw_deg=0)
    centred = replace(flown.LENS, cx_px=960.0, cy_px=540.0, distortion=(0, 0, 0, 0, 0))
    found = locate(View(centred, where, terrain.read(path, flown.START)), 960, 540)
    east, north = globe.offset_m(flown.START, (found.lat, found.lon))
    assert (east, north) == pytest.approx((0, 80 / 1.2), abs=0.1)


def test_a_wall_hides_what_is_behind_it(tmp_path: Path) -> None:
    heights = level(100.0)
    norths = (CELLS / 2 - 0.5 - np.arange(CELLS)) * CELL_M
    heights[(norths > 50) & (norths < 62)] = 150.0
    found = placed(write(tmp_path / "dem.tif", heights), 960, 540, height_m=80, pitch_deg=-40, yaw_deg=0)
    assert 35 < globe.offset_m(flown.START, (found.lat, found.lon))[1] < 65


def test_heights_in_feet_are_metres_afterwards(tmp_path: Path) -> None:
    metres = placed(write(tmp_path / "metres.tif", rising_north(0.1)))
    feet = placed(write(tmp_path / "feet.tif", rising_north(0.1) / 0.3048, unit="ft"))
    assert flown.missed_m((metres.lat, metres.lon), (feet.lat, feet.lon)) < 0.05


def test_where_the_dem_has_no_data_the_point_is_refused(tmp_path: Path) -> None:
    heights = level(100.0)
    heights[: CELLS // 2 - 3] = -9999
    path = write(tmp_path / "dem.tif", heights, nodata=-9999)
    with pytest.raises(RefusedError, match="DEM has no data"):
        placed(path, yaw_deg=0)
    assert placed(path, yaw_deg=180).ce90_m > 0


def test_a_drone_below_the_dem_is_refused(tmp_path: Path) -> None:
    heights = level(100.0)
    heights[:, CELLS // 2 + 2 :] = 400.0
    path = write(tmp_path / "dem.tif", heights)
    where = flown.pose()
    east = globe.moved(flown.START, 100, 0)
    with pytest.raises(RefusedError, match="below the DEM"):
        locate(View(flown.LENS, replace(where, lon=east[1]), terrain.read(path, flown.START)), 960, 540)


def test_a_guessed_take_off_costs_the_relief_about_it(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", rising_north(0.1))
    sure, guessed = (terrain.read(path, flown.START, known=known) for known in (True, False))
    assert guessed.sigma_m(50) > 5 * sure.sigma_m(50)
    assert "not take-off" in guessed.name


@pytest.mark.parametrize("case", ["no file", "no GeoTIFF", "elsewhere", "no system", "empty"])
def test_a_dem_that_cannot_be_used_is_named(tmp_path: Path, case: str) -> None:
    path = tmp_path / "dem.tif"
    if case == "no GeoTIFF":
        path.write_text("hello")
    elif case == "no system":
        write(path, level(1.0), crs=None)
    elif case == "empty":
        write(path, level(math.nan), nodata=math.nan)
    elif case == "elsewhere":
        write(path, level(1.0))
    start = (10.0, 10.0) if case == "elsewhere" else flown.START
    with pytest.raises(terrain.TerrainError) as raised:
        terrain.read(path, start)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
