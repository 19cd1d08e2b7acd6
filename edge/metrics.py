"""How the device fares, every few seconds; nobody minds a lost one."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.live.desk import Tally
from wire.device import CameraMetrics, MetricsMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge.clock import Clock
    from edge.evidence import Folder
    from edge.handoff import Handoff
    from edge.live.desk import Live
    from edge.outbox import Outbox
    from edge.pipeline import Pipeline
    from edge.source import Source

_THERMAL = Path("/sys/class/thermal")
_MILLI = 1000


@dataclass(slots=True)
class CameraMeter:
    """Reads the counters of one camera."""

    camera_id: str
    source: Source
    handoff: Handoff
    pipeline: Pipeline
    live: Live | None = None
    _read_before: int = 0
    _dropped_before: int = 0

    def read(self, span_s: float) -> CameraMetrics:
        """Since the last call, which was `span_s` ago."""
        tally = self.pipeline.take_tally()
        frames, dropped = self.source.frames_read, self.handoff.dropped
        read, skipped = frames - self._read_before, dropped - self._dropped_before
        self._read_before, self._dropped_before = frames, dropped
        sent = Tally() if self.live is None else self.live.take_tally(self.camera_id)
        return CameraMetrics(
            camera_id=self.camera_id,
            fps_read=round(read / span_s, 2),
            fps_analysed=round(tally.analysed / span_s, 2),
            frames_skipped=skipped,
            motion_share=round(tally.moving / tally.analysed, 4) if tally.analysed else 0.0,
            inference_ms=round(statistics.median(tally.inference_ms), 2) if tally.inference_ms else None,
            live_kbit_s=round(sent.sent_bytes * 8 / 1000 / span_s, 1),
            live_dropped=sent.dropped,
            silenced=tally.silenced,
        )


class Meter:
    """Makes the device's metrics message."""

    def __init__(
        self,
        device_id: str,
        cameras: Callable[[], Sequence[CameraMeter]],
        *,
        outbox: Outbox,
        folder: Folder,
        clock: Clock,
    ) -> None:
        self._device_id = device_id
        self._cameras = cameras
        self._outbox = outbox
        self._folder = folder
        self._clock = clock
        self._read_s = clock.monotonic_s()

    def message(
        self,
        clock_offset_s: float | None,
        *,
        refused_commands: dict[str, int] | None = None,
        configuration_version: int | None = None,
        certificate_expires_at: datetime | None = None,
    ) -> MetricsMessage:
        now_s = self._clock.monotonic_s()
        span_s, self._read_s = max(now_s - self._read_s, 0.001), now_s
        return MetricsMessage(
            device_id=self._device_id,
            sent_at=self._clock.now(),
            cameras=[camera.read(span_s) for camera in self._cameras()],
            outbox_pending=self._outbox.counts().pending,
            evidence_pending=self._outbox.evidence_count(),
            clock_offset_s=clock_offset_s,
            disk_free_bytes=self._folder.free_bytes(),
            temperature_c=temperature_c(_THERMAL),
            refused_commands=refused_commands or {},
            configuration_version=configuration_version,
            certificate_expires_at=certificate_expires_at,
        )


def temperature_c(folder: Path) -> float | None:
    """Of the hottest zone that the kernel knows, where it knows one."""
    found: list[float] = []
    for zone in sorted(folder.glob("thermal_zone*/temp")):
        try:
            found.append(int(zone.read_text(encoding="ascii")) / _MILLI)
        except (OSError, ValueError):
            continue
    return max(found, default=None)
