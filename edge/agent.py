"""The running agent: threads for each camera, one each for clips, the broker and uploads, and their orderly end."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from edge import rule_tables, status, trust
from edge.errors import ConfigurationError, EdgeError
from edge.evidence import ClipWriter, Folder, Reporter
from edge.handoff import Handoff
from edge.mask import Masks
from edge.messages import Sender
from edge.metrics import CameraMeter, Meter
from edge.outbox import FILE_NAME, Outbox
from edge.pipeline import Pipeline, SharedDetector
from edge.publish import BrokerSettings, Publisher
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open
from edge.upload import Uploader
from wire.event import ModelReference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.clock import Clock
    from edge.config import CameraSection, Settings
    from vision.detect import Detector
    from wire.device import MetricsMessage, StatusMessage

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
_FAULT_PAUSE_S = 10.0
_RING_SLACK_S = 15.0
"""Pictures that the ring keeps beyond the longest clip: a rule speaks some time after what it speaks of."""
_CAMERAS_LEAVE_S, _CLIPS_LEAVE_S, _SENDERS_LEAVE_S = 1.5, 1.5, 1.5
"""Stopping takes less than 5 s in all."""


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
        self._source = Source(source_settings(settings, camera), masks=masks, clock=clock, stop=stop, ring=ring)
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


def run(settings: Settings, detector: Detector, clock: Clock, stop: Event) -> None:
    """Run until `stop` is set, then end within 5 s.

    Raises:
        EdgeError: the data folder or the outbox cannot be used, or another agent uses them.
    """
    data_dir = settings.data_dir
    with ExitStack() as stack:
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # pictures of people lie in it
            stack.enter_context(_alone(data_dir))
            outbox = Outbox(data_dir / FILE_NAME, clock)
            stack.callback(outbox.close)
            folder = Folder(data_dir / "evidence")
            folder.sweep({one.file for one in outbox.evidence_files()})
        except OSError as error:
            allowed = f"a folder that can be written ({error.strerror})"
            raise ConfigurationError(f"device.data_dir: got {str(data_dir)!r}; allowed: {allowed}") from None
        _Crew(settings, SharedDetector(detector), outbox, folder, clock).work(stop)


class _Crew:
    """The threads and who tells whom."""

    def __init__(
        self, settings: Settings, detector: SharedDetector, outbox: Outbox, folder: Folder, clock: Clock
    ) -> None:
        self._clock = clock
        self._device_id = settings.device.id
        self._look_no_more, self._leave = Event(), Event()
        self._publisher = Publisher(
            broker_settings(settings),
            outbox=outbox,
            clock=clock,
            stop=self._leave,
            status=self._status,
            metrics=self._metrics,
        )
        self._clips = ClipWriter(
            outbox=outbox,
            folder=folder,
            clock=clock,
            free_bytes_min=settings.evidence.free_disk_bytes,
            announced=self._publisher.wake,
        )
        shared = (detector, outbox, folder, self._clips, clock, self._look_no_more, self._publisher)
        self._cameras = [CameraRunner(settings, camera, *shared) for camera in settings.camera]
        meters = [one.meter for one in self._cameras]
        self._meter = Meter(settings.device.id, meters, outbox=outbox, folder=folder, clock=clock)
        self._uploader = Uploader(
            url=settings.room.url,
            token=settings.token(),
            trust=trust.context("room.ca_file", settings.optional_path(settings.room.ca_file)),
            outbox=outbox,
            folder=folder,
            clock=clock,
            stop=self._leave,
        )

    def _status(self, online: bool, reason: str) -> StatusMessage:  # noqa: FBT001 - the publisher's two words
        cameras = [one.health for one in self._cameras]
        return status.message(self._device_id, cameras, self._clock, online=online, reason=reason)

    def _metrics(self) -> MetricsMessage:
        return self._meter.message()

    def work(self, stop: Event) -> None:
        watching = [thread for camera in self._cameras for thread in camera.threads()]
        cutting = [self._lasting("clips", self._clips.run)]
        sending = [self._lasting("publish", self._publisher.run), self._lasting("upload", self._uploader.run)]
        for thread in sending + cutting + watching:
            thread.start()
        while not self._clock.wait(stop, _LOOK_EVERY_S):
            for camera in self._cameras:
                camera.health.check_silence()
        self._look_no_more.set()
        for camera in self._cameras:
            camera.end()
        self._wait_for(watching, _CAMERAS_LEAVE_S)
        self._clips.stop(self._clock.monotonic_s() + _CLIPS_LEAVE_S)
        self._wait_for(cutting, _CLIPS_LEAVE_S)
        self._leave.set()
        self._publisher.wake()
        self._wait_for(sending, _SENDERS_LEAVE_S)

    def _lasting(self, name: str, work: Callable[[], None]) -> Thread:
        """An agent that no longer sends is worse than one that ends."""
        wanted = {"work": work, "what": name, "clock": self._clock, "stop": self._leave}
        return Thread(target=again_after_faults, kwargs=wanted, name=name, daemon=True)

    def _wait_for(self, threads: list[Thread], seconds: float) -> None:
        until_s = self._clock.monotonic_s() + seconds
        for thread in threads:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))


def again_after_faults(
    work: Callable[[], None],
    *,
    what: str,
    clock: Clock,
    stop: Event,
    at_fault: Callable[[Exception], None] | None = None,
    mend: Callable[[], None] | None = None,
) -> None:
    """Do `work` until it returns: an unexpected fault is logged whole, and after a pause it begins again.

    `at_fault` is told at once; `mend` puts right what the work left behind, just before it begins again.
    """
    while not stop.is_set():
        try:
            work()
        except Exception as error:
            log.exception("%s: unexpected fault", what)
            if at_fault is not None:
                at_fault(error)
            clock.wait(stop, _FAULT_PAUSE_S)
            if mend is not None:
                mend()
        else:
            return


def broker_settings(settings: Settings) -> BrokerSettings:
    authorities = settings.optional_path(settings.mqtt.ca_file)
    return BrokerSettings(
        host=settings.mqtt.host,
        port=settings.mqtt.port,
        device_id=settings.device.id,
        user=settings.mqtt.user,
        password=settings.mqtt_password(),
        trust=trust.context("mqtt.ca_file", authorities) if settings.mqtt.tls else None,
    )


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Two agents on one outbox would each take the other's place at the broker."""
    descriptor = os.open(data_dir / "agent.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise EdgeError(f"{data_dir}: another agent is running on this folder") from None
    finally:
        os.close(descriptor)
