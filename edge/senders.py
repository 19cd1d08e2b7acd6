"""Who sends: the publisher and the uploader, which begin anew together when the room or the broker becomes another."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

from edge import trust
from edge.errors import ConfigurationError
from edge.faults import again_after_faults
from edge.live.whip import RoomDoor
from edge.publish import BrokerSettings, Publisher, Traced
from edge.upload import Clips, Uploader
from edge.uploaded import Limits
from running import tracing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    from edge.clock import Clock
    from edge.config import Settings
    from edge.evidence import Folder
    from edge.health.alarms import Alarms
    from edge.health.pulse import Pulse, Pulses
    from edge.outbox import Outbox
    from edge.publish import Commands
    from wire.device import MetricsMessage, PositionMessage, StatusMessage

_LEAVE_S = 1.5
_LAST_SPANS_S = 0.5
_HANGS_S = 120.0
"""Longer than the longest back-off, and than one time limit of a slow upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent, and who is told how it goes."""

    outbox: Outbox
    folder: Folder
    alarms: Alarms
    pulses: Pulses
    status: Callable[[bool, str], StatusMessage]
    metrics: Callable[[], MetricsMessage]
    commands: Commands | None
    positions: Callable[[], Collection[PositionMessage]] = tuple


class Senders:
    """Two threads, and the same two again after `change`."""

    def __init__(self, settings: Settings, sent: Sent, clock: Clock) -> None:
        self._sent = sent
        self._clock = clock
        self._settings = settings
        self._stop = Event()
        self._threads: list[Thread] = []
        self._pulses: list[Pulse] = []
        self._make()

    @property
    def clock_offset_s(self) -> float | None:
        """Device minus room, as the room's last answer showed it."""
        return self._uploader.clock_offset_s

    def wake(self) -> None:
        """There is a new message in the outbox. From any thread."""
        self._publisher.wake()

    def status_changed(self) -> None:
        """From any thread."""
        self._publisher.status_changed()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def change(self, settings: Settings) -> None:
        """Leave the room and the broker there are, and go to those of `settings`."""
        self.stop()
        self._settings, self._stop = settings, Event()
        self._make()
        self.start()

    def stop(self) -> None:
        """Say farewell, and wait for it a moment."""
        self._stop.set()
        self._publisher.wake()
        until_s = self._clock.monotonic_s() + _LEAVE_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))
        if self._traced is not None:
            self._traced.close(_LAST_SPANS_S)
        for pulse in self._pulses:
            self._sent.pulses.forget(pulse)

    def _make(self) -> None:
        sent, clock, settings = self._sent, self._clock, self._settings
        publishing, uploading = (sent.pulses.new(name, _HANGS_S) for name in ("publish", "upload"))
        self._pulses = [publishing, uploading]
        self._traced = _traced(settings)
        self._publisher = Publisher(
            broker_settings(settings),
            outbox=sent.outbox,
            clock=clock,
            stop=self._stop,
            status=sent.status,
            metrics=sent.metrics,
            commands=sent.commands,
            positions=sent.positions,
            pulse=publishing,
            traced=self._traced,
        )
        self._uploader = Uploader(
            url=settings.room.url,
            token=settings.token(),
            trust=trust_of_room(settings),
            outbox=sent.outbox,
            folder=sent.folder,
            alarms=sent.alarms,
            clock=clock,
            stop=self._stop,
            pulse=uploading,
            limits=Limits.of(settings.evidence),
            clips=Clips(settings.evidence.upload_clips, settings.evidence.good_link_kbit_s),
        )
        self._threads = [self._lasting(self._publisher.run, publishing), self._lasting(self._uploader.run, uploading)]

    def _lasting(self, work: Callable[[], None], pulse: Pulse) -> Thread:
        """An agent that no longer sends is worse than one that ends."""

        def faulted(error: Exception) -> None:
            self._sent.alarms.set("worker_faulted", {"reason": type(error).__name__}, subject=pulse.name)

        wanted = {"work": work, "what": pulse.name, "clock": self._clock, "stop": self._stop, "at_fault": faulted}
        return Thread(target=again_after_faults, kwargs=wanted, name=pulse.name, daemon=True)


def broker_settings(settings: Settings) -> BrokerSettings:
    return BrokerSettings(
        host=settings.mqtt.host,
        port=settings.mqtt.port,
        device_id=settings.device.id,
        user=settings.mqtt.user,
        password=settings.mqtt_password(),
        trust=_trust_of_broker(settings) if settings.mqtt.tls else None,
    )


def _trust_of_broker(settings: Settings) -> ssl.SSLContext:
    believed = trust.context("mqtt.ca_file", settings.optional_path(settings.mqtt.ca_file))
    if settings.mqtt.certificate_file is not None and settings.mqtt.key_file is not None:
        certificate, key = (settings.path(name) for name in (settings.mqtt.certificate_file, settings.mqtt.key_file))
        trust.show(believed, "mqtt.certificate_file", certificate, key)
    return believed


def check(settings: Settings) -> None:
    """Raises `ConfigurationError` where a secret or a file of certificates cannot be read."""
    settings.token()
    broker_settings(settings)
    trust_of_room(settings)
    if settings.tracing.endpoint and not tracing.is_installed():
        got = repr(settings.tracing.endpoint)
        raise ConfigurationError(f"tracing.endpoint: got {got}; allowed: {tracing.ONLY_WITH_EXTRA}")


def _traced(settings: Settings) -> Traced | None:
    section = settings.tracing
    if not section.endpoint or not tracing.is_installed():
        return None
    service, instance = "talaia-edge", settings.device.id
    return Traced(tracing.start(section.endpoint, section.share, service=service, instance=instance))


def room_door(settings: Settings) -> RoomDoor:
    """For live video: as the uploads go there."""
    return RoomDoor(settings.room.url, settings.token(), trust_of_room(settings))


def trust_of_room(settings: Settings) -> ssl.SSLContext:
    return trust.context("room.ca_file", settings.optional_path(settings.room.ca_file))
