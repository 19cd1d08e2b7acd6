"""Writes packets into an MP4 that a browser plays from its first bytes on, bit for bit as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av
import av.error

from edge.recording.facts import Copied, RecordingError
from edge.recording.segment import TICK, TICKS_A_SECOND, packet_of
from edge.recording.spans import SEAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from edge.ring import Stretch
    from edge.source import StoredPacket, StreamFacts

_ONLY_PICTURE_TICKS = round(0.04 * TICKS_A_SECOND)


class Mp4:
    """One file in the making. `add` in the order of decoding; the first packet is a key frame.

    Raises:
        RecordingError: from all calls, where the packets or the disk do not allow it.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        self.path = path
        self.facts = facts
        self.bytes = 0
        self._waiting: av.Packet[av.VideoStream] | None = None
        self._origin_s: float | None = None
        self._interval = _ONLY_PICTURE_TICKS
        try:
            self._output = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
            muxed = self._output.add_mux_stream(facts.codec, width=facts.width_px, height=facts.height_px)
        except (av.error.FFmpegError, ValueError) as error:
            raise RecordingError(f"no MP4 can be written: {error}") from None
        self._stream = cast("av.VideoStream", muxed)
        self._stream.time_base = TICK

    def add(self, stored: StoredPacket, starts_s: float) -> None:
        """`starts_s`: where the packet's times begin, on a clock that all of the file share."""
        if self._origin_s is None:
            self._origin_s = starts_s + stored.pts_s
        dts = round((starts_s + stored.dts_s - self._origin_s) * TICKS_A_SECOND)
        muxed = packet_of(stored.data)
        muxed.stream, muxed.time_base = self._stream, TICK
        muxed.is_keyframe = stored.key
        if self._waiting is not None:
            before = cast("int", self._waiting.dts)
            dts = max(dts, before + 1)
            self._interval = dts - before
            self._mux(self._interval)
        muxed.dts = dts
        muxed.pts = max(dts, round((starts_s + stored.pts_s - self._origin_s) * TICKS_A_SECOND))
        self._waiting = muxed
        self.bytes += len(stored.data)

    def close(self) -> None:
        self._mux(self._interval)
        try:
            self._output.close()
        except av.error.FFmpegError as error:
            raise RecordingError(f"no MP4 can be written: {error}") from None

    def _mux(self, duration: int) -> None:
        if self._waiting is None:
            return
        self._waiting.duration = duration
        try:
            self._output.mux(self._waiting)
        except av.error.FFmpegError as error:
            raise RecordingError(f"no MP4 can be written: {error}") from None
        self._waiting = None


class Parts:
    """One MP4 after the other: a new one where a gap or another kind of picture comes, or one has grown too large."""

    def __init__(self, new_file: Callable[[], Path], *, part_bytes: int) -> None:
        self.done: list[Copied] = []
        self._new_file = new_file
        self._part_bytes = part_bytes
        self._open: tuple[Mp4, datetime] | None = None
        self._last_at: datetime | None = None

    def add(self, stored: StoredPacket, captured_at: datetime, facts: StreamFacts, starts_s: float) -> None:
        if self._open is not None and self._ends(self._open[0], stored, captured_at, facts):
            self.close()
        if self._open is None:
            if not stored.key:
                return
            self._open = Mp4(self._new_file(), facts), captured_at
        self._open[0].add(stored, starts_s)
        self._last_at = captured_at

    def close(self) -> None:
        if self._open is None or self._last_at is None:
            return
        mp4, captured_from = self._open
        mp4.close()
        self.done.append(Copied(mp4.path, captured_from, max(captured_from, self._last_at), mp4.facts))
        self._open = None

    def _ends(self, mp4: Mp4, stored: StoredPacket, captured_at: datetime, facts: StreamFacts) -> bool:
        gap = self._last_at is not None and captured_at - self._last_at > SEAM
        return facts != mp4.facts or gap or (stored.key and mp4.bytes >= self._part_bytes)


def copy(
    stretches: Iterable[Stretch], new_file: Callable[[], Path], at: Callable[[datetime], None], *, part_bytes: int
) -> list[Copied]:
    """Bit for bit; `at` hears which moment is reached, and may raise to end it."""
    parts = Parts(new_file, part_bytes=part_bytes)
    for stretch in stretches:
        for stored, captured_at in zip(stretch.packets, stretch.captured, strict=True):
            parts.add(stored, captured_at, stretch.facts, stretch.starts_s)
        at(stretch.captured[-1])
    parts.close()
    return parts.done
