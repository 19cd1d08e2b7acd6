"""Codes a recorded span again as H.264, picture by picture: for pixelation, and for browsers; never with sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.recording import decode
from edge.recording.encode import Encoder
from edge.recording.mp4 import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    import av
    import numpy as np
    from numpy.typing import NDArray

    from edge.recording.decode import Decoded
    from edge.recording.facts import Copied
    from edge.ring import Stretch
    from edge.source import StreamFacts

_PLAYED_FORMATS = {"yuv420p", "yuvj420p", None}


def plays_in_browsers(facts: StreamFacts) -> bool:
    """Everywhere and as it is: H.265 plays where the computer has a decoder for it, MJPEG and MPEG-4 nowhere."""
    return facts.codec == "h264" and facts.pixel_format in _PLAYED_FORMATS


def copy(
    stretches: Iterable[Stretch],
    from_: datetime,
    new_file: Callable[[], Path],
    paint: Callable[[Decoded, Stretch], av.VideoFrame | NDArray[np.uint8]],
    at: Callable[[datetime], None],
    *,
    part_bytes: int,
) -> list[Copied]:
    """The pictures from `from_` on, as `paint` gives them (BGR, or decoded); `at` hears of each, and may raise."""
    parts = Parts(new_file, part_bytes=part_bytes)
    encoder: Encoder | None = None
    for one, stretch, seam in decode.pictures(stretches):
        if one.captured_at < from_:
            continue
        at(one.captured_at)
        if encoder is None or seam or _differs(encoder, stretch):
            encoder = Encoder(stretch.facts.width_px, stretch.facts.height_px)
            parts.close()
        for packet in encoder.code(paint(one, stretch), one.pts_s):
            parts.add(packet, one.captured_at, encoder.facts, stretch.starts_s)
    parts.close()
    return parts.done


def _differs(encoder: Encoder, stretch: Stretch) -> bool:
    facts = stretch.facts
    return (facts.width_px // 2 * 2, facts.height_px // 2 * 2) != (encoder.facts.width_px, encoder.facts.height_px)
