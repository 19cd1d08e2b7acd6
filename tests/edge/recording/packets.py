"""Feeds videos to sinks as a camera would, on a clock that tests move by hand."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from edge.mask import Masks
from edge.recording import RecordedCamera, Recordings, RecordingSettings
from edge.source import Source, SourceSettings
from tests.edge.clocks import START, HandClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge.source import PacketSink, StoredPacket, StreamFacts

MIB = 1024 * 1024
CAMERA = RecordedCamera("placa", masked=False)


def settings(*, days: float = 7, limit_bytes: int = 100 * MIB, free_disk_bytes: int = 0) -> RecordingSettings:
    return RecordingSettings(days=days, limit_bytes=limit_bytes, free_disk_bytes=free_disk_bytes, segment_s=2.0)


class Collected:
    """A sink that keeps all."""

    def __init__(self) -> None:
        self.facts: StreamFacts | None = None
        self.packets: list[StoredPacket] = []
        self.captured: list[datetime] = []

    def begin(self, facts: StreamFacts, starts_s: float) -> None:  # noqa: ARG002 - a sink's
        self.facts = facts

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        self.packets.append(packet)
        self.captured.append(captured_at)

    def lost(self) -> None:
        """Nothing follows."""


def of(path: Path) -> tuple[StreamFacts, list[StoredPacket]]:
    collected = Collected()
    settings = SourceSettings(location=str(path), analysis_fps=1)
    source = Source(settings, masks=Masks([]), clock=HandClock(), stop=Event(), sinks=[collected])
    for _ in source.frames():
        pass
    assert collected.facts is not None
    return collected.facts, collected.packets


def feed(sink: PacketSink, path: Path, begins_at: datetime = START) -> list[StoredPacket]:
    """All of a video, its packets captured as its own times say; then the stream is lost."""
    facts, packets = of(path)
    sink.begin(facts, 0.0)
    first_s = packets[0].dts_s
    for packet in packets:
        sink.append(packet, begins_at + timedelta(seconds=packet.dts_s - first_s))
    sink.lost()
    return packets


def record(folder: Path, path: Path, clock: HandClock, *, begins_at: datetime = START) -> Recordings:
    """A video, recorded and closed."""
    recordings = Recordings(folder, settings(), clock)
    feed(recordings.recorder(CAMERA), path, begins_at)
    recordings.write()
    return recordings


def units(data: bytes) -> list[bytes]:
    """NAL units of a packet in Annex B form."""
    found = data.split(b"\0\0\1")
    return [unit.rstrip(b"\0") for unit in found if unit.rstrip(b"\0")]


def alike(packets: list[StoredPacket]) -> list[tuple[list[bytes], bool]]:
    """What must be the same of packets wherever they were kept."""
    return [(units(packet.data), packet.key) for packet in packets]
