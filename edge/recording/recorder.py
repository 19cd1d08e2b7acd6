"""Takes a camera's packets on the thread that reads it, and writes them to segments on the thread that records."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from edge.recording.facts import RecordingError
from edge.recording.segment import RECORDABLE, OpenedStream, SegmentWriter, new_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge.recording.facts import RecordedCamera
    from edge.recording.segment import Segment
    from edge.source import ClockWitness, StoredPacket, StreamFacts

log = logging.getLogger(__name__)

QUEUE_LIMIT_BYTES = 32 * 1024 * 1024
"""Of a camera's packets that wait for the disk: a minute at 4 Mbit/s."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    stored: StoredPacket
    captured_at: datetime


class Recorder:
    """A packet sink: never waits. Where the disk cannot follow, it drops up to the next key frame and counts."""

    def __init__(self, camera: RecordedCamera, limit_bytes: int = QUEUE_LIMIT_BYTES) -> None:
        self.camera = camera
        self.dropped_packets = 0
        """Since the start, for want of a disk that is quick enough or has room."""
        self.queued_bytes = 0
        self.witness: ClockWitness | None = None
        """The newest."""
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._queue: deque[StreamFacts | _Arrived | None] = deque()
        self._dropping = False

    def begin(self, facts: StreamFacts, starts_s: float) -> None:  # noqa: ARG002 - the recording's times are the device's
        with self._lock:
            self._queue.append(facts)

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        with self._lock:
            if self._dropping and packet.key and self.queued_bytes < self._limit_bytes // 2:
                self._dropping = False
            if self._dropping or self.queued_bytes + len(packet.data) > self._limit_bytes:
                self._dropping = True
                self.dropped_packets += 1
                return
            self._queue.append(_Arrived(packet, captured_at))
            self.queued_bytes += len(packet.data)

    def lost(self) -> None:
        with self._lock:
            self._queue.append(None)

    def testify(self, witness: ClockWitness) -> None:
        """What the clocks say; stands in the seal of each segment that is closed from now on."""
        self.witness = witness

    def take(self) -> list[StreamFacts | _Arrived | None]:
        """What came since the last time."""
        with self._lock:
            taken = list(self._queue)
            self._queue.clear()
            self.queued_bytes = 0
        return taken


class CameraWriter:
    """Writes what one recorder took. All calls come from the thread that records.

    `closed` is told of each segment; `may_begin` says whether there is room for another.
    """

    def __init__(
        self,
        recorder: Recorder,
        root: Path,
        *,
        segment_s: float,
        closed: Callable[[Segment], None],
        may_begin: Callable[[], bool],
    ) -> None:
        self.recorder = recorder
        self.open: SegmentWriter | None = None
        self.trouble = ""
        """Why nothing is written; a sentence for the status."""
        self.written_at: datetime | None = None
        """The device's clock at the newest packet that was written."""
        self.abandoned: list[Path] = []
        """Segments that could not be closed; whoever records closes them up to their last whole fragment."""
        self._root = root
        self._segment_s = segment_s
        self._closed = closed
        self._may_begin = may_begin
        self._facts: StreamFacts | None = None
        self._stream: OpenedStream | None = None
        self._begun_s = 0.0
        self._left: deque[StreamFacts | _Arrived | None] = deque()

    def write(self) -> None:
        """Raises: OSError: the disk cannot take it; what was open is let go, the next call goes on at a key frame."""
        self._left.extend(self.recorder.take())
        try:
            while self._left:
                self._put(self._left.popleft())
        except OSError:
            self.recorder.dropped_packets += 1
            self._leave()
            raise

    def end(self) -> None:
        """Close what is open; raises OSError likewise."""
        try:
            self._close()
        except OSError:
            self._leave()
            raise

    def _put(self, one: StreamFacts | _Arrived | None) -> None:
        if not isinstance(one, _Arrived):
            self._close()
            self._facts, self._stream = one, None
            return
        if self._facts is None or self._facts.codec not in RECORDABLE:
            self._refuse()
            return
        if self._stream is None:
            began_at = one.captured_at - timedelta(seconds=one.stored.pts_s)
            self._stream = OpenedStream(self._facts, began_at)
        try:
            self._add(one, self._stream)
        except RecordingError as error:
            log.error("%s: %s", self.recorder.camera.camera_id, error)  # noqa: TRY400 - said, not traced
            self.recorder.dropped_packets += 1
            self.trouble = str(error)
            self._leave()

    def _refuse(self) -> None:
        self.recorder.dropped_packets += 1
        if self._facts is not None:
            codecs = ", ".join(sorted(RECORDABLE))
            self.trouble = f"not recorded: its pictures are coded as {self._facts.codec}; possible are {codecs}"

    def _add(self, one: _Arrived, stream: OpenedStream) -> None:
        if one.stored.key and (self.open is None or one.stored.pts_s - self._begun_s >= self._segment_s):
            self._close()
            if self._may_begin():
                self._begin(one, stream)
        if self.open is None:
            self.recorder.dropped_packets += 1
            return
        self.open.add(one.stored, one.captured_at)
        self.written_at = one.captured_at
        self.trouble = ""

    def _begin(self, one: _Arrived, stream: OpenedStream) -> None:
        camera = self.recorder.camera
        path = new_path(self._root, camera.camera_id, one.captured_at)
        self.open = SegmentWriter(path, camera, stream, one.stored, one.captured_at)
        self._begun_s = one.stored.pts_s

    def _close(self) -> None:
        if self.open is not None:
            segment = self.open.close(self._root, self.recorder.witness)
            self.open = None
            self._closed(segment)

    def _leave(self) -> None:
        if self.open is not None:
            self.open.abandon()
            self.abandoned.append(self.open.path)
            self.open = None
