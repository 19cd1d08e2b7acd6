"""The protocol of the readers, what they are told, and what they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from vision.telemetry.sample import Sample

HEAD_BYTES = 64 * 1024
"""So much of the beginning of a file tells its format."""
TEXT_BYTES_MAX = 512 * 1024 * 1024
SAMPLES_MAX = 1_000_000
"""More than 4 hours at 60 a second."""


class TelemetryError(Exception):
    """Nothing can be read; one line that names the cause."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a file leaves open and the town knows."""

    zone: tzinfo
    zone_name: str
    near: tuple[float, float] | None = None
    """lat, lon of a place near which flights happen: tells the order of coordinates where nothing else does."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that gave no sample."""

    row: int
    """Numbered like `Sample.row`."""
    cause: str


@dataclass(slots=True)
class Telemetry:
    """All that one file holds."""

    format: str
    """The reader's name: `srt`, `klv`, `mavlink`, `dataflash`, `gpx`, `csv`, `still`."""
    row_name: str
    """What its rows are called: cue, packet, line, point, message, still."""
    samples: list[Sample] = field(default_factory=list)
    """In the order of the file; times may repeat or run backwards."""
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What was assumed, decided or found doubtful about the whole file, a line each."""


class Reader(Protocol):
    """One format."""

    name: str

    def matches(self, head: bytes, path: Path) -> bool:
        """Whether a file that begins so is of this format. The path is for opening it, its name tells nothing."""
        ...

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        """Raise TelemetryError where no sample can be had."""
        ...
