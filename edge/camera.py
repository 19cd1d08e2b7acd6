"""One camera of the agent: the thread that reads it, the one that looks at what was read, and what both keep."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from edge import rule_tables, status
from edge.evidence import Reporter
from edge.faults import again_after_faults
from edge.handoff import Handoff
from edge.mask import Masks
from edge.messages import Sender
from edge.metrics import CameraMeter
from edge.pipeline import Pipeline
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open
from wire.event import ModelReference

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from edge.clock import Clock
    from edge.config import CameraSection, Settings
    from edge.evidence import ClipWriter, Folder
    from edge.outbox import Outbox
    from edge.publish import Publisher
    from vision.detect import Detector

_RING_SLACK_S = 15.0
"""Pictures that the ring keeps beyond the longest clip: a rule speaks some time after what it speaks of."""


class CameraRunner:
    """One camera: a thread that reads, and one that looks at what was read."""

    def __init__(  # noqa: PLR0917 - what all cameras share
        self,
        settings: Settings,
        camera: CameraSection,
        detector: Detector,
        outbox: Outbox,
        folder: Folder,
        clips: ClipWriter,
        clock: Clock,
        stop: Event,
        publisher: Publisher,
    ) -> None:
        self._camera = camera
        self._clock = clock
        self._stop = stop
        self._outbox = outbox
        self._detector = detector
        self.health = status.CameraHealth(camera, clock, publisher.status_changed)
        masks = Masks(camera.zones)
        ring = PacketRing(
            span_s=settings.evidence.longest_s + _RING_SLACK_S, limit_bytes=settings.evidence.memory_bytes
        )
        self._source = Source(source_settings(settings, camera), masks=masks, clock=clock, stop=stop, sinks=[ring])
        self._handoff = Handoff()
        self._reporter = Reporter(
            sender=sender_of(settings, camera, detector),
            outbox=outbox,
            folder=folder,
            clips=clips,
            ring=ring,
            masks=masks,
            settings=settings.evidence,
            clock=clock,
            stop=stop,
            written=publisher.wake,
        )
        self._pipeline = self._new_pipeline()
        self.meter = CameraMeter(camera.id, self._source, self._handoff, self._pipeline)

    def threads(self) -> list[Thread]:
        """A file that is read as fast as it can be needs no second thread: nothing of it may be dropped."""
        if not self._source.settings.keeps_time:
            return [self._thread("all", self._look_at_each, self._begin_afresh)]
        return [self._thread("read", self._read, None), self._thread("look", self._look, self._begin_afresh)]

    def end(self) -> None:
        self._handoff.end()

    def _thread(self, name: str, work: Callable[[], None], mend: Callable[[], None] | None) -> Thread:
        return Thread(target=self._guard, args=(work, mend), name=f"{self._camera.id}-{name}", daemon=True)

    def _read(self) -> None:
        for frame in keep_open(self._source, clock=self._clock, stop=self._stop, report=self.health):
            self._handoff.put(frame)

    def _look(self) -> None:
        for frame in self._handoff.frames():
            self._pipeline.look(frame)

    def _look_at_each(self) -> None:
        for frame in keep_open(self._source, clock=self._clock, stop=self._stop, report=self.health):
            self._pipeline.look(frame)

    def _guard(self, work: Callable[[], None], mend: Callable[[], None] | None) -> None:
        """Whatever goes wrong in one camera stays there, and is said in the status."""

        def lost(error: Exception) -> None:
            self.health.lost(f"internal fault: {type(error).__name__}")

        what = f"camera {self._camera.id}"
        again_after_faults(work, what=what, clock=self._clock, stop=self._stop, at_fault=lost, mend=mend)

    def _begin_afresh(self) -> None:
        self._pipeline = self.meter.pipeline = self._new_pipeline()

    def _new_pipeline(self) -> Pipeline:
        made = rule_tables.build(self._camera.rules, self._camera.zones)
        for rule in made:
            rule_tables.restore(rule, self._outbox.rule_state(self._camera.id, rule.name))
        return Pipeline(detector=self._detector, rules=made, deliver=self._reporter)


def source_settings(settings: Settings, camera: CameraSection) -> SourceSettings:
    return SourceSettings(
        location=settings.location(camera),
        analysis_fps=camera.analysis_fps,
        realtime=camera.realtime,
        loop=camera.loop,
    )


def sender_of(settings: Settings, camera: CameraSection, detector: Detector) -> Sender:
    return Sender(
        device_id=settings.device.id,
        camera_id=camera.id,
        model=ModelReference(name=detector.name, sha256=detector.sha256),
        location=camera.location,
        staged=camera.staged,
    )
