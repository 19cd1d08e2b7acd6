"""The running agent: who works in it, what becomes of a changed configuration, and the orderly end."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from edge import endings, senders, status
from edge.camera import CameraRunner, Shared
from edge.commands.desk import Desk
from edge.enrolment.renewal import Renewal
from edge.errors import ConfigurationError, EdgeError
from edge.evidence import ClipWriter, Folder
from edge.faults import again_after_faults
from edge.flight import drone
from edge.flight.positions import Positions
from edge.health.alarms import Alarms
from edge.health.checks import Checks
from edge.health.pulse import Pulses
from edge.inference import SharedDetector
from edge.live.desk import Live
from edge.memory import Memory
from edge.metrics import Meter
from edge.outbox import FILE_NAME, Outbox
from edge.ptz.desk import Heads
from edge.recording import Recordings, finders
from edge.reload import changes
from edge.reload.pushing import Pushing
from edge.senders import Senders, Sent
from running.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from edge.clock import Clock
    from edge.config import CameraSection, Settings
    from edge.metrics import CameraMeter
    from edge.reload.configuration_file import ConfigurationFile, Secrets
    from vision.detect import Detector
    from vision.frame import Frame
    from vision.waste import WasteCheck
    from wire.device import MetricsMessage, StatusMessage

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
_CAMERAS_LEAVE_S, _CLIPS_LEAVE_S, _COMMANDS_LEAVE_S = 1.5, 1.5, 0.2
"""Stopping takes less than 5 s in all."""


def run(
    settings: Settings,
    detector: Detector,
    clock: Clock,
    stop: Event,
    *,
    file: ConfigurationFile | None = None,
    waste: WasteCheck | None = None,
) -> None:
    """Run until `stop` is set, then end within 5 s. What changes in `file` meanwhile is taken over.

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
        endings.close_switched_off(settings, outbox, clock)
        if file is not None:
            file.watch(settings)
        _Crew(settings, SharedDetector(detector), outbox, folder, clock, waste=waste, file=file).work(stop, file)


