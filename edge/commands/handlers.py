"""What each command does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from uuid import UUID

import uuid_utils.compat

from edge import snapshot
from edge.commands import trial
from edge.commands.orders import CommandError, Order
from edge.recording import RecordingError
from wire import commands as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge.clock import Clock
    from edge.commands.mutes import Mutes
    from edge.config import CameraSection
    from edge.evidence import Folder, Kept
    from edge.outbox import Outbox
    from edge.recording import Copied, Recordings
    from vision.detect import Detector
    from vision.frame import Frame
    from wire.commands import CommandWithArguments
    from wire.event import EvidenceKind
    from wire.message import Part

_Copy: TypeAlias = "tuple[EvidenceKind, Copied]"
Arguments = TypeVar("Arguments", bound="Part")
PART_BYTES = 256 * 1024 * 1024
"""A fetched span is cut into files that are not much larger."""
_FILES_MAX = 50
_MP4 = "video/mp4"
_COPYING_SHARE = 0.05
"""Of the work, where the pictures are coded again as well."""

log = logging.getLogger(__name__)


class Handlers:
    """All of them, with what they work on."""

    def __init__(
        self,
        *,
        camera: Callable[[str], CameraSection | None],
        picture: Callable[[str], Frame | None],
        recordings: Recordings | None,
        outbox: Outbox,
        folder: Folder,
        detector: Detector,
        mutes: Mutes,
        clock: Clock,
        free_bytes_min: int,
        written: Callable[[], None],
    ) -> None:
        """`camera`: its settings; `picture`: the newest that it looked at; `written`: the outbox has more to send."""
        self._camera = camera
        self._picture = picture
        self._recorded = recordings
        self._outbox = outbox
        self._folder = folder
        self._detector = detector
        self._mutes = mutes
        self._clock = clock
        self._free_bytes_min = free_bytes_min
        self._written = written

    def by_kind(self) -> Mapping[CommandWithArguments, Callable[[Order], Part]]:
        return {
            "snapshot": self._snapshot,
            "resend": self._resend,
            "mute": self._mute,
            "recordings_list": self._list,
            "recording_fetch": self._fetch,
            "recording_hold": self._hold,
            "recording_release": self._release,
            "recording_erase": self._erase,
            "rules_try": self._try,
        }

    @property
    def _recordings(self) -> Recordings:
        if self._recorded is None:
            raise CommandError("this device records nothing")
        return self._recorded

    def _list(self, order: Order) -> Part:
        wanted = _of(wire.ListRecordings, order)
        self._known(wanted.camera_id)
        return self._recordings.listing(wanted.camera_id, wanted.from_, wanted.to)

    def _fetch(self, order: Order) -> Part:
        wanted = _of(wire.FetchRecording, order)
        self._known(wanted.camera_id)
        self._check_disk(wanted)
        parts: list[Path] = []

        def new_file() -> Path:
            order.check()
            if len(parts) >= _FILES_MAX:
                raise CommandError(f"the span has more than {_FILES_MAX} pieces: ask for a shorter one")
            parts.append(self._folder.part(uuid_utils.compat.uuid7()))
            return parts[-1]

        make = self._pixelated if wanted.pixelated else self._original
        try:
            copied = list(make(wanted, new_file, order))
            order.check()
            kept = [self._take(one, kind) for kind, one in copied]
        except BaseException:
            for part in parts:
                part.unlink(missing_ok=True)
            raise
        if not kept:
            raise CommandError("nothing of this span is recorded")
        gaps = self._recordings.gaps(wanted.camera_id, wanted.from_, wanted.to)
        return self._announced(kept, gaps=list(gaps)[:500])

    def _pixelated(self, wanted: wire.FetchRecording, new_file: Callable[[], Path], order: Order) -> Iterator[_Copy]:
        span = wanted.camera_id, wanted.from_, wanted.to
        for one in self._recordings.copy_pixelated(*span, new_file, part_bytes=PART_BYTES, progress=order.progress):
            yield "recording_pixelated", one

    def _original(self, wanted: wire.FetchRecording, new_file: Callable[[], Path], order: Order) -> Iterator[_Copy]:
        """The packets as they are, and beside them, where browsers do not play these, a copy that they do."""
        span = wanted.camera_id, wanted.from_, wanted.to
        plays = self._recordings.plays_in_browsers(*span)
        share = 1.0 if plays else _COPYING_SHARE

        def copying(done: float) -> None:
            order.progress(share * done)

        def coding(done: float) -> None:
            order.progress(share + (1 - share) * done)

        for one in self._recordings.copy(*span, new_file, part_bytes=PART_BYTES, progress=copying):
            yield "recording", one
        if plays:
            return
        try:
            for one in self._recordings.copy_for_viewing(*span, new_file, part_bytes=PART_BYTES, progress=coding):
                yield "recording_view", one
        except RecordingError as error:
            log.warning("command %s: no copy for viewing: %s", order.command.command_id, error)

    def _take(self, copied: Copied, kind: EvidenceKind) -> Kept:
        evidence_id = UUID(copied.path.stem)
        return self._folder.take(copied.path, evidence_id, kind, _MP4, copied.captured_from, copied.captured_to)

    def _announced(self, kept: list[Kept], **more: object) -> wire.Fetched:
        """The files are uploaded from now on; the reply tells the room which they are."""
        self._outbox.add_evidence(one.file for one in kept)
        return wire.Fetched.model_validate({"evidence": [one.reference for one in kept], **more})

    def _check_disk(self, wanted: wire.FetchRecording) -> None:
        spans = self._recordings.listing(wanted.camera_id, wanted.from_, wanted.to).spans
        needed_bytes = sum(span.bytes for span in spans)
        if self._folder.free_bytes() - needed_bytes < self._free_bytes_min:
            raise CommandError(f"the device's disk has no room for a copy of {needed_bytes} bytes")

    def _hold(self, order: Order) -> Part:
        wanted = _of(wire.HoldRecording, order)
        self._known(wanted.camera_id)
        return self._recordings.hold(wanted)

    def _release(self, order: Order) -> Part:
        return self._recordings.release(_of(wire.ReleaseRecording, order).hold_id)

    def _erase(self, order: Order) -> Part:
        """Also of a camera that is no longer configured: its recording may outlive it."""
        wanted = _of(wire.EraseRecording, order)
        return self._recordings.erase(wanted.camera_id, wanted.from_, wanted.to)

    def _try(self, order: Order) -> Part:
        wanted = _of(wire.TryRules, order)
        return trial.run(
            wanted,
            self._known(wanted.camera_id),
            recordings=self._recordings,
            detector=self._detector,
            clock=self._clock,
            progress=order.progress,
        )

    def _snapshot(self, order: Order) -> Part:
        camera_id = _of(wire.TakeSnapshot, order).camera_id
        self._known(camera_id)
        frame = self._picture(camera_id)
        if frame is None:
            raise CommandError(f"the camera {camera_id} has given no picture yet")
        return self._announced([self._folder.keep(snapshot.jpeg(frame.image), "snapshot", frame.captured_at)])

    def _mute(self, order: Order) -> Part:
        wanted = _of(wire.Mute, order)
        self._known(wanted.camera_id)
        return wire.Muted(silenced=self._mutes.mute(wanted.camera_id, wanted.rule, wanted.until))

    def _resend(self, order: Order) -> Part:
        wanted = _of(wire.Resend, order)
        again = 0
        if wanted.outbox_id not in {None, self._outbox.outbox_id}:
            raise CommandError(f"this device's outbox is {self._outbox.outbox_id}; what was in another is gone")
        if wanted.from_ is not None and wanted.to is not None:
            again = self._outbox.send_again(wanted.from_, wanted.to)
            self._written()
        return wire.Resent(messages=again, evidence=self._outbox.upload_again(wanted.evidence or []))

    def _known(self, camera_id: str) -> CameraSection:
        camera = self._camera(camera_id)
        if camera is None:
            raise CommandError(f"this device has no camera {camera_id}")
        return camera


def _of(kind: type[Arguments], order: Order) -> Arguments:
    """The order's arguments, which were read as that class."""
    if not isinstance(order.arguments, kind):
        raise TypeError(f"{order.command.kind} came with {type(order.arguments).__name__}")
    return order.arguments
