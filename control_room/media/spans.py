"""A piece of a stream out of memory as an MP4 file in fragments: the coded pictures as they came."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from control_room.media import h264

if TYPE_CHECKING:
    from collections.abc import Sequence

    from control_room.media.ring import Frame

MEDIA_TYPE = "video/mp4"
_TICK = Fraction(1, h264.CLOCK_HZ)
_LAST_TICKS = h264.CLOCK_HZ // 25
"""How long the last picture is shown, where none before it says better."""


class NothingHeldError(Exception):
    """No key picture of that time is in memory."""


def mp4(frames: Sequence[Frame]) -> bytes:
    """Of pictures that begin with a key picture. Takes a while: for a thread.

    Raises:
        NothingHeldError: there are none.
    """
    if not frames:
        raise NothingHeldError
    first = h264.contents(frames[0].payloads)
    seen = h264.picture(first.sps) if first.sps is not None else None
    if seen is None or first.sps is None or first.pps is None:
        raise NothingHeldError
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+delay_moov+default_base_moof", "use_editlist": "0"}
    with av.open(out, "w", format="mp4", options=options) as container:
        video = container.add_mux_stream("h264", width=seen.width_px, height=seen.height_px, time_base=_TICK)
        begin = frames[0].timestamp
        for frame, following in zip(frames, [*frames[1:], None], strict=True):
            packet = av.Packet(h264.annex_b(frame.payloads))
            packet.stream, packet.time_base = video, _TICK
            packet.pts = packet.dts = frame.timestamp - begin
            packet.duration = _LAST_TICKS if following is None else following.timestamp - frame.timestamp
            packet.is_keyframe = frame.is_key
            container.mux_one(packet)
    return out.getvalue()