class _Crew:
    """The threads and who tells whom."""

    def __init__(
        self,
        settings: Settings,
        detector: SharedDetector,
        outbox: Outbox,
        folder: Folder,
        clock: Clock,
        *,
        waste: WasteCheck | None,
        file: ConfigurationFile | None,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._leave = Event()
        self._outbox = outbox
        self._folder = folder
        self._cameras: dict[str, CameraRunner] = {}
        """Replaced whole, for others look at it meanwhile."""
        self._pulses = Pulses(clock)
        self._alarms = Alarms(clock, self._status_changed)
        self._memory = Memory(settings.data_dir / "memory", clock)
        self._meter = Meter(settings.device.id, self._meters, outbox=outbox, folder=folder, clock=clock)
        self._recordings = Recordings(
            settings.recordings_dir, settings.recording.settings, clock, lambda: finders.redactor(settings.detector)
        )
        self._live = Live(
            lambda: self._settings.live, lambda: senders.room_door(self._settings), clock, changed=self._status_changed
        )
        self._heads = Heads(settings.data_dir / "ptz", clock, self._status_changed)
        self._desk = Desk(
            settings,
            camera=self._section,
            picture=self._picture,
            recordings=self._recordings,
            outbox=outbox,
            folder=folder,
            detector=detector,
            live=self._live,
            heads=self._heads,
            clock=clock,
            wake=self._written,
            configure=None if file is None else Pushing(file.path, lambda: self._settings, file.hurry).take,
        )
        self._renewal = Renewal(lambda: self._settings, clock, self._leave)
        self._positions = Positions(self._written)
        sent = Sent(
            outbox=outbox,
            folder=folder,
            alarms=self._alarms,
            pulses=self._pulses,
            status=self._status,
            metrics=self._metrics,
            commands=self._desk.inbox,
            positions=self._positions.take,
        )
        self._senders = Senders(settings, sent, clock)
        self._clips = ClipWriter(
            outbox=outbox,
            folder=folder,
            clock=clock,
            free_bytes_min=settings.evidence.free_disk_bytes,
            announced=self._senders.wake,
            recordings=self._recordings,
        )
        self._shared = self._share(detector, waste)
        self._checks = Checks(detector, outbox, folder, alarms=self._alarms, pulses=self._pulses, clock=clock)
        self._watchdog = Watchdog()

    def _share(self, detector: Detector, waste: WasteCheck | None) -> Shared:
        return Shared(
            detector=detector,
            waste=waste,
            outbox=self._outbox,
            folder=self._folder,
            clips=self._clips,
            recordings=self._recordings,
            memory=self._memory,
            alarms=self._alarms,
            pulses=self._pulses,
            mutes=self._desk.mutes,
            positions=self._positions,
            live=self._live,
            heads=self._heads,
            clock=self._clock,
            written=self._senders.wake,
            changed=self._status_changed,
        )

    def work(self, stop: Event, file: ConfigurationFile | None) -> None:
        lasting = [
            self._lasting(one.run, name)
            for one, name in ((self._clips, "clips"), (self._memory, "memory"), (self._recordings, "recording"))
        ]
        obeying = [
            self._lasting(self._desk.run_at_once, "commands"),
            self._lasting(self._desk.run_long, "long-commands"),
            self._lasting(self._renewal.run, "certificate"),
            self._lasting(self._desk.run_turning, "turning-commands"),
            self._lasting(self._live.run, "live"),
            self._lasting(self._heads.run, "ptz"),
        ]
        for thread in (*lasting, *obeying):
            thread.start()
        self._take_cameras(self._settings)
        self._senders.start()  # after the cameras: the first status, and the last will, name them
        self._watchdog.ready()
        while not self._clock.wait(stop, _LOOK_EVERY_S):
            try:
                self._look_round(file)
            except Exception as error:  # a round that fails is no sign of life; the next may be better
                log.exception("the agent's round failed")
                self._alarms.set("worker_faulted", {"reason": type(error).__name__}, subject="agent")
        self._watchdog.stopping()
        self._desk.stop()
        self._live.stop()
        self._end(self._cameras.values())
        self._heads.stop()
        self._clips.stop(self._clock.monotonic_s() + _CLIPS_LEAVE_S)
        self._memory.end()
        self._recordings.stop()
        until_s = self._clock.monotonic_s() + _CLIPS_LEAVE_S
        for thread in lasting:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))
        self._leave.set()
        self._senders.stop()
        until_s = self._clock.monotonic_s() + _COMMANDS_LEAVE_S
        for thread in obeying:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))
        self._desk.close()
        self._recordings.close()

    def _look_round(self, file: ConfigurationFile | None) -> None:
        """Every two seconds, on the thread that called `run`."""
        for camera in self._cameras.values():
            camera.health.check_silence()
        if file is not None:
            self._read_again(file)
        if self._renewal.take_renewed():
            self._senders.change(self._settings)
        self._checks.look(self._settings, list(self._cameras.values()), self._senders.clock_offset_s)
        sending = {
            key: one for key, one in self._cameras.items() if not one.health.is_dark and not one.health.is_refused
        }
        recorded = [key for key, one in sending.items() if one.camera.is_recorded]
        self._checks.check_recording(self._recordings, recorded)
        hanging = self._pulses.late()
        if hanging:
            self._watchdog.ill(f"hangs: {', '.join(hanging)}")
        else:
            self._watchdog.well(self._summary())

    def _read_again(self, file: ConfigurationFile) -> None:
        try:
            wanted = file.changed()
            if wanted is None:
                return
            changes.check(self._settings, wanted)
            senders.check(wanted)
            drone.check(wanted)
            self._desk.change(wanted)
        except ConfigurationError as error:
            log.error("the new configuration is refused, the old one goes on: %s", error)  # noqa: TRY400 - said, not traced
            self._alarms.set("configuration_refused", {"reason": str(error)})
            return
        self._alarms.set("configuration_refused", None)
        self._take_over(wanted, file.watch(wanted))

    def _take_over(self, wanted: Settings, secrets: Secrets) -> None:
        had = self._settings
        self._settings = wanted
        self._clips.free_bytes_min = wanted.evidence.free_disk_bytes
        self._recordings.change(wanted.recording.settings)
        every = {camera.id for camera in had.camera} if changes.of_all_cameras(had, wanted) else set[str]()
        self._take_cameras(wanted, anew={*every, *secrets.of_cameras})
        endings.close_switched_off(wanted, self._outbox, self._clock)
        if changes.of_senders(had, wanted) or secrets.of_senders:
            self._senders.change(wanted)
        self._status_changed()
        log.info("the new configuration is taken over")

    def _take_cameras(self, wanted: Settings, *, anew: Collection[str] = ()) -> None:
        """End those that are gone or must begin anew (`anew`, or by what changed), change the others, start new."""
        sections = {camera.id: camera for camera in wanted.camera}
        going = [
            runner
            for camera_id, runner in self._cameras.items()
            if camera_id in anew or camera_id not in sections or changes.restarts(runner.camera, sections[camera_id])
        ]
        self._end(going)
        staying = {key: runner for key, runner in self._cameras.items() if runner not in going}
        for camera_id in self._cameras.keys() - sections.keys():
            self._live.offer(camera_id, None)
        for camera_id, runner in staying.items():
            if runner.camera != sections[camera_id]:
                runner.change(wanted, sections[camera_id])
        fresh = {key: CameraRunner(wanted, one, self._shared) for key, one in sections.items() if key not in staying}
        self._cameras = {key: staying.get(key) or fresh[key] for key in sections}
        for runner in fresh.values():
            runner.start()

    def _end(self, going: Collection[CameraRunner]) -> None:
        for runner in going:
            runner.end()
        until_s = self._clock.monotonic_s() + _CAMERAS_LEAVE_S
        for runner in going:
            runner.join(until_s)

    def _lasting(self, work: Callable[[], None], name: str) -> Thread:
        def faulted(error: Exception) -> None:
            self._alarms.set("worker_faulted", {"reason": type(error).__name__}, subject=name)

        wanted = {"work": work, "what": name, "clock": self._clock, "stop": self._leave, "at_fault": faulted}
        return Thread(target=again_after_faults, kwargs=wanted, name=name, daemon=True)

    def _section(self, camera_id: str) -> CameraSection | None:
        runner = self._cameras.get(camera_id)
        return None if runner is None else runner.camera

    def _picture(self, camera_id: str) -> Frame | None:
        runner = self._cameras.get(camera_id)
        return None if runner is None else runner.picture

    def _written(self) -> None:
        self._senders.wake()

    def _status_changed(self) -> None:
        self._senders.status_changed()

    def _status(self, online: bool, reason: str) -> StatusMessage:  # noqa: FBT001 - the publisher's two words
        cameras = [one.health for one in self._cameras.values()]
        alarms = self._alarms.standing() if online else []
        return status.message(self._settings.device.id, cameras, alarms, self._clock, online=online, reason=reason)

    def _metrics(self) -> MetricsMessage:
        return self._meter.message(
            self._senders.clock_offset_s,
            refused_commands=self._desk.inbox.refused,
            configuration_version=self._settings.pushed_version,
            certificate_expires_at=self._renewal.expires_at,
        )

    def _meters(self) -> list[CameraMeter]:
        return [one.meter for one in self._cameras.values()]

    def _summary(self) -> str:
        """A line for `systemctl status`."""
        cameras = self._cameras.values()
        dark = [one.camera.id for one in cameras if one.health.is_dark]
        standing = [f"{one.code} {one.subject}".rstrip() for one in self._alarms.standing()]
        said = [f"{len(cameras)} cameras"]
        said += [f"dark: {', '.join(dark)}"] if dark else []
        said += [f"alarms: {', '.join(standing)}"] if standing else []
        return "; ".join(said)


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
