"""The door to the recording: cameras write through it, commands and clips read, hold and erase through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from edge.clock import Clock
    from edge.recording.facts import Copied, RecordedCamera, RecordingSettings, Usage
    from edge.ring import Stretch
    from edge.source import PacketSink
    from vision.frame import Frame
    from wire import commands


class Recordings:
    """All times are the device's clock. May be used from several threads; `run` belongs to one of its own.

    Raises:
        RecordingError: the folder cannot be used, or (from any call) what is asked cannot be done.
    """

    def __init__(self, folder: Path, settings: RecordingSettings, clock: Clock) -> None:
        raise NotImplementedError

    def recorder(self, camera: RecordedCamera) -> PacketSink:
        """Where a camera's packets go; they are written by `run`."""
        raise NotImplementedError

    def run(self) -> None:
        """Write what the recorders take in and keep the ring within its limits, until `stop`."""
        raise NotImplementedError

    def stop(self) -> None:
        """Let `run` close the open segments and return."""
        raise NotImplementedError

    def trouble(self, camera_id: str) -> str:
        """Why a camera is not recorded as it should be, in a sentence for the status; empty where it is."""
        raise NotImplementedError

    def listing(self, camera_id: str, from_: datetime, to: datetime) -> commands.Recordings:
        """What is recorded: `recordings_list`."""
        raise NotImplementedError

    def packets(self, camera_id: str, from_: datetime, to: datetime) -> Iterator[Stretch]:
        """Recorded packets from the key frame at or before `from_` on, one stretch a segment, in order of time."""
        raise NotImplementedError

    def frames(self, camera_id: str, from_: datetime, to: datetime, *, analysis_fps: float) -> Iterator[Frame]:
        """Decoded pictures of the span for the rules; media time counts from `from_`, gaps are discontinuities."""
        raise NotImplementedError

    def gaps(self, camera_id: str, from_: datetime, to: datetime) -> Sequence[tuple[datetime, datetime]]:
        """What of the span is not recorded."""
        raise NotImplementedError

    def copy(
        self, camera_id: str, from_: datetime, to: datetime, new_file: Callable[[], Path], *, part_bytes: int
    ) -> Sequence[Copied]:
        """The span as MP4 files with the recorded packets, bit for bit; each begins at a key frame.

        One file after the other where a gap or another picture size comes between, or one grows beyond `part_bytes`.
        """
        raise NotImplementedError

    def copy_pixelated(
        self, camera_id: str, from_: datetime, to: datetime, new_file: Callable[[], Path], *, part_bytes: int
    ) -> Sequence[Copied]:
        """The same, coded again with whole persons, whole vehicles and found faces pixelated."""
        raise NotImplementedError

    def hold(self, hold: commands.HoldRecording) -> commands.Touched:
        """Protect the span from the ring; holding it again by the same id is harmless."""
        raise NotImplementedError

    def release(self, hold_id: UUID) -> commands.Touched:
        """End a hold; one that is unknown touches nothing."""
        raise NotImplementedError

    def erase(self, camera_id: str, from_: datetime, to: datetime) -> commands.Touched:
        """Erase every segment that touches the span, but those a hold protects."""
        raise NotImplementedError

    def usage(self) -> Usage:
        raise NotImplementedError
