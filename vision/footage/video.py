"""Single pictures out of a video, with as little decoding as it allows."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import av
import av.error
import av.logging
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_CLOSE_S = 0.02
_AHEAD_S_MAX = 12.0
"""Decoding goes on for so long past the last picture before it is cheaper to seek."""
_EPOCH_YEAR_MIN = 2005
"""Cameras without a clock write 1904 or 1970."""
_PACKETS_MAX = 5_000_000
_SIDES_PX_MIN = 64


class VideoError(Exception):
    """The video cannot be used; one line that says why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Sizes are of the picture as it is shown, after its rotation."""

    width_px: int
    height_px: int
    duration_s: float
    created_at: datetime | None
    """By the camera's clock, where the file says it."""
    rotation_deg: int
    key_times_s: tuple[float, ...]
    """Of the pictures that can be decoded alone."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture, still in the video's own colours."""

    time_s: float
    frame: av.VideoFrame
    rotation_deg: int

    def bgr(self, share: float = 1.0) -> NDArray[np.uint8]:
        """Its pixels, averaged down to a share of its size."""
        if share >= 1.0:
            return _turned(self.frame.to_ndarray(format="bgr24"), self.rotation_deg)
        width, height = (max(16, round(side * share / 2) * 2) for side in (self.frame.width, self.frame.height))
        small = self.frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA")
        return _turned(small.to_ndarray(), self.rotation_deg)

    def gray(self, width_px: int) -> NDArray[np.uint8]:
        height = max(16, round(self.frame.height * width_px / self.frame.width / 2) * 2)
        small = self.frame.reformat(width=width_px, height=height, format="gray", interpolation="FAST_BILINEAR")
        return _turned(small.to_ndarray(), self.rotation_deg)


def _turned(image: NDArray[Any], degrees: int) -> NDArray[np.uint8]:
    turns = round(degrees / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else np.asarray(image, np.uint8)


class Footage:
    """An open video. To be used by one thread; others open their own."""

    def __init__(self, path: Path) -> None:
        """Raise VideoError."""
        av.logging.set_level(av.logging.PANIC)
        self._path = path
        try:
            self._container = av.open(str(path), metadata_errors="replace")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise VideoError(_in_words(path, error)) from None
        streams = self._container.streams.video
        if not streams or not streams[0].width or streams[0].time_base is None:
            self._container.close()
            raise VideoError(f"{path}: holds no video")
        self._stream = streams[0]
        self._stream.thread_type = "SLICE"
        self._base = float(streams[0].time_base)
        self._begin = streams[0].start_time or 0
        self._at_s = math.inf
        """Up to where decoding went; infinite where it must seek first."""

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts(self) -> Facts:
        """Raise VideoError where there is no picture to decode."""
        times, duration = self._index()
        first = self.picture(0.0)
        if first is None:
            raise VideoError(f"{self._path}: no picture of it can be decoded")
        width, height = first.frame.width, first.frame.height
        if min(width, height) < _SIDES_PX_MIN:
            raise VideoError(f"{self._path}: its pictures are {width} x {height} px; at least {_SIDES_PX_MIN} a side")
        if first.rotation_deg % 180:
            width, height = height, width
        return Facts(width, height, duration, self._created(), first.rotation_deg, times)

    def _index(self) -> tuple[tuple[float, ...], float]:
        """Times of the key pictures and the duration: from the file's own index, else by reading its packets."""
        entries = [(entry.timestamp, entry.is_keyframe) for entry in self._stream.index_entries]
        known = self._stream.duration
        if len(entries) < 2 or known is None:  # noqa: PLR2004 - an index has more than its first entry
            entries, known = self._packets()
        if not entries:
            raise VideoError(f"{self._path}: holds no picture")
        begins = entries[0][0]
        keys = sorted({(stamp - begins) * self._base for stamp, key in entries if key})
        return tuple(keys), max(float(known * self._base), (entries[-1][0] - begins) * self._base)

    def _packets(self) -> tuple[list[tuple[int, bool]], int]:
        entries: list[tuple[int, bool]] = []
        try:
            for packet in self._container.demux(self._stream):
                stamp = packet.pts if packet.pts is not None else packet.dts
                if stamp is not None and len(entries) < _PACKETS_MAX:
                    entries.append((stamp, packet.is_keyframe))
        except av.error.FFmpegError:
            pass  # what came before the damage counts
        self._at_s = math.inf
        entries.sort()
        return entries, entries[-1][0] - entries[0][0] if entries else 0

    def _created(self) -> datetime | None:
        written = self._stream.metadata.get("creation_time") or self._container.metadata.get("creation_time")
        try:
            created = datetime.fromisoformat(written or "")
        except ValueError:
            return None
        created = created if created.tzinfo is not None else created.replace(tzinfo=UTC)
        return created.astimezone(UTC) if created.year >= _EPOCH_YEAR_MIN else None

    def key_picture(self, time_s: float) -> Picture | None:
        """The picture that can be decoded alone nearest before a time; None where it is damaged or missing."""
        try:
            self._seek(time_s)
            self._at_s = math.inf
            for packet in self._container.demux(self._stream):
                if packet.size and packet.is_keyframe:
                    context = self._stream.codec_context
                    frames = [*context.decode(packet), *context.decode(None)]
                    context.flush_buffers()
                    return self._picture(frames[0]) if frames else None
        except (av.error.FFmpegError, OSError, ValueError):
            self._at_s = math.inf
        return None

    def picture(self, time_s: float) -> Picture | None:
        """The first picture at or after a time; None where it is damaged or past the end."""
        for picture in self.pictures(time_s):
            if picture.time_s >= time_s - _CLOSE_S:
                return picture
        return None

    def pictures(self, from_s: float, keys_s: Sequence[float] = ()) -> Iterator[Picture]:
        """All pictures from a key picture before a time on, as far as they can be decoded."""
        nearest = keys_s[max(0, bisect.bisect_right(keys_s, from_s) - 1)] if keys_s else -math.inf
        ahead = from_s - self._at_s
        try:
            if not 0 < ahead <= _AHEAD_S_MAX or nearest > self._at_s:
                self._seek(from_s)
            for frame in self._container.decode(self._stream):
                picture = self._picture(frame)
                if picture is not None:
                    self._at_s = picture.time_s
                    yield picture
        except (av.error.FFmpegError, OSError, ValueError):
            pass
        self._at_s = math.inf

    def _seek(self, time_s: float) -> None:
        stamp = self._begin + round((time_s + _CLOSE_S / 2) / self._base)
        self._container.seek(stamp, stream=self._stream, backward=True)
        self._stream.codec_context.flush_buffers()

    def _picture(self, frame: Any) -> Picture | None:
        if frame.pts is None:
            return None
        time_s = (frame.pts - self._begin) * self._base
        return Picture(time_s, frame, int(frame.rotation or 0))


def _in_words(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as missing:
        return f"{path}: cannot be read: {missing.strerror or missing}"
    if not head:
        return f"{path}: the file is empty"
    if head[4:8] == b"ftyp" and isinstance(error, av.error.InvalidDataError):
        return f"{path}: the video's index (moov) is missing or broken, as of a recording that was not closed"
    return f"{path}: is no video that can be read: {getattr(error, 'strerror', None) or error}"
