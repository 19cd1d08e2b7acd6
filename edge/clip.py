"""Writes an MP4 of H.264 that a browser plays from its first bytes on, out of what a packet ring holds.

Packets are copied where they are H.264 already, nothing is masked and the file stays small enough to upload; else the
pictures are decoded, masked and coded again. There is never sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import av
import av.error
from av.video.frame import PictureType

from edge.errors import ClipError
from edge.source.video import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge.mask import Masks
    from edge.ring import Stretch
    from edge.source import StreamFacts

_TICK = Fraction(1, 90_000)
_TICKS_A_SECOND = 90_000
_COPIED_FORMATS = {"yuv420p", "yuvj420p", None}
_OVERHEAD_SHARE = 0.1
"""Of the size limit, what is kept for the container and for the encoder's overshoot."""
_KEY_EVERY_S = 2
_LAST_PICTURE_S = 0.04


@dataclass(frozen=True, slots=True)
class Written:
    """What a clip shows, by the device's clock."""

    captured_from: datetime
    captured_to: datetime


def write(
    path: Path,
    stretches: list[Stretch],
    from_s: float,
    *,
    masks: Masks,
    limit_bytes: int,
    given_up: Callable[[], bool],
) -> Written:
    """Write the pictures from `from_s` (media time) on; a copy begins at the key frame before it.

    `given_up` is asked between pictures: true means that the agent is stopping and cannot wait.

    Raises:
        ClipError: nothing to write, or the pictures cannot be decoded or coded; `path` may then hold a part.
    """
    if not stretches:
        raise ClipError("nothing of that time is kept any more")
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
            if _copyable(stretches, masks=masks, limit_bytes=limit_bytes):
                _copy(output, stretches)
                first = stretches[0].captured[0]
            else:
                ends_s = stretches[-1].starts_s + stretches[-1].packets[-1].pts_s
                encoder = _encoder(output, stretches[0].facts, limit_bytes, max(1.0, ends_s - from_s))
                pictures = _decoded(stretches, from_s)
                first = _code_again(output, encoder, pictures, masks, given_up)
    except av.error.FFmpegError as error:
        raise ClipError(explain(error)) from None
    return Written(first, stretches[-1].captured[-1])


def _copyable(stretches: list[Stretch], *, masks: Masks, limit_bytes: int) -> bool:
    facts = stretches[0].facts
    size_bytes = sum(len(packet.data) for stretch in stretches for packet in stretch.packets)
    return (
        not masks
        and facts.codec == "h264"
        and facts.pixel_format in _COPIED_FORMATS
        and all(stretch.facts == facts for stretch in stretches)
        and size_bytes < limit_bytes * (1 - _OVERHEAD_SHARE)
    )


def _copy(output: av.container.OutputContainer, stretches: list[Stretch]) -> None:
    facts = stretches[0].facts
    stream = cast("av.VideoStream", output.add_mux_stream("h264", width=facts.width_px, height=facts.height_px))
    stream.time_base = _TICK
    stored = [(stretch.starts_s, packet) for stretch in stretches for packet in stretch.packets]
    origin_s = stored[0][0] + stored[0][1].pts_s
    stamps: list[int] = []
    for starts_s, packet in stored:
        dts = round((starts_s + packet.dts_s - origin_s) * _TICKS_A_SECOND)
        stamps.append(max(dts, stamps[-1] + 1) if stamps else dts)
    durations = [after - before for before, after in pairwise(stamps)]
    durations.append(durations[-1] if durations else round(_LAST_PICTURE_S * _TICKS_A_SECOND))
    for (starts_s, packet), dts, duration in zip(stored, stamps, durations, strict=True):
        muxed = _packet(packet.data)
        muxed.stream = stream
        muxed.time_base = _TICK
        muxed.dts, muxed.duration, muxed.is_keyframe = dts, duration, packet.key
        muxed.pts = max(dts, round((starts_s + packet.pts_s - origin_s) * _TICKS_A_SECOND))
        output.mux(muxed)


def _code_again(
    output: av.container.OutputContainer,
    stream: av.VideoStream,
    pictures: Iterator[tuple[av.VideoFrame, float, datetime]],
    masks: Masks,
    given_up: Callable[[], bool],
) -> datetime:
    """Says when the first picture was taken."""
    first: datetime | None = None
    origin_s = 0.0
    for frame, at_s, captured_at in pictures:
        if given_up():
            raise ClipError("the agent stopped before it was written")
        if first is None:
            first, origin_s = captured_at, at_s
        masked = _masked(frame, masks).reformat(stream.width, stream.height, "yuv420p")
        masked.pts, masked.time_base = round((at_s - origin_s) * _TICKS_A_SECOND), _TICK
        masked.pict_type = PictureType.NONE
        output.mux(stream.encode(masked))
    if first is None:
        raise ClipError("its pictures cannot be decoded")
    output.mux(stream.encode(None))
    return first


def _encoder(
    output: av.container.OutputContainer, facts: StreamFacts, limit_bytes: int, duration_s: float
) -> av.VideoStream:
    bits_a_second = int(limit_bytes * 8 * (1 - _OVERHEAD_SHARE) / duration_s)
    options = {
        "preset": "veryfast",
        "crf": "23",
        "maxrate": str(bits_a_second),
        "bufsize": str(bits_a_second),
    }
    stream = output.add_stream("libx264", rate=25, options=options)
    stream.width, stream.height = facts.width_px - facts.width_px % 2, facts.height_px - facts.height_px % 2
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base, context.thread_count, context.max_b_frames = _TICK, 1, 0
    context.gop_size = 25 * _KEY_EVERY_S
    return stream


def _decoded(stretches: list[Stretch], from_s: float) -> Iterator[tuple[av.VideoFrame, float, datetime]]:
    """Pictures from `from_s` on with their media time and the device's clock."""
    last_s = from_s - 1.0
    for stretch in stretches:
        context = cast("av.VideoCodecContext", av.CodecContext.create(stretch.facts.codec, "r"))
        context.thread_count = 1
        context.width, context.height = stretch.facts.width_px, stretch.facts.height_px
        if stretch.facts.extradata is not None:
            context.extradata = stretch.facts.extradata
        clock = dict(zip((_ticks(packet.pts_s) for packet in stretch.packets), stretch.captured, strict=True))
        for frame in _frames(context, stretch):
            ticks = frame.pts if frame.pts is not None else frame.dts
            if ticks is None:
                continue
            at_s = stretch.starts_s + ticks / _TICKS_A_SECOND
            if at_s >= from_s and at_s > last_s:
                last_s = at_s
                yield frame, at_s, clock.get(ticks, stretch.captured[0])


def _frames(context: av.VideoCodecContext, stretch: Stretch) -> Iterator[av.VideoFrame]:
    for stored in stretch.packets:
        packet = _packet(stored.data)
        packet.time_base = _TICK
        packet.pts, packet.dts = _ticks(stored.pts_s), _ticks(stored.dts_s)
        try:
            yield from context.decode(packet)
        except av.error.InvalidDataError:
            continue  # a damaged picture is left out
    yield from context.decode(None)


def _packet(data: bytes) -> av.Packet[av.VideoStream]:
    """A copy: decoders read beyond the end, where a packet that is made of bytes themselves has no zeros."""
    packet = cast("av.Packet[av.VideoStream]", av.Packet(len(data)))
    packet.update(data)
    return packet


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS_A_SECOND)


def _masked(frame: av.VideoFrame, masks: Masks) -> av.VideoFrame:
    if not masks:
        return frame
    return av.VideoFrame.from_ndarray(masks.painted(frame), format="bgr24")
