"""Any supported telemetry file to samples: which reader knows it, and what is doubtful about what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision.telemetry import quality
from vision.telemetry.columns import CsvReader
from vision.telemetry.dataflash import DataflashReader
from vision.telemetry.gpx import GpxReader
from vision.telemetry.klv import KlvReader
from vision.telemetry.mavlink import MavlinkReader
from vision.telemetry.reading import HEAD_BYTES, SAMPLES_MAX, TelemetryError
from vision.telemetry.srt import SrtReader
from vision.telemetry.stills import StillReader
from vision.telemetry.video import VideoReader

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from vision.telemetry.reading import Assumptions, Reader, Telemetry

READERS: tuple[Reader, ...] = (
    StillReader(),
    DataflashReader(),
    MavlinkReader(),
    KlvReader(),
    VideoReader(),
    GpxReader(),
    SrtReader(),
    CsvReader(),
)
"""The first that knows a file reads it."""


def read(path: Path, assumptions: Assumptions, *, now: datetime | None = None) -> Telemetry:
    """Samples of a file, told by its content. `now` lets a clock that runs ahead be noticed.

    Raises:
        TelemetryError: no sample can be had; one line that says why.
    """
    reader = reader_of(path)
    try:
        telemetry = reader.read(path, assumptions)
    except (ArithmeticError, LookupError, ValueError) as error:  # of a damage that nobody has thought of
        raise TelemetryError(f"damaged beyond reading ({type(error).__name__})") from None
    if len(telemetry.samples) > SAMPLES_MAX:
        raise TelemetryError(f"more than {SAMPLES_MAX} rows")
    telemetry.skipped.sort(key=lambda each: each.row)
    quality.judge(telemetry, now=now)
    return telemetry


def reader_of(path: Path) -> Reader:
    """Which reader knows a file that begins so.

    Raises:
        TelemetryError: none, or it cannot be opened.
    """
    head = _head(path)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise TelemetryError("the file is empty")
    for reader in READERS:
        if reader.matches(head, path):
            return reader
    raise TelemetryError("holds no telemetry of a known format")


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise TelemetryError("is a folder")
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise TelemetryError(f"cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise TelemetryError("is no name of a file") from None
