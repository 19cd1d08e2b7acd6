"""Keeps the last compressed pictures of a camera in memory, whole groups of pictures at a time.

Masks are not painted in it: it is never written to disk as it is, only read by `edge.clip`, which paints.
"""

from __future__ import annotations

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


@dataclass(slots=True)
class _Group:
    """A key frame and what depends on it."""

    epoch: int
    begins_s: float
    packets: list[StoredPacket] = field(default_factory=list)
    captured: list[datetime] = field(default_factory=list)


class PacketRing:
    """Written by the camera's reader, read by the clip writer; times are the camera's media time."""

    def __init__(self, *, span_s: float, limit_bytes: int) -> None:
        self._span_s = span_s
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._groups: deque[_Group] = deque()
        self._epochs: dict[int, tuple[StreamFacts, float]] = {}
        self._epoch = 0
        self._bytes = 0
        self._newest_s = 0.0

    @property
    def newest_s(self) -> float:
        return self._newest_s

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        """A video was opened; what is appended from now on belongs to it."""
        with self._lock:
            self._epoch += 1
            self._epochs[self._epoch] = facts, starts_s

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        with self._lock:
            at_s = self._epochs[self._epoch][1] + packet.pts_s
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

    def _join(self, groups: list[_Group], to_s: float) -> list[Stretch]:
        stretches: list[Stretch] = []
        epoch = 0
        for group in groups:
            facts, starts_s = self._epochs[group.epoch]
            kept = [
                (packet, at)
                for packet, at in zip(group.packets, group.captured, strict=True)
                if starts_s + packet.dts_s <= to_s
            ]
            if group.epoch != epoch:
                epoch = group.epoch
                stretches.append(Stretch(facts, starts_s, [], []))
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
