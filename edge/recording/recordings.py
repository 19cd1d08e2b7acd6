"""The door to the recording: cameras write through it, commands and clips read, hold and erase through it."""

from __future__ import annotations

import errno
import logging
import os
from datetime import timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING

from edge.recording import decode, mp4, pixelate, read, recode, spans
from edge.recording.facts import RecordingError, Usage
from edge.recording.holds import Holds
from edge.recording.index import FILE_NAME, Index
from edge.recording.progress import Progress
from edge.recording.recorder import CameraWriter, Recorder
from edge.recording.ring import Ring
from edge.recording.spans import Piece
from edge.recording.survey import found_since
from vision.redact import HELD_S
from wire import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from edge.clock import Clock
    from edge.recording.facts import Copied, RecordedCamera, RecordingSettings
    from edge.recording.pixelate import Redactor
    from edge.recording.segment import Segment
    from edge.ring import Stretch
    from vision.frame import Frame

log = logging.getLogger(__name__)

_WRITE_EVERY_S = 0.5
_TURN_EVERY_S = 10.0
_SPANS_MAX = 500
_TRIES = 5
"""To make room and write on, in one round."""


class Recordings:
    """All times are the device's clock. May be used from several threads; `run` belongs to one of its own.

    Raises:
        RecordingError: the folder cannot be used, or (from any call) what is asked cannot be done.
    """

    def __init__(
        self,
        folder: Path,
        settings: RecordingSettings,
        clock: Clock,
        redactor: Callable[[], Redactor] | None = None,
    ) -> None:
        """`redactor`: makes who finds people and vehicles for pixelated copies; called when one is asked for."""
        self.folder = folder
        self._settings = settings
        self._clock = clock
        self._redactor = redactor
        self._stop = Event()
        self._lock = Lock()
        self._writers: dict[str, CameraWriter] = {}
        self._leaving: list[CameraWriter] = []
        self._unlisted: list[Segment] = []
        self._turned_s = clock.monotonic_s()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._holds = Holds(folder)
        except OSError as error:
            raise RecordingError(f"{folder}: {error.strerror}") from None
        self._index = Index(folder / FILE_NAME)
        self._ring = Ring(folder, settings, index=self._index, holds=self._holds, clock=clock)
        self._go_on()

    def close(self) -> None:
        self._index.close()

    def change(self, settings: RecordingSettings) -> None:
        """Take over other limits; the length of segments counts for recorders that are made from now on."""
        self._settings = self._ring.settings = settings

    def _go_on(self) -> None:
        """After a restart: erase what was doomed, close what was open."""
        self._ring.finish_erasing()
        for segment in found_since(self.folder, self._index):
            self._closed(segment)

    # --- what cameras write

    def recorder(self, camera: RecordedCamera) -> Recorder:
        """Where a camera's packets go; they are written by `run`. A camera's new recorder takes its old one's place."""
        recorder = Recorder(camera)
        writer = CameraWriter(
            recorder,
            self.folder,
            segment_s=self._settings.segment_s,
            closed=self._closed,
            may_begin=lambda: not self._ring.full,
        )
        with self._lock:
            former = self._writers.get(camera.camera_id)
            self._writers[camera.camera_id] = writer
            if former is not None:
                self._leaving.append(former)
        return recorder

    def retire(self, camera_id: str) -> None:
        """The camera is recorded no more; its recordings stay for their time."""
        with self._lock:
            writer = self._writers.pop(camera_id, None)
            if writer is not None:
                self._leaving.append(writer)

    def run(self) -> None:
        """Write what the recorders take in and keep the ring within its limits, until `stop`."""
        while not self._clock.wait(self._stop, _WRITE_EVERY_S):
            self.write()
        with self._lock:
            self._leaving += self._writers.values()
            self._writers = {}
        self.write()

    def stop(self) -> None:
        """Let `run` close the open segments and return."""
        self._stop.set()

    def write(self) -> None:
        """One round of `run`."""
        with self._lock:
            writers, leaving = list(self._writers.values()), self._leaving
            self._leaving = []
        for writer in (*leaving, *writers):
            self._guarded(writer, writer.write)
        for writer in leaving:
            self._guarded(writer, writer.end)
        if self._clock.monotonic_s() - self._turned_s >= _TURN_EVERY_S:
            try:
                self._turn()
            except RecordingError as error:
                log.error("%s", error)  # noqa: TRY400 - said, not traced

    def _guarded(self, writer: CameraWriter, work: Callable[[], None]) -> None:
        """A full disk costs the oldest recording, not the newest."""
        for _ in range(_TRIES):
            fault = self._tried(writer, work)
            go_on = fault in {errno.ENOSPC, errno.EDQUOT} and self._make_room()
            abandoned, writer.abandoned = writer.abandoned, []
            writer.abandoned += [path for path in abandoned if not self._close_abandoned(path)]
            if not go_on:
                return

    def _tried(self, writer: CameraWriter, work: Callable[[], None]) -> int:
        """The system's number of what went wrong, else 0."""
        try:
            work()
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO).lower()
            writer.trouble = f"the recording cannot be written: {reason}"
            log.error("%s: %s", writer.recorder.camera.camera_id, writer.trouble)  # noqa: TRY400 - said, not traced
            return error.errno or errno.EIO
        return 0

    def _close_abandoned(self, path: Path) -> bool:
        try:
            segment = read.salvage(self.folder, path) if path.exists() else None
        except OSError as error:
            log.error("%s stays unclosed for now: %s", path, error)  # noqa: TRY400 - said, not traced
            return False
        except RecordingError as error:
            log.error("%s is left as it is: %s", path, error)  # noqa: TRY400 - said, not traced
            return True
        if segment is not None:
            self._closed(segment)
        return True

    def _closed(self, segment: Segment) -> None:
        """May come from several writers one after the other; what cannot be listed now is listed with the next."""
        self._ring.grown(segment)
        self._unlisted.append(segment)
        try:
            self._list()
            self._turn()
        except RecordingError as error:
            log.error("%s", error)  # noqa: TRY400 - said, not traced
            self._make_room()

    def _list(self) -> None:
        self._index.add(self._unlisted)
        listed, self._unlisted = self._unlisted, []
        for segment in listed:
            if self._index.is_to_be_erased(segment) and not self._holds.protects(segment, self._clock.now()):
                self._ring.erase([segment])
            self._index.drop_erasures(segment.camera_id)

    def _make_room(self) -> bool:
        try:
            return self._ring.make_room()
        except RecordingError as error:
            log.error("%s", error)  # noqa: TRY400 - said, not traced
            return False

    def _turn(self) -> None:
        self._turned_s = self._clock.monotonic_s()
        self._ring.turn()

    def trouble(self, camera_id: str) -> str:
        """Why a camera is not recorded as it should be, in a sentence for the status; empty where it is."""
        writer = self._writers.get(camera_id)
        return (writer.trouble if writer is not None else "") or self._ring.trouble

    def dropped_packets(self, camera_id: str) -> int:
        """What of a camera was not recorded since the start: the disk is too slow or full."""
        writer = self._writers.get(camera_id)
        return 0 if writer is None else writer.recorder.dropped_packets

    def written_at(self, camera_id: str) -> datetime | None:
        """The device's clock at the newest packet that was written since the start."""
        writer = self._writers.get(camera_id)
        return None if writer is None else writer.written_at

    # --- what commands ask

    def listing(self, camera_id: str, from_: datetime, to: datetime) -> commands.Recordings:
        """What is recorded: `recordings_list`."""
        found = spans.joined(self._pieces(camera_id, from_, to))
        oldest, newest = self._index.span_of(camera_id)
        return commands.Recordings(
            spans=[spans.as_told(span) for span in found[:_SPANS_MAX]],
            complete=len(found) <= _SPANS_MAX,
            oldest=oldest,
            newest=newest,
            used_bytes=self._ring.used_bytes,
            limit_bytes=self._settings.limit_bytes,
        )

    def gaps(self, camera_id: str, from_: datetime, to: datetime) -> Sequence[tuple[datetime, datetime]]:
        """What of the span is not recorded."""
        return spans.gaps(self._pieces(camera_id, from_, to), from_, to)

    def packets(self, camera_id: str, from_: datetime, to: datetime) -> Iterator[Stretch]:
        """Recorded packets from the key frame at or before `from_` on, one stretch a segment, in order of time."""
        paths = [self.folder / segment.path for segment in self._index.touching(camera_id, from_, to)]
        opened = self._open_piece(camera_id)
        if opened is not None and opened[1].captured_from <= to and opened[1].captured_to >= from_:
            paths.append(opened[0])
        for path in paths:
            if not path.exists():
                continue  # the ring has passed since
            stretch = read.cut(read.packets(path), from_, to)
            if stretch.packets:
                yield stretch

    def frames(self, camera_id: str, from_: datetime, to: datetime, *, analysis_fps: float) -> Iterator[Frame]:
        """Decoded pictures of the span for the rules; media time counts from `from_`, gaps are discontinuities."""
        return decode.frames(self.packets(camera_id, from_, to), from_, analysis_fps=analysis_fps)

    def copy(
        self,
        camera_id: str,
        from_: datetime,
        to: datetime,
        new_file: Callable[[], Path],
        *,
        part_bytes: int,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Sequence[Copied]:
        """The span as MP4 files with the recorded packets, bit for bit; each begins at a key frame.

        One file after the other where a gap or another picture size comes between, or one grows beyond `part_bytes`.
        `progress` hears which share is done, and may raise to end it.
        """
        told = Progress(from_, to, progress)
        return mp4.copy(self.packets(camera_id, from_, to), new_file, told.at, part_bytes=part_bytes)

    def plays_in_browsers(self, camera_id: str, from_: datetime, to: datetime) -> bool:
        """As it is recorded when the span begins; true where nothing is."""
        first = next(self.packets(camera_id, from_, to), None)
        return first is None or recode.plays_in_browsers(first.facts)

    def copy_for_viewing(
        self,
        camera_id: str,
        from_: datetime,
        to: datetime,
        new_file: Callable[[], Path],
        *,
        part_bytes: int,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Sequence[Copied]:
        """The same, coded again as H.264: for browsers that do not play what the camera sends. No original."""
        told = Progress(from_, to, progress)
        packets = self.packets(camera_id, from_, to)
        return recode.copy(packets, from_, new_file, lambda one, _: one.picture, told.at, part_bytes=part_bytes)

    def copy_pixelated(
        self,
        camera_id: str,
        from_: datetime,
        to: datetime,
        new_file: Callable[[], Path],
        *,
        part_bytes: int,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Sequence[Copied]:
        """The same, coded again with whole persons, whole vehicles and found faces pixelated.

        `progress` hears which share is done, and may raise to end it.
        """
        if self._redactor is None:
            raise RecordingError("no detection model is at hand that finds what must be pixelated")
        around = timedelta(seconds=2 * HELD_S)
        looked_at = self.packets(camera_id, from_ - around, to + around)
        wanted = self.packets(camera_id, from_, to)
        told = Progress(from_, to, progress)
        return pixelate.copy(looked_at, wanted, from_, new_file, self._redactor(), told, part_bytes=part_bytes)

    def hold(self, hold: commands.HoldRecording) -> commands.Touched:
        """Protect the span from the ring; holding it again by the same id is harmless."""
        try:
            self._holds.add(hold)
        except OSError as error:
            raise RecordingError(f"the hold cannot be written: {error.strerror}") from None
        return _touched(self._index.touching(hold.camera_id, hold.from_, hold.to))

    def release(self, hold_id: UUID) -> commands.Touched:
        """End a hold; one that is unknown touches nothing."""
        hold = self._holds.remove(hold_id)
        return _touched([] if hold is None else self._index.touching(hold.camera_id, hold.from_, hold.to))

    def erase(self, camera_id: str, from_: datetime, to: datetime) -> commands.Touched:
        """Erase every segment that touches the span, but those a hold protects; an open one as soon as it closes."""
        now = self._clock.now()
        self._index.order_erasure(camera_id, from_, to)
        found = self._index.touching(camera_id, from_, to)
        free = [segment for segment in found if not self._holds.protects(segment, now)]
        self._ring.erase(free)
        if self._open_piece(camera_id) is None:
            self._index.drop_erasures(camera_id)
        return _touched(free, kept=len(found) - len(free))

    def usage(self) -> Usage:
        now = self._clock.now()
        held = [one for one in self._index.everything() if self._holds.protects(one, now)] if self._holds.all() else []
        oldest, newest = self._index.span_of(None)
        return Usage(
            used_bytes=self._ring.used_bytes,
            held_bytes=sum(one.bytes for one in held),
            limit_bytes=self._settings.limit_bytes,
            oldest=oldest,
            newest=newest,
        )

    def _pieces(self, camera_id: str, from_: datetime, to: datetime) -> list[Piece]:
        now = self._clock.now()
        pieces = [
            Piece(one.captured_from, one.captured_to, one.bytes, one.masked, self._holds.protects(one, now))
            for one in self._index.touching(camera_id, from_, to)
        ]
        opened = self._open_piece(camera_id)
        if opened is not None and opened[1].captured_from <= to and opened[1].captured_to >= from_:
            pieces.append(opened[1])
        return pieces

    def _open_piece(self, camera_id: str) -> tuple[Path, Piece] | None:
        """The segment that is being written, as far as it can be read already."""
        writer = self._writers.get(camera_id)
        opened = None if writer is None else writer.open
        if writer is None or opened is None or not opened.written_bytes:
            return None
        masked = writer.recorder.camera.masked
        return opened.path, Piece(opened.captured_from, opened.captured_to, opened.written_bytes, masked, held=False)


def _touched(segments: list[Segment], *, kept: int = 0) -> commands.Touched:
    return commands.Touched(segments=len(segments), bytes=sum(one.bytes for one in segments), kept_segments=kept)
