"""Listens to a drone's telemetry for a moment: whether positions come, and whether places can be computed from them."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

from edge.check.findings import Finding
from edge.clock import Clock
from edge.errors import ConfigurationError
from edge.flight.drone import Aboard
from edge.flight.links import link_to
from edge.flight.placing import Lens
from edge.flight.track import FlightTrack
from vision.georeference import pose
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from edge.config import CameraSection, Settings
    from vision.telemetry.sample import Sample

_ENOUGH = 3
_SIZE_PX = (1920, 1080)
"""Any: it is only asked whether a focal length is known."""
_LOOK_S = 0.1


def probe(settings: Settings, camera: CameraSection, listened_s: float) -> list[Finding]:
    """Of a camera of kind drone."""
    try:
        aboard = Aboard.read(settings, camera)
    except ConfigurationError as error:
        return [Finding("telemetry", "fault", str(error))]
    if aboard.logged is not None:
        return [
            Finding("telemetry", "ok", f"a log of {len(aboard.logged)} samples"),
            *_of_sample(aboard, aboard.logged[len(aboard.logged) // 2]),
        ]
    return _of_link(aboard, listened_s)


def _of_link(aboard: Aboard, listened_s: float) -> list[Finding]:
    clock, stop = Clock(), Event()
    link = link_to(aboard.section, aboard.stream, clock)
    mount = aboard.section.mount_yaw_deg, aboard.section.mount_pitch_deg
    track = FlightTrack(None if mount[0] is None or mount[1] is None else (mount[0], mount[1]))
    heard: list[Sample] = []

    def take(sample: Sample, at: datetime) -> None:
        kept = track.add(sample, at.timestamp())
        if kept is not None:
            heard.append(kept)

    listening = Thread(target=link.run, args=(take, stop), daemon=True)
    listening.start()
    until_s = clock.monotonic_s() + listened_s
    while len(heard) < _ENOUGH and clock.monotonic_s() < until_s:
        clock.wait(stop, _LOOK_S)
    trouble, remark = link.trouble(), link.remark()
    stop.set()
    if not heard:
        return [Finding("telemetry", "fault", trouble or "no position came")]
    found = [Finding("telemetry", "ok", f"positions come ({aboard.section.telemetry})")]
    found += [Finding("telemetry", "note", remark)] if remark else []
    return [*found, *_of_sample(aboard, heard[-1])]


def _of_sample(aboard: Aboard, sample: Sample) -> list[Finding]:
    """Without what a place needs the agent works, and its events have none."""
    try:
        pose.of_sample(sample)
        Lens(aboard.section, aboard.calibrated).camera(sample, _SIZE_PX)
    except RefusedError as error:
        text = f"{error}; events have no place (mount_yaw_deg, mount_pitch_deg, camera_model or view_deg may help)"
        return [Finding("places", "note", text)]
    return [Finding("places", "ok", "position, height, camera angles and focal length are known")]
