"""Subtitles in a file of their own: SubRip and WebVTT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision.telemetry import cues, subtitles, text
from vision.telemetry.reading import TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

    from vision.telemetry.reading import Assumptions, Telemetry


class SrtReader:
    """Detected by its lines of times."""

    name = "srt"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return cues.ARROW.search(text.decode(head)) is not None

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        found = cues.split(text.read(path))
        if not found:
            raise TelemetryError("it holds no cue")
        return subtitles.read(found, self.name, assumptions)
