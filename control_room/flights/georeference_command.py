"""`talaia-room georeference POINTS.csv`: pixels of footage and stills to places."""

from __future__ import annotations

import csv
import io
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from control_room.config import ConfigError
from control_room.flights import footage_views, lenses, points, still_views
from control_room.flights.asked import FlightError
from control_room.flights.telemetry_command import town_assumptions
from vision.georeference import cameras, globe, terrain
from vision.georeference.camera import CalibrationError, read_calibration
from vision.georeference.ground import FlatGround, Ground
from vision.georeference.place import Placed, locate
from vision.georeference.pose import RefusedError
from vision.telemetry import formats
from vision.telemetry.reading import TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.config import Town
    from control_room.flights.points import Point
    from vision.georeference.place import View
    from vision.telemetry.reading import Assumptions, Telemetry

_PLACE_DIGITS = 8
_SAY_EVERY = 2000


class Views(Protocol):
    """Finds the picture of a point."""

    def view(self, point: Point) -> tuple[View, float, float]:
        """With the pixel in the sensor's picture. Raise RefusedError."""
        ...

    def take_off(self) -> tuple[tuple[float, float], bool] | None:
        """lat, lon, and whether that is known or only the first position; None where there is no position."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's words."""

    points: Path
    out: Path
    telemetry: Path | None = None
    calibration: Path | None = None
    camera_model: str | None = None
    dem: Path | None = None


def run(asked: Asked, town: Town) -> None:
    """Write the places. Raise ConfigError for what was asked wrongly, FlightError for files that cannot be used."""
    try:
        wanted = points.read(asked.points)
        lens = lenses.Lens(
            read_calibration(asked.calibration) if asked.calibration else None,
            cameras.find(asked.camera_model) if asked.camera_model else None,
        )
    except (points.PointsError, CalibrationError) as error:
        raise ConfigError(str(error)) from None
    except cameras.UnknownModelError as error:
        raise ConfigError(f"--camera-model: {error}") from None
    assumptions = town_assumptions(town)
    of_stills, of_footage = _sources(asked, wanted.points, lens, assumptions)
    placed = _place_all(asked, wanted.points, of_stills, of_footage)
    _write(asked.out, wanted, placed)


def _sources(
    asked: Asked, wanted: list[Point], lens: lenses.Lens, assumptions: Assumptions
) -> tuple[Views | None, Views | None]:
    stills = [point for point in wanted if point.image is not None]
    footage = [point for point in wanted if point.image is None]
    if footage and asked.telemetry is None:
        raise ConfigError("--telemetry: got nothing; allowed: the telemetry of the frames or times in POINTS")
    of_stills = still_views.StillViews(stills, asked.points.parent, lens, assumptions) if stills else None
    if not footage or asked.telemetry is None:
        return of_stills, None
    samples = _telemetry(asked.telemetry, assumptions).samples
    return of_stills, footage_views.FootageViews(samples, footage, asked.telemetry, lens)


def _telemetry(path: Path, assumptions: Assumptions) -> Telemetry:
    try:
        telemetry = formats.read(path, assumptions)
    except TelemetryError as error:
        raise FlightError(f"{path}: {error}") from None
    for remark in telemetry.remarks:
        sys.stderr.write(f"note: {' '.join(remark.split())}\n")
    return telemetry


def _place_all(
    asked: Asked, wanted: list[Point], of_stills: Views | None, of_footage: Views | None
) -> list[Placed | str]:
    grounds = {source: _ground(asked.dem, source) for source in (of_stills, of_footage) if source is not None}
    placed: list[Placed | str] = []
    for number, point in enumerate(wanted):
        source = of_footage if point.image is None else of_stills
        if source is None:
            continue
        try:
            view, x_px, y_px = source.view(point)
            placed.append(locate(footage_views.on(view, grounds[source]), x_px, y_px))
        except RefusedError as error:
            placed.append(f"refused: {error}")
        if sys.stderr.isatty() and number % _SAY_EVERY == _SAY_EVERY - 1:
            sys.stderr.write(f"\r\033[K{number + 1} of {len(wanted)}")
    return placed


def _ground(dem: Path | None, source: Views) -> Ground:
    if dem is None:
        return FlatGround()
    start = source.take_off()
    if start is None:
        return FlatGround()  # nothing can be placed without a position either
    try:
        return terrain.read(dem, start[0], known=start[1])
    except terrain.TerrainError as error:
        raise FlightError(f"--dem: {error}") from None


def _write(out: Path, wanted: points.Points, placed: list[Placed | str]) -> None:
    """Whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*wanted.columns, *points.ADDED], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row, place in zip(wanted.rows, placed, strict=True):
        writer.writerow({**row, **_said(place)})
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        partial.write_text(text.getvalue(), encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FlightError(f"--out: {out} cannot be written: {error.strerror or error}") from None


def _said(place: Placed | str) -> dict[str, str]:
    if isinstance(place, str):
        return {**dict.fromkeys(points.ADDED, ""), "method": place}
    return {
        "lat": f"{place.lat:.{_PLACE_DIGITS}f}",
        "lon": f"{globe.turn_deg(0.0, place.lon):.{_PLACE_DIGITS}f}",
        "ce90_m": f"{place.ce90_m:.2f}",
        "depression_deg": f"{place.depression_deg:.2f}",
        "method": place.method,
    }
