"""Decodes recorded packets, over seams and damage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import av
import av.error

from edge.mask import Masks
from edge.recording.segment import TICK, TICKS_A_SECOND, packet_of
from edge.recording.spans import SEAM
from vision.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from edge.ring import Stretch
    from edge.source import StoredPacket, StreamFacts

_DUE_SLACK = 0.05
_NO_MASKS = Masks([])


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture of a stretch."""

    picture: av.VideoFrame
    pts_s: float
    """As its packet says."""
    captured_at: datetime


class Decoder:
    """Pictures out of the packets of one stream."""

    def __init__(self, facts: StreamFacts) -> None:
        context = cast("av.VideoCodecContext", av.CodecContext.create(facts.codec, "r"))
        context.thread_count = 1
        context.width, context.height = facts.width_px, facts.height_px
        if facts.extradata is not None:
            context.extradata = facts.extradata
        self._context = context
        self._captured: dict[int, datetime] = {}
        self._last: tuple[int, datetime] | None = None

    def take(self, stored: StoredPacket, captured_at: datetime) -> Iterator[Decoded]:
        """Nothing where the picture comes later or is damaged."""
        packet = packet_of(stored.data)
        packet.time_base = TICK
        packet.pts, packet.dts = round(stored.pts_s * TICKS_A_SECOND), round(stored.dts_s * TICKS_A_SECOND)
        self._captured[packet.pts] = captured_at
        try:
            frames = self._context.decode(packet)
        except av.error.InvalidDataError:
            return  # a damaged picture is left out
        yield from self._decoded(frames)

    def rest(self) -> Iterator[Decoded]:
        try:
            frames = self._context.decode(None)
        except (av.error.InvalidDataError, av.error.EOFError):
            return
        yield from self._decoded(frames)

    def _decoded(self, frames: list[av.VideoFrame]) -> Iterator[Decoded]:
        for frame in frames:
            ticks = frame.pts if frame.pts is not None else frame.dts
            if ticks is None:
                continue
            known = self._captured.get(ticks)
            self._captured = {pts: at for pts, at in self._captured.items() if pts > ticks}
            captured_at = known or (self._last[1] if self._last is not None else None)
            if captured_at is not None:
                self._last = ticks, captured_at
                yield Decoded(frame, ticks / TICKS_A_SECOND, captured_at)


def pictures(stretches: Iterable[Stretch]) -> Iterator[tuple[Decoded, Stretch, bool]]:
    """All pictures, the stretch of each, and whether something is missing before it.

    One decoder goes on over the segments of a stream.
    """
    decoder: Decoder | None = None
    former: Stretch | None = None
    seam = False
    for stretch in stretches:
        if decoder is None or former is None or not _goes_on(former, stretch):
            if decoder is not None and former is not None:
                yield from ((one, former, False) for one in decoder.rest())
            seam = decoder is not None
            decoder = Decoder(stretch.facts)
        for stored, captured_at in zip(stretch.packets, stretch.captured, strict=True):
            for one in decoder.take(stored, captured_at):
                yield one, stretch, seam
                seam = False
        former = stretch
    if decoder is not None and former is not None:
        yield from ((one, former, False) for one in decoder.rest())


def _goes_on(former: Stretch, stretch: Stretch) -> bool:
    return (
        former.facts == stretch.facts
        and former.starts_s == stretch.starts_s
        and stretch.captured[0] - former.captured[-1] <= SEAM
    )


def frames(stretches: Iterable[Stretch], from_: datetime, *, analysis_fps: float) -> Iterator[Frame]:
    """From `from_` on, masked as they were recorded; media time is 0 at `from_`."""
    interval_s = 1 / analysis_fps
    anchor: tuple[datetime, float] | None = None
    due_s = float("-inf")
    index = 0
    for one, _, seam in pictures(stretches):
        if anchor is None or seam:
            anchor = one.captured_at, one.pts_s
        at_s = (anchor[0] - from_).total_seconds() + one.pts_s - anchor[1]
        if one.captured_at < from_ or (at_s < due_s - interval_s * _DUE_SLACK and not seam):
            continue
        due_s = at_s + interval_s if seam or due_s == float("-inf") else max(due_s + interval_s, at_s + interval_s / 2)
        image = _NO_MASKS.painted(one.picture)
        yield Frame(
            image=image,
            index=index,
            media_time_s=at_s,
            captured_at=from_ + timedelta(seconds=at_s),
            discontinuity=seam,
        )
        index += 1
