"""What the agent finds out about itself now and then, and the alarms that follow.

What to do about each: docs/guide/administrator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.errors import OutboxError
from edge.health.growth import Growth
from models import ModelError, catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edge.camera import CameraRunner
    from edge.clock import Clock
    from edge.config import Settings
    from edge.evidence import Folder
    from edge.health.alarms import Alarms, Parameters
    from edge.health.pulse import Pulses
    from edge.outbox import Outbox
    from edge.recording import Recordings
    from vision.detect import Detector

MODEL_EVERY_S = 600.0
_DISK_EVERY_S = 10.0
_QUEUES_EVERY_S = 60.0
_FAULT_LASTS = timedelta(seconds=60)
"""A thread that met a fault and has worked so long since is well again."""
_CLOCK_OFF_S, _CLOCK_WELL_S = 5.0, 3.0
_SKIPPED_SHARE = 0.5
_LOOKED_AT_LEAST = 20
"""Frames that must have been due before a share of them says anything."""
_PENDING_MANY, _PENDING_STEP = 2000, 1000
_MIB = 1024 * 1024
_MIB_STEP = 50


@dataclass(slots=True)
class _Due:
    """Whether it is time again."""

    every_s: float
    at_s: float

    def now(self, now_s: float) -> bool:
        if now_s < self.at_s:
            return False
        self.at_s = now_s + self.every_s
        return True


class Checks:
    """Called every few seconds on one thread; does little each time."""

    def __init__(
        self, detector: Detector, outbox: Outbox, folder: Folder, *, alarms: Alarms, pulses: Pulses, clock: Clock
    ) -> None:
        self._detector = detector
        self._outbox = outbox
        self._folder = folder
        self._alarms = alarms
        self._pulses = pulses
        self._clock = clock
        now_s = clock.monotonic_s()
        self._disk = _Due(_DISK_EVERY_S, now_s)
        self._queues = _Due(_QUEUES_EVERY_S, now_s + _QUEUES_EVERY_S)
        self._model = _Due(MODEL_EVERY_S, now_s + MODEL_EVERY_S)
        self._growth: Growth | None = None
        self._frames: dict[str, tuple[int, int]] = {}

    def look(self, settings: Settings, cameras: Collection[CameraRunner], clock_offset_s: float | None) -> None:
        now_s = self._clock.monotonic_s()
        self.check_workers()
        self.check_clock(clock_offset_s)
        if self._disk.now(now_s):
            self.check_disk(settings.evidence.free_disk_bytes)
        if self._queues.now(now_s):
            self.check_queues({camera.camera.id: camera.frames for camera in cameras})
            self.check_outbox()
        if self._model.now(now_s):
            self.check_model(settings.detector.model, settings.detector.input_px)

    def check_recording(self, recordings: Recordings, live: Collection[str]) -> None:
        """`live`: the cameras that are recorded and send pictures."""
        told: dict[str, Parameters] = {
            camera_id: {"reason": "its newest file does not grow"}
            for camera_id in self._growth_of(recordings).stalled(live, self._clock.monotonic_s())
        }
        for camera_id in live:
            trouble = recordings.trouble(camera_id)
            if trouble:
                told[camera_id] = {"reason": trouble}
        self._alarms.replace("recording_stalled", told)

    def _growth_of(self, recordings: Recordings) -> Growth:
        if self._growth is None:
            self._growth = Growth(recordings.folder)
        return self._growth

    def check_workers(self) -> None:
        for name in self._pulses.late():
            self._alarms.set("worker_faulted", {"reason": "hangs"}, subject=name)
        self._alarms.expire("worker_faulted", _FAULT_LASTS)

    def check_clock(self, offset_s: float | None) -> None:
        if offset_s is None:
            return
        if abs(offset_s) > _CLOCK_OFF_S:
            self._alarms.set("clock_off", {"offset_s": round(offset_s)})
        elif abs(offset_s) < _CLOCK_WELL_S:
            self._alarms.set("clock_off", None)

    def check_disk(self, wanted_bytes: int) -> None:
        free_bytes = self._folder.free_bytes()
        if free_bytes >= wanted_bytes:
            self._alarms.set("disk_full", None)
            return
        free_mib = free_bytes // _MIB // _MIB_STEP * _MIB_STEP
        self._alarms.set("disk_full", {"free_mib": free_mib, "wanted_mib": wanted_bytes // _MIB})

    def check_queues(self, frames: Mapping[str, tuple[int, int]]) -> None:
        """`frames`: a camera's frames that were looked at and those that were dropped, since its start."""
        behind: dict[str, Parameters] = {}
        for camera_id, (looked, dropped) in frames.items():
            looked_before, dropped_before = self._frames.get(camera_id, (0, 0))
            if looked < looked_before or dropped < dropped_before:
                looked_before, dropped_before = 0, 0
            due = looked - looked_before + dropped - dropped_before
            share = (dropped - dropped_before) / max(1, due)
            if due >= _LOOKED_AT_LEAST and share > _SKIPPED_SHARE:
                behind[camera_id] = {"skipped_percent": round(share * 10) * 10}
        self._frames = dict(frames)
        self._alarms.replace("queue_full", behind)

    def check_outbox(self) -> None:
        try:
            pending = self._outbox.counts().pending
        except OutboxError as error:
            self._alarms.set("worker_faulted", {"reason": str(error)}, subject="outbox")
            return
        many = pending // _PENDING_STEP * _PENDING_STEP
        self._alarms.set("outbox_large", {"pending": many} if pending >= _PENDING_MANY else None)

    def check_model(self, model: str, input_px: int) -> None:
        """Of the file that the next start would load."""
        try:
            found = catalogue.locate(model, input_px).sha256
        except (ModelError, OSError) as error:
            self._alarms.set("model_changed", {"model": model, "reason": str(error)})
            return
        changed = found != self._detector.sha256
        reason = f"SHA-256 is {found[:12]}, loaded is {self._detector.sha256[:12]}"
        self._alarms.set("model_changed", {"model": model, "reason": reason} if changed else None)
