"""Runs the pipeline over a video file as fast as it can and prints what it finds: the same steps as on a camera."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Literal, TextIO

import uuid_utils.compat

from edge import messages, rule_tables
from edge.clock import Clock
from edge.mask import Masks
from edge.outbox import Place
from edge.pipeline import Pipeline
from edge.source import Source, SourceSettings, video
from edge.source.attention import Attention
from wire.event import ModelReference

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from edge.messages import Sender
    from edge.plan import Plan
    from vision.detect import Detector
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent
    from vision.waste import WasteCheck

_PROGRESS_AFTER_S = 2.0
_PROGRESS_EVERY_S = 0.2


class Printer:
    """Writes each message as a line the moment it is made."""

    def __init__(self, sender: Sender, out: TextIO, clock: Clock) -> None:
        self._sender = sender
        self._out = out
        self._clock = clock
        self._outbox_id = uuid_utils.compat.uuid7()
        self._sequence = 0
        self._events: dict[tuple[str, int], UUID] = {}

    def __call__(self, event: RuleEvent, frame: Frame, _rule: Rule) -> None:
        key = event.rule, event.occurrence
        if event.phase == "opened" or key not in self._events:
            self._events[key] = uuid_utils.compat.uuid7()
        self._sequence += 1
        message = messages.compose(
            self._sender,
            event,
            frame,
            event_id=self._events[key],
            place=Place(self._outbox_id, self._sequence),
            sent_at=self._clock.now(),
            evidence=[],
        )
        self._out.write(message.to_json().decode() + "\n")
        self._out.flush()


@dataclass(frozen=True, slots=True)
class FileClock:
    """When a file's first picture was taken, and how that is known."""

    starts_at: datetime
    source: str
    duration_s: float | None


def file_clock(path: Path) -> FileClock:
    """By the recorder's word in the file, else by the time at which the file was last written, at its end.

    Raises:
        SourceError: it is no video.
    """
    opened = video.Video(str(path), live=False)
    try:
        duration_s = opened.duration_s
        if opened.recorded_at is not None:
            return FileClock(opened.recorded_at, "creation time in the file", duration_s)
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return FileClock(written_at - timedelta(seconds=duration_s or 0.0), "modification time of the file", duration_s)
    finally:
        opened.close()


def run(
    path: Path,
    plan: Plan,
    detector: Detector,
    clock: FileClock,
    out: TextIO,
    *,
    idle: Literal["key_frames", "all"],
    waste: WasteCheck | None = None,
) -> None:
    """Print what the rules find.

    Raises:
        SourceError: the video cannot be read to its end; what was found before that is printed.
    """
    camera = plan.camera
    machine = Clock()
    attention = Attention()
    source = Source(
        SourceSettings(location=str(path), analysis_fps=camera.analysis_fps, idle=idle, starts_at=clock.starts_at),
        masks=Masks(camera.zones),
        clock=machine,
        stop=Event(),
        attention=attention,
    )
    sender = messages.Sender(
        device_id=plan.device_id,
        camera_id=camera.id,
        model=ModelReference(name=detector.name, sha256=detector.sha256),
        location=camera.location,
        staged=camera.staged,
        clock_note={"clock": clock.source},
    )
    pipeline = Pipeline(
        detector=detector,
        rules=rule_tables.build(camera.rules, camera.zones, only=plan.only),
        deliver=Printer(sender, out, machine),
        attention=attention,
        waste=waste,
    )
    progress = Progress(clock.duration_s, sys.stderr, machine)
    try:
        for frame in source.frames():
            pipeline.look(frame)
            progress.show(frame.media_time_s)
    finally:
        progress.end()


class Progress:
    """A bar on a terminal, for whoever waits longer than a moment; nothing elsewhere."""

    def __init__(self, duration_s: float | None, out: TextIO, clock: Clock) -> None:
        self._duration_s = duration_s
        self._out = out
        self._clock = clock
        self._wanted = out.isatty()
        self._next_s = clock.monotonic_s() + _PROGRESS_AFTER_S
        self._shown = False

    def show(self, media_time_s: float) -> None:
        now_s = self._clock.monotonic_s()
        if not self._wanted or now_s < self._next_s:
            return
        self._next_s = now_s + _PROGRESS_EVERY_S
        self._shown = True
        self._out.write(f"\r\x1b[K{self._text(media_time_s)}")
        self._out.flush()

    def end(self) -> None:
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _text(self, media_time_s: float) -> str:
        if not self._duration_s:
            return f"{media_time_s:.1f} s"
        share = min(1.0, media_time_s / self._duration_s)
        done = round(share * 30)
        return f"[{'#' * done}{'.' * (30 - done)}] {share:4.0%}  {media_time_s:.0f} of {self._duration_s:.0f} s"
