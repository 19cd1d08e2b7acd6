"""Eight still cameras at once in real time, alone and with their main streams recorded: how many does a core carry?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from benchmarks import edge_clips
from benchmarks.figures import Figure
from edge import rule_tables
from edge.clock import Clock
from edge.handoff import Handoff
from edge.mask import Masks
from edge.pipeline import Pipeline
from edge.recording.facts import RecordedCamera, RecordingSettings
from edge.recording.recordings import Recordings
from edge.ring import PacketRing
from edge.source import Source, SourceSettings, keep_open
from edge.source.attention import Attention
from edge.source.main_stream import MainStream

if TYPE_CHECKING:
    from vision.detect import Detector
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent

CAMERAS = 8
SETTLED_S = 45.0
"""Until then they learn the sizes of their streams, awake."""
OVER_S = 60.0
AIM_ALONE, AIM_RECORDED = 80, 40
_RING_S, _RING_BYTES = 75.0, 64 * 1024 * 1024
_GIB = 1024**3


class _Camera:
    """The threads of the agent's camera, without what comes after the rules."""

    def __init__(self, path: Path, detector: Detector, stop: Event, recordings: Recordings | None, name: str) -> None:
        self._clock, self._stop = Clock(), stop
        attention = Attention()
        self._handoff = Handoff(self._clock)
        ring = PacketRing(span_s=_RING_S, limit_bytes=_RING_BYTES, by_device_clock=True)
        settings = SourceSettings(location=str(path), analysis_fps=5.0, realtime=True, loop=True, idle="key_frames")
        self.source = Source(
            settings,
            masks=Masks([]),
            clock=self._clock,
            stop=stop,
            sinks=[] if recordings else [ring],
            attention=attention,
        )
        self._pipeline = Pipeline(
            detector=detector,
            rules=rule_tables.build(rule_tables.SECTION(), []),
            deliver=_heard_by_nobody,
            attention=attention,
        )
        self.threads = [Thread(target=self._read, daemon=True), Thread(target=self._look, daemon=True)]
        if recordings is not None:
            recorder = recordings.recorder(RecordedCamera(name, masked=False))
            main = MainStream(
                SourceSettings(location=str(edge_clips.main_stream()), analysis_fps=5.0, realtime=True, loop=True),
                clock=self._clock,
                stop=stop,
                sinks=[ring, recorder],
                media_time_s=self.source.media_time_now_s,
            )
            self.threads.append(Thread(target=main.run, daemon=True))

    def end(self) -> None:
        self._handoff.end()

    def lost(self, reason: str) -> None:
        raise RuntimeError(reason)

    def back(self) -> None:
        """Nobody asks."""

    def _read(self) -> None:
        for frame in keep_open(self.source, clock=self._clock, stop=self._stop, report=self):
            self._handoff.put(frame)

    def _look(self) -> None:
        for frame in self._handoff.frames(1.0):
            if frame is not None:
                self._pipeline.look(frame)


def _heard_by_nobody(event: RuleEvent, frame: Frame, rule: Rule, /) -> None:
    del event, frame, rule


def measure(detector: Detector) -> list[Figure]:
    [clip, *_] = edge_clips.still().values()
    return [
        _figure("704x576 sub stream alone", _share_of_a_core(clip, detector, recorded=False), AIM_ALONE),
        _figure("with its 1080p main stream recorded", _share_of_a_core(clip, detector, recorded=True), AIM_RECORDED),
    ]


def _figure(what: str, share: float, aim: int) -> Figure:
    cameras = CAMERAS / share
    return Figure(
        f"edge: still cameras a core, {what}",
        cameras,
        f"cameras, extrapolated from {CAMERAS} side by side in real time",
        n=CAMERAS,
        aim=f"at least {aim}",
        met=cameras >= aim,
    )


def _share_of_a_core(clip: Path, detector: Detector, *, recorded: bool) -> float:
    """Of all cameras together, once they sleep."""
    stop = Event()
    with tempfile.TemporaryDirectory() as folder:
        limits = RecordingSettings(days=1, limit_bytes=2 * _GIB, free_disk_bytes=_GIB)
        recordings = Recordings(Path(folder), limits, Clock()) if recorded else None
        cameras = [_Camera(clip, detector, stop, recordings, f"camera-{number}") for number in range(CAMERAS)]
        threads = [thread for camera in cameras for thread in camera.threads]
        if recordings is not None:
            threads.append(Thread(target=recordings.run, daemon=True))
        for thread in threads:
            thread.start()
        time.sleep(SETTLED_S)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        time.sleep(OVER_S)
        share = (time.process_time() - began_cpu_s) / (time.monotonic() - began_s)
        stop.set()
        for camera in cameras:
            camera.end()
        if recordings is not None:
            recordings.stop()
        for thread in threads:
            thread.join(10)
        if recordings is not None:
            recordings.close()
    return share
