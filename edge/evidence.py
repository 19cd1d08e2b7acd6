"""Gives an event its files: two snapshots when it opens, a clip when its seconds have passed.

Each file lies complete on the disk before the outbox announces it, and stays there until it is uploaded.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from threading import get_native_id
from typing import TYPE_CHECKING

import uuid_utils.compat

from edge import clip, messages, snapshot
from edge.errors import ClipError, EdgeError, OutboxError
from edge.outbox import ClipSpan, EvidenceFile, Occurrence, RuleState
from wire.event import EvidenceReference

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.messages import Sender
    from edge.outbox import Outbox, Place
    from edge.recording import Recordings
    from edge.ring import PacketRing, Stretch
    from edge.sections import EvidenceSection
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent
    from wire.event import EventMessage, EvidenceKind

log = logging.getLogger(__name__)

CLIP_LIMIT_BYTES = 256 * 1024 * 1024
"""A clip that would be larger is coded again: a minute at 35 Mbit/s, more than a camera sends."""
_JPEG, _MP4 = "image/jpeg", "video/mp4"
_PART = ".part"
_OUTBOX_RETRY_S = 2.0
_LATE_S = 10.0
"""A clip is written with what there is when its last pictures are so late: the camera is away."""
_WRITTEN_S = 3.0
"""After which a picture lies in the recording, also while its segment is open."""
_LOOK_EVERY_S = 0.5
_NICE = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the folder, as the wire and as the outbox name it."""

    reference: EvidenceReference
    file: EvidenceFile


class Folder:
    """Files that wait for their upload."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def keep(self, data: bytes, kind: EvidenceKind, captured_at: datetime) -> Kept:
        """A snapshot."""
        evidence_id = uuid_utils.compat.uuid7()
        part = self.part(evidence_id)
        part.write_bytes(data)
        return self.take(part, evidence_id, kind, _JPEG, captured_at, captured_at)

    def part(self, evidence_id: UUID) -> Path:
        return self.path / f"{evidence_id}{_PART}"

    def take(  # noqa: PLR0917 - a row of facts about one file
        self,
        part: Path,
        evidence_id: UUID,
        kind: EvidenceKind,
        media_type: str,
        captured_from: datetime,
        captured_to: datetime,
    ) -> Kept:
        """Make a written file durable and final."""
        with part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            size_bytes = file.seek(0, os.SEEK_END)
        name = str(evidence_id)
        part.rename(self.path / name)
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        reference = EvidenceReference(
            evidence_id=evidence_id,
            kind=kind,
            sha256=sha256,
            bytes=size_bytes,
            media_type=media_type,
            captured_from=captured_from,
            captured_to=captured_to,
        )
        return Kept(reference, EvidenceFile(evidence_id, name, media_type, sha256, size_bytes))

    def sweep(self, known: set[str]) -> int:
        """Remove what no message announced: a crash came between the file and the outbox. Says how many."""
        orphans = [path for path in self.path.iterdir() if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """A clip that must be cut once the camera has gone past its end."""

    opened: EventMessage
    span: ClipSpan
    ring: PacketRing | None
    """None: ordered before the agent's start, of which only the recording still has pictures."""
    from_s: float
    until_s: float
    """On the ring's clock."""
    late_s: float
    """On the monotonic clock: then it is cut with what there is."""

    def is_due(self, now_s: float) -> bool:
        return now_s >= self.late_s or (self.ring is not None and self.ring.newest_s >= self.until_s)


