"""Tries each camera: opens it, watches it for some seconds, and says what it sends."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

import av
import av.error

from edge.camera import source_settings
from edge.check import telemetry, watching
from edge.check.findings import Finding, fault_of
from edge.clock import Clock
from edge.errors import SourceError
from edge.mask import Masks
from edge.recording import mask_proof
from edge.source import Source, onvif

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from edge.config import CameraSection, Settings
    from edge.source import SourceSettings, StoredPacket, StreamFacts
    from edge.source.witness import ClockWitness

_AT_ONCE = 8
WATCHED_S = 6.0
_PICTURES_A_SECOND = 2.0
_LEAST_SHARE = 0.5
"""Of `WATCHED_S`, what must have been seen before rates are told."""
_KEY_FRAMES_RARE_S = 5.0
_SLOW_FPS = 3.0
_LARGE_PX = 1280
_CLOCK_OFF_S = 2.0
_OPEN_S = 5.0


class Probe(NamedTuple):
    """What came of trying one camera."""

    id: str
    ok: bool
    reason: str
    """Empty where it is ok."""
    findings: list[Finding]


@dataclass
class _Watch:
    """A sink that notes what the packets are."""

    facts: StreamFacts | None = None
    stamps_s: list[float] = field(default_factory=list)
    keys_s: list[float] = field(default_factory=list)
    size_bytes: int = 0
    witness: ClockWitness | None = None

    def begin(self, facts: StreamFacts, _starts_s: float) -> None:
        self.facts = facts

    def append(self, packet: StoredPacket, _captured_at: datetime) -> None:
        self.stamps_s.append(packet.pts_s)
        self.size_bytes += len(packet.data)
        if packet.key:
            self.keys_s.append(packet.pts_s)

    def lost(self) -> None:
        """It is only watched for a moment."""

    @property
    def seen_s(self) -> float:
        return max(self.stamps_s) - min(self.stamps_s) if self.stamps_s else 0.0


def probe(settings: Settings, watched_s: float = WATCHED_S) -> list[Probe]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda camera: _try(settings, camera, watched_s), settings.camera))


def _try(settings: Settings, camera: CameraSection, watched_s: float) -> Probe:
    wanted = source_settings(settings, camera)
    findings: list[Finding] = []
    try:
        watch, pictures = _watch(wanted, watched_s)
    except SourceError as error:
        findings.append(Finding("opens", "fault", str(error)))
    else:
        if watch.facts is None or not pictures:
            findings.append(Finding("opens", "fault", "gives no picture"))
        else:
            findings += _of_stream(watch, watch.facts)
            findings.append(watching.of_live(watch.facts, watch.stamps_s))
            findings += _of_substream(settings.substream(camera), wanted, watch.facts, watched_s)
            findings += _of_clock(watch)
            findings += _of_sound(wanted)
            findings += _of_masks(camera, pictures)
    findings += watching.of_ptz(settings, camera)
    if camera.drone is not None:
        findings += telemetry.probe(settings, camera, watched_s)
    reason = fault_of(findings)
    return Probe(camera.id, not reason, reason, findings)


def _watch(camera: SourceSettings, watched_s: float) -> tuple[_Watch, list[NDArray[np.uint8]]]:
    """Packets and unmasked pictures of some seconds; of a file, of its first ones."""
    watch, pictures = _Watch(), []
    wanted = replace(camera, analysis_fps=_PICTURES_A_SECOND, realtime=False, loop=False, idle="all")
    source = Source(wanted, masks=Masks([]), clock=Clock(), stop=Event(), sinks=[watch])
    frames = source.frames()
    try:
        for frame in frames:
            pictures.append(frame.image)
            if frame.media_time_s >= watched_s:
                break
    finally:
        frames.close()
    watch.witness = source.witness
    return watch, pictures


def _of_stream(watch: _Watch, facts: StreamFacts) -> list[Finding]:
    size = f"{facts.codec}, {facts.width_px}x{facts.height_px} px"
    if watch.seen_s < WATCHED_S * _LEAST_SHARE:
        return [Finding("stream", "ok", size)]
    fps = (len(watch.stamps_s) - 1) / watch.seen_s
    kilobits = watch.size_bytes * 8 / watch.seen_s / 1000
    slow = fps < _SLOW_FPS
    said = f"{size}, {fps:.1f} pictures a second, {kilobits:.0f} kbit/s"
    found = [Finding("stream", "note" if slow else "ok", said + ("; so few show little of what moves" if slow else ""))]
    between_s = [after - before for before, after in pairwise(sorted(watch.keys_s))]
    if not between_s:
        text = f"fewer than two key frames in {watch.seen_s:.0f} s: set the camera to one every second or two"
        return [*found, Finding("key frames", "note", text)]
    usual_s = statistics.median(between_s)
    rare = usual_s > _KEY_FRAMES_RARE_S
    text = f"one every {usual_s:.1f} s" + (
        "; one every second or two lets clips begin nearer to the act" if rare else ""
    )
    return [*found, Finding("key frames", "note" if rare else "ok", text)]


def _of_substream(
    location: str | None, main: SourceSettings, main_facts: StreamFacts, watched_s: float
) -> list[Finding]:
    if location is None:
        if not main.live or main_facts.width_px <= _LARGE_PX or main.location.startswith(onvif.SCHEME):
            return []
        text = f"none is named: analysis decodes {main_facts.width_px} px wide pictures, a small stream costs much less"
        return [Finding("sub stream", "note", text)]
    try:
        watch, pictures = _watch(replace(main, location=location), watched_s)
    except SourceError as error:
        return [Finding("sub stream", "fault", str(error))]
    if watch.facts is None or not pictures:
        return [Finding("sub stream", "fault", "gives no picture")]
    return [Finding("sub stream", "ok", f"{watch.facts.codec}, {watch.facts.width_px}x{watch.facts.height_px} px")]


def _of_clock(watch: _Watch) -> list[Finding]:
    """Of the camera, where it tells its time; it is only a witness, but pictures that carry it are shown to people."""
    offset_s = None if watch.witness is None else watch.witness.camera_offset_s
    if offset_s is None:
        return []
    off = abs(offset_s) > _CLOCK_OFF_S
    text = f"{abs(offset_s):.1f} s {'ahead of' if offset_s > 0 else 'behind'} this device's"
    return [Finding("camera clock", "note" if off else "ok", f"{text}: set the camera's NTP" if off else text)]


def _of_sound(wanted: SourceSettings) -> list[Finding]:
    options = {"rtsp_transport": "tcp", "timeout": str(round(_OPEN_S * 1_000_000))} if wanted.live else {}
    try:
        with av.open(wanted.location, options=options, timeout=_OPEN_S if wanted.live else None) as container:
            has_sound = bool(container.streams.audio)
    except (av.error.FFmpegError, OSError, ValueError):
        return []
    if has_sound:
        return [Finding("sound", "note", "the camera sends sound; it is left out of recordings and clips")]
    return [Finding("sound", "ok", "none")]


def _of_masks(camera: CameraSection, pictures: list[NDArray[np.uint8]]) -> list[Finding]:
    if not Masks(camera.zones):
        return []
    if camera.mask_mode != "camera":
        return [Finding("masks", "ok", "painted by the agent, which codes the stream again (this costs much)")]
    against = mask_proof.prove_flat(pictures, camera.zones)
    if against:
        text = f"{'; '.join(against)}; until the camera paints its masks, it is neither recorded nor shown"
        return [Finding("masks", "fault", text)]
    return [Finding("masks", "ok", f"painted by the camera: flat in {len(pictures)} pictures")]
