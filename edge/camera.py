"""One camera of the agent: the thread that reads it, the one that looks at what was read, and what both keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from edge import endings, memory, rule_tables, status
from edge.evidence import Reporter
from edge.faults import again_after_faults
from edge.flight.drone import Aboard, Drone
from edge.handoff import Handoff
from edge.live.desk import Offered
from edge.live.sightings import Seen, Sightings
from edge.mask import Masks
from edge.messages import Sender
from edge.metrics import CameraMeter
from edge.pipeline import Pipeline
from edge.recording import RecordedCamera
from edge.recording.masking import Masking
from edge.reload import changes
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open, onvif
from edge.source.attention import Attention
from edge.source.main_stream import MainStream
from vision.rules.registry import KINDS
from wire.event import ModelReference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from edge.clock import Clock
    from edge.commands.mutes import Mutes
    from edge.config import CameraSection, Settings
    from edge.evidence import ClipWriter, Folder
    from edge.flight.drone import Carried
    from edge.flight.positions import Positions
    from edge.health.alarms import Alarms
    from edge.health.pulse import Pulse, Pulses
    from edge.live.desk import Live
    from edge.outbox import Outbox
    from edge.ptz.desk import Heads
    from edge.recording import Recordings
    from edge.source import ClockWitness, PacketSink
    from vision.detect import Detector
    from vision.frame import Frame
    from vision.rules.base import Rule
    from vision.waste import WasteCheck
    from wire.live import StreamName

_RING_SLACK_S = 15.0
"""Pictures that the ring keeps beyond the longest clip: a rule speaks some time after what it speaks of."""
_SILENCE_S = 1.0
"""While the camera is dark its rules are told so once in so many seconds."""
HANGS_S = 120.0
"""A thread that does nothing for longer than any back-off, time limit or slow picture takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all cameras of the agent share."""

    detector: Detector
    waste: WasteCheck | None
    """None: where it is not built."""
    outbox: Outbox
    folder: Folder
    clips: ClipWriter
    recordings: Recordings
    memory: memory.Memory
    alarms: Alarms
    pulses: Pulses
    mutes: Mutes
    positions: Positions
    live: Live
    heads: Heads
    clock: Clock
    written: Callable[[], None]
    """Called when the outbox has a new message."""
    changed: Callable[[], None]
    """Called when the status has changed."""


class CameraRunner:
    """One camera: a thread that reads, and one that looks at what was read."""

    def __init__(self, settings: Settings, camera: CameraSection, shared: Shared) -> None:
        self._settings = settings
        self._camera = camera
        self._shared = shared
        self._clock = shared.clock
        self._stop = Event()
        self._looking = Lock()
        """Held while a frame is looked at, so that rules change between two frames."""
        self._scene = memory.scene_of(settings.location(camera))
        self._looked = 0
        self.picture: Frame | None = None
        """The newest that was looked at."""
        self._saved_s = self._looked_s = self._clock.monotonic_s()
        self.health = status.CameraHealth(
            camera, shared.clock, shared.changed, shared.live.streams, shared.heads.status
        )
        self._reading = shared.pulses.new(f"{camera.id}-read", HANGS_S)
        self._seeing = shared.pulses.new(f"{camera.id}-look", HANGS_S)
        self._attention = Attention()
        masks = Masks(camera.zones)
        self._sightings = Sightings(masks)
        wanted = source_settings(settings, camera)
        ring = PacketRing(
            span_s=settings.evidence.longest_s + _RING_SLACK_S,
            limit_bytes=settings.evidence.memory_bytes,
            by_device_clock=wanted.keeps_time,
        )
        self._prepare_streams(masks, wanted, ring)
        self._handoff = Handoff(shared.clock)
        self._drone = None if camera.drone is None else self._new_drone()
        self._turned = ""
        """Why the rules that need its usual view must rest."""
        self._is_still = self._stands_still
        self._reporter = Reporter(
            sender=self._new_sender(),
            outbox=shared.outbox,
            folder=shared.folder,
            clips=shared.clips,
            ring=ring,
            settings=settings.evidence,
            clock=self._clock,
            stop=self._stop,
            written=shared.written,
        )
        if self._drone is not None:
            self._leave_behind()
        rules = self._new_rules(0.0)
        self._remember(rules)
        self._pipeline = self._new_pipeline(rules)
        self.meter = CameraMeter(camera.id, self._source, self._handoff, self._pipeline, shared.live)
        self._threads = self._new_threads()

    def _prepare_streams(self, masks: Masks, wanted: SourceSettings, ring: PacketRing) -> None:
        """What is read, what its masks need, and who takes the packets."""
        live = self._shared.live.outlet(self._camera.id)
        keepers: list[PacketSink] = [ring, live]
        witnessed: Callable[[ClockWitness], None] = _unheard
        if self._camera.is_recorded:
            recorder = self._shared.recordings.recorder(RecordedCamera(self._camera.id, masked=bool(masks)))
            keepers.append(recorder)
            witnessed = recorder.testify
        self._masking = Masking(self._camera.zones, self._camera.mask_mode, keepers, at_once=not wanted.keeps_time)
        substream = self._settings.substream(self._camera)
        has_main = substream is not None or self._camera.source.startswith(onvif.SCHEME)
        self._offered: dict[StreamName, Offered] = {}
        if wanted.keeps_time:
            seen = Seen(self._sightings, by_media_time=not has_main)
            self._offered["main"] = Offered(live, Masks([]), lambda: self._masking.hindrance, seen)
        self._source = Source(
            replace(wanted, location=substream) if substream is not None else wanted,
            masks=masks,
            clock=self._clock,
            stop=self._stop,
            sinks=[*self._offer_small(masks), self._reading] if has_main else [*self._masking.sinks, self._reading],
            attention=self._attention,
            witnessed=_unheard if has_main else witnessed,
        )
        self._main = None
        if has_main:
            self._main = MainStream(
                wanted,
                clock=self._clock,
                stop=self._stop,
                sinks=self._masking.sinks,
                media_time_s=self._source.media_time_now_s,
                witnessed=witnessed,
            )

    @property
    def camera(self) -> CameraSection:
        return self._camera

    @property
    def frames(self) -> tuple[int, int]:
        """Those that were looked at and those that were dropped because that takes too long, since its start."""
        return self._looked, self._handoff.dropped

    def _offer_small(self, masks: Masks) -> list[PacketSink]:
        """Of a camera with two streams: what takes the one that is analysed for whoever watches tiles."""
        outlet = self._shared.live.outlet(self._camera.id)
        seen = Seen(self._sightings, by_media_time=True)
        if self._camera.mask_mode == "transcode":
            self._offered["sub"] = Offered(outlet, masks, lambda: "", seen)
            return [outlet]
        masking = Masking(self._camera.zones, "camera", [outlet], at_once=False)
        self._offered["sub"] = Offered(outlet, Masks([]), lambda: masking.hindrance, seen)
        return masking.sinks

    def start(self) -> None:
        self._shared.live.offer(self._camera.id, self._offered)
        location = self._settings.ptz_location(self._camera)
        if location is not None and self._camera.ptz is not None:
            self._shared.heads.add(self._camera.id, location, self._camera.ptz)
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Ask its threads to end; `join` waits for them."""
        self._shared.live.offer(self._camera.id, {})
        self._shared.heads.remove(self._camera.id)
        self._stop.set()
        self._handoff.end()

    def join(self, until_s: float) -> None:
        """Wait for its threads until then on the monotonic clock, and let its rules' memory be saved."""
        for thread in self._threads:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))
        self._shared.recordings.retire(self._camera.id)
        for pulse in (self._reading, self._seeing):
            self._shared.pulses.forget(pulse)
        if self._looking.acquire(timeout=max(0.0, until_s - self._clock.monotonic_s())):
            try:
                self._save()
            finally:
                self._looking.release()

    def change(self, settings: Settings, camera: CameraSection) -> None:
        """Take over settings that need no new source: tracks, packets and the state of unchanged rules stay."""
        with self._looking:
            now_s = self._pipeline.media_time_s
            rules = changes.rules_for(self._pipeline.rules, self._camera, camera, now_s)
            self._settings, self._camera = settings, camera
            self._pipeline.rules = [rule for rule in rules if self._may_work(rule.name)]
            self._reporter.sender = self._new_sender()
        self.health.describe(camera)

    # What the source reports; every attempt is a sign of life.

    def lost(self, reason: str) -> None:
        self._reading.beat()
        self.health.lost(reason)

    def back(self) -> None:
        self._reading.beat()
        trouble = self._masking.trouble
        if trouble:
            self.health.refuse(trouble)
        else:
            self.health.back()

    def _new_threads(self) -> list[Thread]:
        """A file that is read as fast as it can be needs no second thread: nothing of it may be dropped."""
        if not self._source.settings.keeps_time:
            self._seeing.end()
            return [self._thread("all", self._look_at_each, self._begin_afresh, self._reading)]
        threads = [
            self._thread("read", self._read, None, self._reading),
            self._thread("look", self._look, self._begin_afresh, self._seeing),
        ]
        if self._main is not None:
            threads.append(self._thread("main", self._main.run, None, self._reading))
        if self._drone is not None and self._drone.run is not None:
            threads.append(self._thread("telemetry", self._drone.run, None, self._reading))
        transcoder = self._masking.transcoder
        if transcoder is not None:
            threads.append(self._thread("mask", lambda: transcoder.run(self._stop), None, self._reading))
        return threads

    def _thread(self, name: str, work: Callable[[], None], mend: Callable[[], None] | None, pulse: Pulse) -> Thread:
        return Thread(target=self._guard, args=(work, mend, pulse), name=f"{self._camera.id}-{name}", daemon=True)

    def _read(self) -> None:
        for frame in keep_open(self._source, clock=self._clock, stop=self._stop, report=self):
            self._handoff.put(frame)

    def _look(self) -> None:
        for frame in self._handoff.frames(_SILENCE_S):
            self._seeing.beat()
            if frame is not None:
                self._look_at(frame)
            elif self.health.is_dark:
                self._look_at_nothing()

    def _look_at_each(self) -> None:
        for frame in keep_open(self._source, clock=self._clock, stop=self._stop, report=self):
            self._look_at(frame)

    def _look_at(self, frame: Frame) -> None:
        with self._looking:
            self._pipeline.look(frame, self._fly(frame))
            self.picture = frame
            self._looked += 1
            self._looked_s = now_s = self._clock.monotonic_s()
            if now_s - self._saved_s >= self._settings.device.memory_every_s:
                self._save()

    def _look_at_nothing(self) -> None:
        with self._looking:
            self._pipeline.without_picture(self._clock.monotonic_s() - self._looked_s)

    def _fly(self, frame: Frame) -> Carried | None:
        """Of a drone: how its picture moved. Of any camera: the rules that suit where it looks now."""
        carried = None if self._drone is None else self._drone.look(frame)
        self._turned = self._shared.heads.rests(self._camera.id)
        was_still, self._is_still = self._is_still, self._stands_still
        if self._is_still and not was_still:
            fresh = [name for name in rule_tables.enabled(self._camera.rules) if not KINDS[name].moves_along]
            made = rule_tables.build(self._camera.rules, self._camera.zones, only=fresh)
            self._remember(made)
            self._pipeline.rules = [*self._pipeline.rules, *made]
        elif was_still and not self._is_still:
            self._keep_what_was_learned()
            self._pipeline.rules = [rule for rule in self._pipeline.rules if self._may_work(rule.name)]
            self._leave_behind()
        self.health.note(self._note())
        return carried

    @property
    def _stands_still(self) -> bool:
        """A drone that hovers, a camera that nobody has turned away."""
        return not self._turned and (self._drone is None or self._drone.hovers)

    def _note(self) -> str:
        waiting = self._waiting()
        if self._drone is not None:
            return self._drone.note(waiting)
        return f"{', '.join(waiting)} wait{'s' if len(waiting) == 1 else ''}: {self._turned}" if self._turned else ""

    def _may_work(self, rule: str) -> bool:
        """While it flies or is turned only rules that need no still picture do."""
        return self._is_still or KINDS[rule].moves_along

    def _waiting(self) -> list[str]:
        return [name for name in rule_tables.enabled(self._camera.rules) if not self._may_work(name)]

    def _leave_behind(self) -> None:
        """What was open belongs to a place that the camera does not look at any more."""
        settled = [name for name, kind in KINDS.items() if not kind.moves_along]
        if endings.close_left_behind(self._camera.id, settled, self._shared.outbox, self._clock):
            self._shared.written()

    def _new_drone(self) -> Drone:
        return Drone(
            Aboard.read(self._settings, self._camera),
            device_id=self._settings.device.id,
            camera_id=self._camera.id,
            clock=self._clock,
            stop=self._stop,
            positions=self._shared.positions,
        )

    def _new_sender(self) -> Sender:
        sender = sender_of(self._settings, self._camera, self._shared.detector)
        return sender if self._drone is None else replace(sender, placed=self._drone.placer.place)

    def _save(self) -> None:
        self._saved_s = self._clock.monotonic_s()
        if self._is_still:
            self._keep_what_was_learned()

    def _remember(self, rules: Collection[Rule]) -> None:
        for rule in rules if self._drone is None else ():
            self._shared.memory.give_back(self._camera.id, self._scene, rule)

    def _keep_what_was_learned(self) -> None:
        if self._drone is None:  # what a drone learned is of a place that it has left by then
            self._shared.memory.keep(self._camera.id, self._scene, self._pipeline.rules)

    def _guard(self, work: Callable[[], None], mend: Callable[[], None] | None, pulse: Pulse) -> None:
        """Whatever goes wrong in one camera stays there, and is said in the status."""

        def lost(error: Exception) -> None:
            pulse.beat()
            self.health.lost(f"internal fault: {type(error).__name__}")
            self._shared.alarms.set("worker_faulted", {"reason": type(error).__name__}, subject=pulse.name)

        what = f"camera {self._camera.id}"
        again_after_faults(work, what=what, clock=self._clock, stop=self._stop, at_fault=lost, mend=mend)
        pulse.end()

    def _begin_afresh(self) -> None:
        """After a fault: with what was open, but without what was learned, which may be its cause."""
        with self._looking:
            rules = self._new_rules(self._pipeline.media_time_s)
            self._pipeline = self.meter.pipeline = self._new_pipeline(rules)

    def _new_pipeline(self, rules: list[Rule]) -> Pipeline:
        deliver = self._shared.mutes.filter(self._camera.id, self._reporter)
        return Pipeline(
            detector=self._shared.detector,
            rules=rules,
            deliver=deliver,
            attention=self._attention,
            waste=self._shared.waste,
            saw=self._sightings.saw,
        )

    def _new_rules(self, now_s: float) -> list[Rule]:
        """With the occurrences that were open; `now_s` is the media time of the camera."""
        waiting = self._waiting()
        working = [name for name in rule_tables.enabled(self._camera.rules) if name not in waiting]
        made = rule_tables.build(self._camera.rules, self._camera.zones, only=working if waiting else None)
        for rule in made:
            saved = self._shared.outbox.rule_state(self._camera.id, rule.name)
            rule_tables.restore(rule, None if saved is None else replace(saved, ago_s=saved.ago_s - now_s))
        return made


def _unheard(_witness: ClockWitness) -> None:
    """Of a camera that is not recorded."""


def source_settings(settings: Settings, camera: CameraSection) -> SourceSettings:
    location = settings.location(camera)
    is_stream = not camera.source.startswith("file:")
    return SourceSettings(
        location=location,
        analysis_fps=camera.analysis_fps,
        realtime=camera.realtime,
        loop=camera.loop,
        idle=camera.idle if (is_stream and camera.kind == "fixed") or "idle" in camera.model_fields_set else "all",
    )


def sender_of(settings: Settings, camera: CameraSection, detector: Detector) -> Sender:
    return Sender(
        device_id=settings.device.id,
        camera_id=camera.id,
        model=ModelReference(name=detector.name, sha256=detector.sha256),
        location=camera.location,
        staged=camera.staged,
    )