class Reporter:
    """Where a camera's rules send their events: snapshots, outbox, and the order for a clip."""

    def __init__(
        self,
        *,
        sender: Sender,
        outbox: Outbox,
        folder: Folder,
        clips: ClipWriter,
        ring: PacketRing,
        settings: EvidenceSection,
        clock: Clock,
        stop: Event,
        written: Callable[[], None],
    ) -> None:
        self.sender = sender
        """May be replaced between two events."""
        self._outbox = outbox
        self._folder = folder
        self._clips = clips
        self._ring = ring
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._written = written

    def __call__(self, event: RuleEvent, frame: Frame, rule: Rule) -> None:
        kept = self._snapshots(event, frame) if event.phase == "opened" else []
        kept += self._pictures(event, frame)
        span = self._clip_span(event, frame) if event.phase == "opened" else None
        message = self._write(event, frame, rule, kept, span)
        self._written()
        if span is not None:
            self._clips.order(self._clip_order(event, message, span))

    def _snapshots(self, event: RuleEvent, frame: Frame) -> list[Kept]:
        """Without them where the disk is full: the event matters more."""
        try:
            drawn = snapshot.annotated(frame.image, event.objects)
            return [
                self._folder.keep(snapshot.jpeg(frame.image), "snapshot", frame.captured_at),
                self._folder.keep(snapshot.jpeg(drawn), "snapshot_annotated", frame.captured_at),
            ]
        except (OSError, EdgeError) as error:
            log.error("%s: no snapshot: %s", self.sender.camera_id, error)  # noqa: TRY400 - no traceback for a full disk
            return []

    def _pictures(self, event: RuleEvent, frame: Frame) -> list[Kept]:
        """Those that the rule chose: before and after, the best of who brought the thing."""
        kept: list[Kept] = []
        try:
            for one in event.pictures:
                captured_at = messages.clock_at(frame, one.media_time_s)
                kept.append(self._folder.keep(snapshot.jpeg(one.image), one.kind, captured_at))
        except (OSError, EdgeError) as error:
            log.error("%s: a picture is missing: %s", self.sender.camera_id, error)  # noqa: TRY400 - as above
        return kept

    def _write(
        self, event: RuleEvent, frame: Frame, rule: Rule, kept: list[Kept], clip_span: ClipSpan | None
    ) -> EventMessage:
        """Write to the outbox, trying until it succeeds: analysis may be dropped, events may not."""
        camera_id = self.sender.camera_id
        known = None if event.phase == "opened" else self._outbox.event_of(camera_id, event.rule, event.occurrence)
        event_id = uuid_utils.compat.uuid7() if known is None else known.event_id
        began_at = None if known is None else known.began_at
        if began_at is None and event.began_s is not None:
            began_at = messages.clock_at(frame, event.began_s)

        def make(place: Place) -> EventMessage:
            return messages.compose(
                self.sender,
                event,
                frame,
                event_id=event_id,
                place=place,
                sent_at=self._clock.now(),
                evidence=[one.reference for one in kept],
                began_at=began_at,
            )

        while True:
            try:
                return self._outbox.append(
                    make,
                    occurrence=Occurrence(camera_id, event.rule, event.occurrence, event.phase != "closed", began_at),
                    rule_state=RuleState(camera_id, event.rule, rule.snapshot()),
                    evidence=[one.file for one in kept],
                    clip=clip_span,
                )
            except OutboxError as error:
                log.error("%s: %s; trying again", camera_id, error)  # noqa: TRY400 - said, not traced
                if self._clock.wait(self._stop, _OUTBOX_RETRY_S):
                    raise

    def _clip_times(self, event: RuleEvent) -> tuple[float, float]:
        """Begin and end, in the media time of the pictures that are analysed."""
        settings = self._settings
        begins_s = event.occurred_s
        if settings.from_the_act and event.began_s is not None:
            begins_s = min(begins_s, event.began_s)
        until_s = event.occurred_s + settings.after_s
        return max(begins_s - settings.before_s, until_s - settings.longest_s), until_s

    def _clip_span(self, event: RuleEvent, frame: Frame) -> ClipSpan:
        from_s, until_s = self._clip_times(event)
        camera_id = self.sender.camera_id
        return ClipSpan(camera_id, messages.clock_at(frame, from_s), messages.clock_at(frame, until_s))

    def _clip_order(self, event: RuleEvent, opened: EventMessage, span: ClipSpan) -> ClipOrder:
        from_s, until_s = self._clip_times(event)
        if self._ring.by_device_clock:
            from_s, until_s = span.from_.timestamp(), span.until.timestamp()
        late_s = self._clock.monotonic_s() + self._settings.after_s + _LATE_S
        return ClipOrder(opened, span, self._ring, from_s, until_s, late_s)


