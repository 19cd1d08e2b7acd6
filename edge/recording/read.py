"""Reads segments back into packets as they came, and closes those whose writer was killed."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import av
import av.error
from pydantic import ValidationError

from edge.recording import boxes
from edge.recording.boxes import Opening, Seal
from edge.recording.facts import RecordingError
from edge.recording.segment import TICKS_A_SECOND, Segment, segment_of
from edge.ring import Stretch
from edge.source import StoredPacket, StreamFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_IN_BAND = {"h264", "hevc"}
"""Their packets carry their parameter sets, in Annex B form."""
_START_CODE = b"\0\0\0\1"


def packets(path: Path) -> Stretch:
    """What is whole of a segment, closed or not.

    Raises:
        RecordingError: it cannot be read.
    """
    try:
        outline = boxes.outline(path)
        with path.open("rb") as file:
            content = file.read(outline.whole_bytes)
        return _demuxed(content, outline.seal)
    except OSError as error:
        raise RecordingError(f"{path.name}: {error.strerror}") from None
    except (av.error.FFmpegError, ValidationError, ValueError) as error:
        raise RecordingError(f"{path.name} is damaged: {type(error).__name__}") from None


def _demuxed(content: bytes, seal: Seal | None) -> Stretch:
    with _opened(content) as opened:
        opening = seal.opening if seal is not None else Opening.model_validate_json(opened.metadata["comment"])
        stream = opened.streams.video[0]
        context = stream.codec_context
        stored = list(_stored(opened, stream))
        in_band = context.name in _IN_BAND
        facts = StreamFacts(
            context.name, context.width, context.height, None if in_band else context.extradata, context.pix_fmt
        )
    captured = _captured(opening.captured_from, stored, seal)
    in_stream = [one._replace(pts_s=one.pts_s + opening.at_s, dts_s=one.dts_s + opening.at_s) for one in stored]
    return Stretch(facts, opening.stream_from.timestamp(), in_stream, captured, by_device_clock=True)


def _opened(content: bytes) -> av.container.InputContainer:
    return cast("av.container.InputContainer", av.open(io.BytesIO(content), format="mp4"))


def _stored(opened: av.container.InputContainer, stream: av.VideoStream) -> Iterator[StoredPacket]:
    in_band = stream.codec_context.name in _IN_BAND
    for packet in opened.demux(stream):
        if packet.size == 0 or packet.dts is None:
            continue
        data = bytes(packet)
        pts = packet.pts if packet.pts is not None else packet.dts
        yield StoredPacket(
            _annex_b(data) if in_band else data,
            packet.is_keyframe,
            pts / TICKS_A_SECOND,
            packet.dts / TICKS_A_SECOND,
        )


def _annex_b(data: bytes) -> bytes:
    """NAL units behind their lengths, as the container keeps them, behind start codes as they came."""
    units: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        units += (_START_CODE, data[at + 4 : at + 4 + length])
        at += 4 + length
    return b"".join(units)


def _captured(first: datetime, stored: list[StoredPacket], seal: Seal | None) -> list[datetime]:
    if seal is not None and len(seal.arrived_ms) == len(stored):
        return [first + timedelta(milliseconds=ms) for ms in seal.arrived_ms]
    begins_s = stored[0].dts_s if stored else 0.0
    return [first + timedelta(seconds=packet.dts_s - begins_s) for packet in stored]


def cut(stretch: Stretch, from_: datetime, to: datetime) -> Stretch:
    """From the key frame at or before `from_` (else the first) up to `to`, by the device's clock."""
    keys = [
        number
        for number, (one, at) in enumerate(zip(stretch.packets, stretch.captured, strict=True))
        if one.key and (at <= from_ or number == 0)
    ]
    begin = keys[-1] if keys else 0
    kept = [(one, at) for one, at in zip(stretch.packets[begin:], stretch.captured[begin:], strict=True) if at <= to]
    return replace(stretch, packets=[one for one, _ in kept], captured=[at for _, at in kept])


def checked(root: Path, path: Path, seal: Seal) -> Segment:
    """The segment, its bytes compared with its seal.

    Raises:
        RecordingError: they differ.
    """
    outline = boxes.outline(path)
    if _sha256(path, outline.whole_bytes) != seal.sha256:
        raise RecordingError(f"{path.relative_to(root)}: its SHA-256 is not that of its seal")
    return segment_of(root, path, seal)


def salvage(root: Path, path: Path) -> Segment | None:
    """Close a segment whose writer was killed, up to its last whole fragment; None (and no file) where there is none.

    Raises:
        OSError: the disk cannot take it.
        RecordingError: what is there cannot be read, and is left as it is.
    """
    outline = boxes.outline(path)
    if outline.whole_bytes == outline.header_bytes:
        path.unlink()
        boxes.sync_folder(path.parent)
        return None
    stretch = packets(path)
    with path.open("rb") as file, _opened(file.read(outline.whole_bytes)) as opened:
        opening = Opening.model_validate_json(opened.metadata["comment"])
    seal = Seal(
        opening=opening,
        captured_to=stretch.captured[-1],
        sha256=_sha256(path, outline.whole_bytes),
        packets=len(stretch.packets),
        arrived_ms=[],
        salvaged=True,
    )
    with path.open("r+b") as cut:
        cut.truncate(outline.whole_bytes)
        cut.seek(0, os.SEEK_END)
        cut.write(boxes.seal_box(seal))
        cut.flush()
        os.fsync(cut.fileno())
    boxes.sync_folder(path.parent)
    return segment_of(root, path, seal)


def _sha256(path: Path, length: int) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        left = length
        while left and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()
