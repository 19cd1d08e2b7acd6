"""What the tests know of a directory of clips: its facts and its decoded pictures."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from launch.footage import make

MAKE = [sys.executable, "-m", "launch.footage", "--out"]
LONG_S = 120.0


@dataclass(frozen=True)
class Clips:
    """Both clips of one directory with their facts."""

    directory: Path
    facts: dict[str, Any]

    def pictures(self, name: str, frames: set[int]) -> dict[int, NDArray[np.int16]]:
        """Decoded pictures as signed numbers, so that they can be subtracted."""
        found: dict[int, NDArray[np.int16]] = {}
        with av.open(self.directory / name) as container:
            stream = container.streams.video[0]
            for number in sorted(frames):
                time_s = number / self.facts["street"]["frame_rate"]
                container.seek(round(time_s / stream.time_base), stream=stream)
                found[number] = next(
                    np.asarray(frame.to_ndarray(format="bgr24"), np.int16)
                    for frame in container.decode(stream)
                    if frame.time is not None and frame.time >= time_s - 0.01
                )
        return found

    def differences(self, frames: set[int]) -> dict[int, NDArray[np.int16]]:
        """Per frame how much the staged picture differs from the street, grey levels, the largest of the colours."""
        street, staged = self.pictures(make.STREET, frames), self.pictures(make.STAGED, frames)
        return {frame: np.abs(staged[frame] - street[frame]).max(axis=2) for frame in frames}


@dataclass(frozen=True)
class DrawnRun:
    """A run that was killed while it wrote, and the whole run after it, on a machine without apt."""

    clips: Clips
    after_kill: list[str]
    finished: subprocess.CompletedProcess[str]
