"""Homes are covered in the picture although the telemetry is wrong and the house stands up."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchmarks.drawn_flight import filming, flying, ground
from benchmarks.drawn_flight.canvas import Canvas
from vision.footage import homes
from vision.georeference import globe
from vision.georeference.camera import from_equivalent
from vision.georeference.place import View

SIZE_M = (400.0, 400.0)
HOUSE_M = (190.0, 195.0, 202.0, 203.0)
CELL_M = 0.2
RED = (40, 40, 200)


def _buildings() -> dict[str, Any]:
    west, south, east, north = HOUSE_M
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [globe.moved(flying.SOUTH_WEST, *corner) for corner in corners]
    polygon = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in ring]]}
    point = {"type": "Point", "coordinates": [1.5, 41.2]}
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"height": 0.1}} for geometry in (polygon, point)
    ]
    return {
        "type": "FeatureCollection",
        "features": [*features, {"type": "Feature", "geometry": None, "properties": None}],
    }


@pytest.fixture(scope="module")
def scene() -> ground.Scene:
    image = np.full((2000, 2000, 3), (90, 130, 100), np.uint8)
    west, south, east, north = (round(side / CELL_M) for side in HOUSE_M)
    image[2000 - north : 2000 - south, west:east] = RED
    return ground.Scene(Canvas(image, CELL_M))


@pytest.mark.parametrize("pitch_deg", [-90.0, -60.0, -35.0])
def test_a_house_is_covered_from_what_the_telemetry_says(scene: ground.Scene, pitch_deg: float) -> None:
    plan = flying.Plan(40, pitch_deg=pitch_deg, fps=2, size_px=(640, 360), passes_max=1, speed_m_s=12.0)
    flown = flying.fly(9, plan, SIZE_M)
    film = filming.Film(scene, flown.camera, 9)
    nominal = from_equivalent(flying.EQUIVALENT_MM, plan.size_px)
    footprints = homes.read(_buildings())
    assert len(footprints) == 1
    shown = covered = asked = masked = 0
    for number in range(0, len(flown.true), 2):
        picture = film.picture(flown.true[number], 0.0).astype(int)
        house = (picture[..., 2] > 140) & (picture[..., 1] < 90)
        mask = homes.mask(View(nominal, flown.told[number]), footprints, plan.size_px)
        shown += int(house.sum())
        covered += int((house & (mask > 0)).sum())
        asked += mask.size
        masked += int((mask > 0).sum())
    assert shown > 10_000
    assert covered >= 0.99 * shown
    assert masked < 0.3 * asked


def test_a_roof_is_covered_where_it_leans_outwards() -> None:
    camera = from_equivalent(24.0, (640, 360))
    plan = flying.Plan(40)
    pose = flying._pose(170.0, 199.0, plan, 90.0)
    view = View(camera, pose)
    [(rings, _)] = homes.read(_buildings())
    low = homes.mask(view, [(rings, 0.1)], (640, 360))
    high = homes.mask(view, [(rings, 9.0)], (640, 360))
    assert np.all(high[low > 0] == 255)
    assert (high > 0).sum() > 1.05 * (low > 0).sum()


@pytest.mark.parametrize("pitch_deg", [-90.0, -45.0, -10.0])
def test_of_a_whole_town_only_what_can_be_seen_is_drawn_and_nothing_is_missed(pitch_deg: float) -> None:
    rng = np.random.default_rng(4)
    features = []
    for east, north in rng.uniform(-500, 900, (400, 2)):
        corners = [(0, 0), (14, 0), (14, 9), (0, 9), (0, 0)]
        ring = [globe.moved(flying.SOUTH_WEST, east + right, north + up) for right, up in corners]
        polygon = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in ring]]}
        features.append({"geometry": polygon, "properties": {"height": float(rng.uniform(3, 30))}})
    every = homes.read({"features": features})
    town = homes.Homes(every)
    pose = flying._pose(200.0, 200.0, flying.Plan(40, pitch_deg=pitch_deg), 33.0)
    view = View(from_equivalent(24.0, (320, 180)), pose)
    seen = town.seen(view)
    assert np.array_equal(homes.mask(view, seen, (320, 180)), homes.mask(view, every, (320, 180)))
    assert len(seen) < {-90.0: 20, -45.0: 60, -10.0: 200}[pitch_deg]
    assert not homes.Homes([])
    assert homes.Homes([]).seen(view) == []


def test_covered_pixels_show_no_detail() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (120, 160, 3)).astype(np.uint8)
    before = image.copy()
    where = np.zeros((120, 160), np.uint8)
    where[24:72, 48:96] = 255
    homes.pixelate(image, where)
    assert np.array_equal(image[where == 0], before[where == 0])
    assert image[24:48, 48:72].reshape(-1, 3).std(axis=0).max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"features": 3},
        {"features": [{"geometry": {"type": "Polygon", "coordinates": [[1]]}}]},
        {"features": [{"geometry": {"type": "Polygon", "coordinates": [[[1, 2], [2, 2]]]}}]},
        {"features": [{"geometry": {"type": "Polygon", "coordinates": [[[430000, 4581000]] * 4]}}]},
        {"features": [{"geometry": {"type": "Polygon", "coordinates": [[[math.nan, 41]] * 4]}}]},
        {"features": [{"geometry": None, "properties": {"height": -3}}]},
    ],
)
def test_what_is_no_geojson_is_refused_in_a_line(wrong: Any) -> None:
    with pytest.raises(homes.FootprintsError, match="buildings: "):
        homes.read(wrong)
