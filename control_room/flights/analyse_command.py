"""`talaia-room analyse-footage VIDEO`: footage analysis without a server."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from control_room.config import ConfigError
from control_room.flights.asked import FlightError
from control_room.flights.footage_views import first_position
from control_room.flights.lenses import Lens
from control_room.flights.telemetry_command import town_assumptions
from models import ModelError, load_detector
from vision.footage import analysis
from vision.footage.settings import Settings
from vision.georeference import cameras, terrain
from vision.georeference.camera import CalibrationError, read_calibration
from vision.georeference.ground import FlatGround, Ground
from vision.georeference.pose import Track
from vision.telemetry import formats
from vision.telemetry.reading import TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.config import Town
    from vision.detect import Detector
    from vision.footage.result import FootageResult
    from vision.telemetry.reading import Assumptions, Telemetry

_BESIDE = (".srt", ".klv", ".tlog", ".bin", ".gpx", ".csv")
"""What telemetry of the same name as a video ends in; the first that can be read counts."""
MODEL, INPUT_PX = "centernet-coco", 640
_BAR_AFTER_S = 2.0
_BAR = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's words."""

    video: Path
    out: Path
    telemetry: Path | None = None
    calibration: Path | None = None
    camera_model: str | None = None
    dem: Path | None = None


def run(asked: Asked, town: Town) -> None:
    """Write the GeoJSON. Raise ConfigError for what was asked wrongly, FlightError for files that cannot be used."""
    lens = _lens(asked)
    telemetry = _telemetry(asked, town_assumptions(town))
    ground = _ground(asked.dem, telemetry)
    detector = _detector()
    bar = _Bar()
    try:
        result = analysis.analyse(
            asked.video, telemetry.samples, lens.camera, ground=ground, detector=detector, progress=bar.show
        )
    except analysis.VideoError as error:
        raise FlightError(str(error)) from None
    finally:
        bar.end()
    _tell(result)
    _write(asked.out, result)


def _lens(asked: Asked) -> Lens:
    try:
        return Lens(
            read_calibration(asked.calibration) if asked.calibration else None,
            cameras.find(asked.camera_model) if asked.camera_model else None,
        )
    except CalibrationError as error:
        raise ConfigError(str(error)) from None
    except cameras.UnknownModelError as error:
        raise ConfigError(f"--camera-model: {error}") from None


def _telemetry(asked: Asked, assumptions: Assumptions) -> Telemetry:
    """What was named, else a file of the same name, else what is inside the video."""
    if asked.telemetry is not None:
        sources = [asked.telemetry]
    elif asked.video.is_file():
        sources = [*_beside(asked.video), asked.video]
    else:
        raise FlightError(f"{asked.video}: there is no such file")
    causes = []
    for path in sources:
        try:
            telemetry = formats.read(path, assumptions)
        except TelemetryError as error:
            causes.append(f"{path}: {error}")
            continue
        for remark in telemetry.remarks:
            sys.stderr.write(f"note: {' '.join(remark.split())}\n")
        return telemetry
    if asked.telemetry is None:
        raise FlightError(f"no telemetry beside the video or in it ({'; '.join(causes)}); name it with --telemetry")
    raise FlightError(causes[0])


def _beside(video: Path) -> list[Path]:
    same = {path.suffix.lower(): path for path in sorted(video.parent.glob(f"{_escaped(video.stem)}.*"))}
    return [same[suffix] for suffix in _BESIDE if suffix in same]


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _ground(dem: Path | None, telemetry: Telemetry) -> Ground:
    if dem is None:
        return FlatGround()
    known = Track(telemetry.samples).take_off()
    start = (known, True) if known is not None else first_position(telemetry.samples)
    if start is None:
        return FlatGround()  # nothing can be placed without a position either
    try:
        return terrain.read(dem, start[0], known=start[1])
    except terrain.TerrainError as error:
        raise FlightError(f"--dem: {error}") from None


def _detector() -> Detector | None:
    """None, with a word, where it was not built: patches and changes are found all the same."""
    try:
        return load_detector("onnxruntime", MODEL, INPUT_PX, Settings().detector_confidence_min)
    except ModelError as error:
        sys.stderr.write(f"note: without the detector, so that nobody is counted or covered: {error}\n")
        return None


def _tell(result: FootageResult) -> None:
    summary = result.summary
    for note in summary.notes:
        sys.stderr.write(f"note: {note}\n")
    for one in summary.skipped:
        times = f" ({one.looks} times)" if one.looks > 1 else ""
        sys.stderr.write(f"{one.from_s:.1f}-{one.to_s:.1f} s: {one.reason}{times}\n")
    sys.stderr.write(
        f"{len(result.candidates)} places to look at, {summary.vehicles} vehicles and {summary.people} people counted, "
        f"{summary.covered_m2 / 10_000:.2f} ha seen in {summary.looks} pictures\n"
    )


def _write(out: Path, result: FootageResult) -> None:
    """Whole or not at all."""
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(result.to_geojson(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FlightError(f"--out: {out} cannot be written: {error.strerror or error}") from None


@dataclass(slots=True)
class _Bar:
    """On a terminal only."""

    _began_s: float = field(default_factory=time.monotonic)
    _shown: bool = False

    def show(self, stage: str, done: float, total: float) -> bool:
        if sys.stderr.isatty() and time.monotonic() - self._began_s >= _BAR_AFTER_S:
            full = round(_BAR * done / total) if total else 0
            sys.stderr.write(f"\r\033[K{stage} [{'#' * full}{'.' * (_BAR - full)}] {done:g} of {total:g}")
            sys.stderr.flush()
            self._shown = True
        return True

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
