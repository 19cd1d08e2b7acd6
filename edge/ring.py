"""Keeps the last compressed pictures of a camera in memory, whole groups of pictures at a time.

What comes in is masked already where it must be (`edge.recording.transcode`, `edge.recording.gate`).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.source import StoredPacket, StreamFacts


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pictures of one opened video, without a seam; the first is a key frame."""

    facts: StreamFacts
    starts_s: float
    """The camera's media time at which the times in its packets are 0."""
    packets: list[StoredPacket]
    captured: list[datetime]
    """The device's clock, one a packet."""
    by_device_clock: bool = False
    """Whether spans of it are asked for in seconds of the device's clock since 1970; else in media time."""

    def time_of(self, pts_s: float, captured_at: datetime) -> float:
        """On the clock by which spans are asked for."""
        return captured_at.timestamp() if self.by_device_clock else self.starts_s + pts_s


@dataclass(slots=True)
class _Group:
    """A key frame and what depends on it."""

    epoch: int
    begins_s: float
    packets: list[StoredPacket] = field(default_factory=list)
    captured: list[datetime] = field(default_factory=list)


class PacketRing:
    """Written by the camera's reader, read by the clip writer.

    Times are the device's clock where pictures come when they are taken: what is recorded and what is analysed may be
    two streams of a camera, and only that clock is common to them. For a file that is read as fast as it can be they
    are media time.
    """

    def __init__(self, *, span_s: float, limit_bytes: int, by_device_clock: bool = False) -> None:
        self.by_device_clock = by_device_clock
        self._span_s = span_s
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._groups: deque[_Group] = deque()
        self._epochs: dict[int, tuple[StreamFacts, float]] = {}
        self._epoch = 0
        self._starts_s = 0.0
        self._bytes = 0
        self._newest_s = 0.0

    @property
    def newest_s(self) -> float:
        return self._newest_s

    @property
    def oldest_s(self) -> float:
        """Infinite where nothing is kept."""
        with self._lock:
            return self._groups[0].begins_s if self._groups else math.inf

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        """A video was opened; what is appended from now on belongs to it."""
        with self._lock:
            self._epoch += 1
            self._starts_s = starts_s
            self._epochs[self._epoch] = facts, starts_s

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        with self._lock:
            at_s = captured_at.timestamp() if self.by_device_clock else self._starts_s + packet.pts_s
            newest = self._groups[-1] if self._groups else None
            if packet.key:
                newest = _Group(self._epoch, at_s)
                self._groups.append(newest)
            elif newest is None or newest.epoch != self._epoch:
                return
            newest.packets.append(packet)
            newest.captured.append(captured_at)
            self._bytes += len(packet.data)
            self._newest_s = max(self._newest_s, at_s)
            if packet.key or self._bytes > self._limit_bytes:
                self._forget()

    def lost(self) -> None:
        """What was kept stays."""

    def between(self, from_s: float, to_s: float) -> list[Stretch]:
        """What covers the span, from the last key frame at or before `from_s`; several where there are seams."""
        with self._lock:
            groups = [group for group in self._groups if group.begins_s <= to_s]
            while len(groups) > 1 and groups[1].begins_s <= from_s:
                groups.pop(0)
            return self._join(groups, to_s)

    def _time_of(self, media_s: float, captured_at: datetime) -> float:
        return captured_at.timestamp() if self.by_device_clock else media_s

    def _join(self, groups: list[_Group], to_s: float) -> list[Stretch]:
        stretches: list[Stretch] = []
        epoch = 0
        for group in groups:
            facts, starts_s = self._epochs[group.epoch]
            kept = [
                (packet, at)
                for packet, at in zip(group.packets, group.captured, strict=True)
                if self._time_of(starts_s + packet.dts_s, at) <= to_s
            ]
            if group.epoch != epoch:
                epoch = group.epoch
                stretches.append(Stretch(facts, starts_s, [], [], self.by_device_clock))
            stretches[-1].packets.extend(packet for packet, _ in kept)
            stretches[-1].captured.extend(at for _, at in kept)
        return [stretch for stretch in stretches if stretch.packets]

    def _forget(self) -> None:
        """Drop the oldest groups that are no longer needed; the newest stays unless it alone breaks the limit."""
        while len(self._groups) > 1 and (
            self._groups[1].begins_s <= self._newest_s - self._span_s or self._bytes > self._limit_bytes
        ):
            self._drop_oldest()
        if self._bytes > self._limit_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        group = self._groups.popleft()
        self._bytes -= sum(len(packet.data) for packet in group.packets)
        used = {group.epoch for group in self._groups} | {self._epoch}
        self._epochs = {epoch: facts for epoch, facts in self._epochs.items() if epoch in used}
