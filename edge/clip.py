"""Writes the clip of an event: an MP4 of H.264 that a browser plays from its first bytes on.

The packets are copied, bit for bit, where they are H.264 already and not more than the limit; else the pictures are
decoded and coded again, and the recording keeps the original. There is never sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import ClipError
from edge.recording import decode, recode
from edge.recording.encode import Encoder
from edge.recording.facts import RecordingError
from edge.recording.mp4 import Mp4

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge.ring import Stretch

_OVERHEAD_SHARE = 0.1
"""Of the size limit, what is kept for the container and for the encoder's overshoot."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a clip shows, by the device's clock."""

    captured_from: datetime
    captured_to: datetime


def write(
    path: Path, stretches: list[Stretch], from_s: float, *, limit_bytes: int, given_up: Callable[[], bool]
) -> Written:
    """Write the pictures from `from_s` (on the stretches' clock) on; a copy begins at the key frame before it.

    `given_up` is asked between pictures: true means that the agent is stopping and cannot wait.

    Raises:
        ClipError: nothing to write, or the pictures cannot be decoded or coded; `path` may then hold a part.
    """
    if not stretches:
        raise ClipError("nothing of that time is kept any more")
    try:
        if _copyable(stretches, limit_bytes):
            return _copy(path, stretches)
        return _code_again(path, stretches, from_s, limit_bytes, given_up)
    except RecordingError as error:
        raise ClipError(str(error)) from None


def _copyable(stretches: list[Stretch], limit_bytes: int) -> bool:
    facts = stretches[0].facts
    size_bytes = sum(len(packet.data) for stretch in stretches for packet in stretch.packets)
    return (
        recode.plays_in_browsers(facts)
        and all(stretch.facts == facts for stretch in stretches)
        and size_bytes < limit_bytes * (1 - _OVERHEAD_SHARE)
    )


def _copy(path: Path, stretches: list[Stretch]) -> Written:
    mp4 = Mp4(path, stretches[0].facts)
    for stretch in stretches:
        for packet in stretch.packets:
            mp4.add(packet, stretch.starts_s)
    mp4.close()
    return Written(stretches[0].captured[0], stretches[-1].captured[-1])


def _code_again(
    path: Path, stretches: list[Stretch], from_s: float, limit_bytes: int, given_up: Callable[[], bool]
) -> Written:
    facts, last = stretches[0].facts, stretches[-1]
    length_s = last.time_of(last.packets[-1].pts_s, last.captured[-1]) - from_s
    bits_a_second = int(limit_bytes * 8 * (1 - _OVERHEAD_SHARE) / max(1.0, length_s))
    encoder = Encoder(facts.width_px, facts.height_px, bits_a_second=bits_a_second)
    mp4 = Mp4(path, encoder.facts)
    first: datetime | None = None
    for one, stretch, _ in decode.pictures(stretches):
        if given_up():
            raise ClipError("the agent stopped before it was written")
        if stretch.time_of(one.pts_s, one.captured_at) < from_s:
            continue
        first = first or one.captured_at
        for packet in encoder.code(one.picture, stretch.starts_s - stretches[0].starts_s + one.pts_s):
            mp4.add(packet, 0.0)
    if first is None:
        raise ClipError("its pictures cannot be decoded")
    mp4.close()
    return Written(first, last.captured[-1])
