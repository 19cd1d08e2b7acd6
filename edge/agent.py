"""The running agent: threads for each camera, one each for clips, the broker and uploads, and their orderly end."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from edge import status, trust
from edge.camera import CameraRunner
from edge.errors import ConfigurationError, EdgeError
from edge.evidence import ClipWriter, Folder
from edge.faults import again_after_faults
from edge.metrics import Meter
from edge.outbox import FILE_NAME, Outbox
from edge.pipeline import SharedDetector
from edge.publish import BrokerSettings, Publisher
from edge.upload import Uploader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.clock import Clock
    from edge.config import Settings
    from vision.detect import Detector
    from wire.device import MetricsMessage, StatusMessage

_LOOK_EVERY_S = 2.0
_CAMERAS_LEAVE_S, _CLIPS_LEAVE_S, _SENDERS_LEAVE_S = 1.5, 1.5, 1.5
"""Stopping takes less than 5 s in all."""


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
