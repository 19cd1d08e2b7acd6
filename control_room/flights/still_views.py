"""The views of stills: each tells its own telemetry, and its neighbours whether its picture was turned afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from control_room.flights.footage_views import first_position
from vision.georeference import jpeg, orthophoto, turned
from vision.georeference.place import View
from vision.georeference.pose import RefusedError, of_sample
from vision.telemetry import formats
from vision.telemetry.reading import TelemetryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_room.flights.lenses import Lens
    from control_room.flights.points import Point
    from vision.telemetry.reading import Assumptions
    from vision.telemetry.sample import Sample

_SUFFIXES = {".jpg", ".jpeg"}
_BESIDE_BY_NAME = 8
"""So many files before and after a marked still are looked into for neighbours: cameras count their pictures."""
_NEIGHBOURS = 3
"""Of each still, beside those that points were marked in."""
_FLIGHT_M = 200.0
"""Farther apart two stills cannot show the same ground."""


@dataclass(slots=True)
class _Known:
    """A still that can be used."""

    sample: Sample
    still: turned.Still
    header: jpeg.Header
    marked: list[tuple[float, float]] = field(default_factory=list)


class StillViews:
    """Asked by the image's path."""

    def __init__(self, points: Sequence[Point], beside: Path, lens: Lens, assumptions: Assumptions) -> None:
        self._beside, self._lens, self._assumptions = beside, lens, assumptions
        self._known: dict[str, _Known | RefusedError] = {}
        for point in points:
            image = point.image or ""
            if image not in self._known:
                self._known[image] = self._read(self._path(image))
            known = self._known[image]
            if isinstance(known, _Known):
                known.marked.append((point.x_px, point.y_px))
        usable = [known for known in self._known.values() if isinstance(known, _Known)]
        turned.settle([known.still for known in usable] + self._neighbours(usable))

    def view(self, point: Point) -> tuple[View, float, float]:
        """Raise RefusedError."""
        known = self._known[point.image or ""]
        if isinstance(known, RefusedError):
            raise known
        still = known.still
        shown_x, shown_y = _as_shown(known, point)
        x_px, y_px = turned.to_sensor_px(still.shown_px, still.turn, shown_x, shown_y)
        said = turned.words(still)
        return View(still.camera, still.pose, notes=(said,) if said else ()), x_px, y_px

    def take_off(self) -> tuple[tuple[float, float], bool] | None:
        usable = [known.sample for known in self._known.values() if isinstance(known, _Known)]
        for sample in usable:
            if sample.home is not None:
                return (sample.home.lat, sample.home.lon), True
        return first_position(usable)

    def _path(self, image: str) -> Path:
        """As written, or beside POINTS."""
        beside = self._beside / image
        try:
            return beside if beside.is_file() else Path(image)
        except OSError:  # a name too long, say: opening it tells
            return beside

    def _read(self, path: Path) -> _Known | RefusedError:
        try:
            header = jpeg.read_header(path)
            sample = formats.read(path, self._assumptions).samples[0]
            sensor_px = (max(header.stored_px), min(header.stored_px))
            camera = self._lens.camera(sample, sensor_px)
            return _Known(sample, turned.Still(path, of_sample(sample), camera, header.shown_px, header.turn), header)
        except TelemetryError as error:
            return RefusedError(f"the image's metadata: {error}")
        except RefusedError as error:
            return error

    def _neighbours(self, marked: Sequence[_Known]) -> list[turned.Still]:
        """The nearest other stills of the same folders: they only bear witness."""
        have = {known.still.path.resolve() for known in marked}
        others: list[turned.Still] = []
        for path in sorted(_near_by_name(have) - have):
            known = self._read(path)
            if isinstance(known, _Known):
                others.append(known.still)
        chosen: dict[Path, turned.Still] = {}
        for one in marked:
            apart = {still.path: orthophoto.distance_m(one.still.pose, still.pose) for still in others}
            nearest = sorted(others, key=lambda still: apart[still.path])[:_NEIGHBOURS]
            chosen.update({still.path: still for still in nearest if apart[still.path] <= _FLIGHT_M})
        return list(chosen.values())


def _near_by_name(marked: set[Path]) -> set[Path]:
    near: set[Path] = set()
    for folder in {path.parent for path in marked}:
        try:
            listed = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        except OSError:
            continue  # the folder may be entered but not listed: no witnesses then
        for place in (number for number, path in enumerate(listed) if path in marked):
            near.update(listed[max(0, place - _BESIDE_BY_NAME) : place + _BESIDE_BY_NAME + 1])
    return near


def _as_shown(known: _Known, point: Point) -> tuple[float, float]:
    """Points are of the picture as viewers show it, unless one of the still's cannot be: then as it is stored."""
    header = known.header
    if not header.turn or all(_inside(header.shown_px, *pixel) for pixel in known.marked):
        return point.x_px, point.y_px
    if not all(_inside(header.stored_px, *pixel) for pixel in known.marked):
        return point.x_px, point.y_px
    return turned.to_sensor_px(header.stored_px, (4 - header.turn) % 4, point.x_px, point.y_px)


def _inside(size_px: tuple[int, int], x_px: float, y_px: float) -> bool:
    return 0 <= x_px <= size_px[0] and 0 <= y_px <= size_px[1]