def _stand_back() -> None:
    """Give this thread less of the processor than those that watch."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)


class ClipWriter:
    """Cuts clips on a thread of its own, so that no camera waits for an encoder."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        folder: Folder,
        clock: Clock,
        free_bytes_min: int,
        announced: Callable[[], None],
        recordings: Recordings | None = None,
    ) -> None:
        self._outbox = outbox
        self._folder = folder
        self._clock = clock
        self.free_bytes_min = free_bytes_min
        """May be changed while it works."""
        self._announced = announced
        self._recordings = recordings
        self._orders: queue.SimpleQueue[ClipOrder | None] = queue.SimpleQueue()
        self._waiting = [self._order_again(opened, span) for opened, span in outbox.clip_orders()]
        """What was ordered before the agent's start and not cut any more, and what waits for its pictures."""
        self._deadline_s: float | None = None

    def order(self, order: ClipOrder) -> None:
        self._orders.put(order)

    def stop(self, deadline_s: float) -> None:
        """Cut what is waiting with what there is, until `deadline_s` on the monotonic clock, and end `run`."""
        self._deadline_s = deadline_s
        self._orders.put(None)

    def run(self) -> None:
        _stand_back()
        while self._take():
            self._cut_due()
        for order in self._waiting:
            self._cut(order)

    def _order_again(self, opened: EventMessage, span: ClipSpan) -> ClipOrder:
        left_s = (span.until - self._clock.now()).total_seconds()
        late_s = self._clock.monotonic_s() + max(0.0, left_s) + _WRITTEN_S
        return ClipOrder(opened, span, None, span.from_.timestamp(), span.until.timestamp(), late_s)

    def _take(self) -> bool:
        """Wait for an order, or a moment when some are waiting for their pictures; false when it is time to end."""
        with suppress(queue.Empty):
            order = self._orders.get(timeout=_LOOK_EVERY_S if self._waiting else None)
            if order is None:
                return False
            self._waiting.append(order)
        return True

    def _cut_due(self) -> None:
        due = [order for order in self._waiting if order.is_due(self._clock.monotonic_s())]
        for order in due:
            self._waiting.remove(order)
            self._cut(order)

    def _given_up(self) -> bool:
        return self._deadline_s is not None and self._clock.monotonic_s() > self._deadline_s

    def _cut(self, order: ClipOrder) -> None:
        """What fails for want of room, or of time at the end, is tried again at the next start: see the outbox."""
        event_id = order.opened.event_id
        if self._folder.free_bytes() < self.free_bytes_min:
            log.error("no clip of event %s: the disk is nearly full", event_id)
            return
        evidence_id = uuid_utils.compat.uuid7()
        part = self._folder.part(evidence_id)
        try:
            written = clip.write(
                part,
                self._pictures(order),
                order.from_s,
                limit_bytes=CLIP_LIMIT_BYTES,
                given_up=self._given_up,
            )
            kept = self._folder.take(part, evidence_id, "clip", _MP4, written.captured_from, written.captured_to)
            self._announce(order.opened, kept)
        except (ClipError, EdgeError, OSError) as error:
            part.unlink(missing_ok=True)
            log.error("no clip of event %s: %s", event_id, error)  # noqa: TRY400 - said, not traced
            if isinstance(error, ClipError) and not self._given_up():
                self._outbox.drop_clip_order(event_id)

    def _pictures(self, order: ClipOrder) -> list[Stretch]:
        """From memory where it goes back far enough, else from the recording, else what memory has."""
        ring = order.ring
        if ring is not None and ring.oldest_s <= order.from_s:
            return ring.between(order.from_s, order.until_s)
        recorded: list[Stretch] = []
        if self._recordings is not None:
            recorded = list(self._recordings.packets(order.span.camera_id, order.span.from_, order.span.until))
        in_memory = [] if ring is None else ring.between(order.from_s, order.until_s)
        return in_memory if _length_s(in_memory) >= _length_s(recorded) else recorded

    def _announce(self, opened: EventMessage, kept: Kept) -> None:
        self._outbox.append(
            lambda place: messages.with_evidence(opened, kept.reference, place=place, sent_at=self._clock.now()),
            evidence=[kept.file],
            cut=True,
        )
        self._announced()


def _length_s(stretches: list[Stretch]) -> float:
    return sum((one.captured[-1] - one.captured[0]).total_seconds() for one in stretches)
