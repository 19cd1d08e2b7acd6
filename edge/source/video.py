"""One opened file or stream: its packets and decoded pictures, once, from start to end."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import av.error
from av.bitstream import BitStreamFilterContext

from edge.errors import SourceError
from edge.source.packets import StoredPacket, StreamFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

log = logging.getLogger(__name__)

_LARGEST_PX = 64_000_000
"""Width times height that is still believed; beyond it a header is broken or hostile."""
_DAMAGED_PACKETS_MAX = 250
"""Packets in a row that give no picture before the video counts as unreadable: 10 s at 25 fps."""
_DAMAGED_TAIL_MAX = 3
_STAMP_JUMP_BACK_S = 0.5
_STAMP_JUMP_AHEAD_S = 10.0
_MISSING_SHARE_MAX = 0.01
"""Pictures that a header may promise beyond what is there (writers count loosely)."""
_INTERVAL_UNKNOWN_S = 0.04
_INTRA = frozenset({"mjpeg", "rawvideo"})
_IN_BAND = frozenset({"h264", "hevc"})
"""Codecs whose packets are handed on in Annex B form, with their parameter sets."""
_LENGTH_AT = {"h264": 4, "hevc": 21}
"""Where the parameter sets of a container say how long a unit's length is, less one, in the lowest two bits."""
_START = b"\x00\x00\x00\x01"


@dataclass(slots=True)
class Taken:
    """A compressed picture as it was taken from the container, not yet decoded; times since the first picture."""

    packet: av.Packet[av.VideoStream]
    key: bool
    size_bytes: int
    pts_s: float
    dts_s: float
    came_at: datetime
    """By the device's clock."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, not yet masked."""

    decoded: av.VideoFrame
    at_s: float
    """Since the video's first picture; never goes back within a run of the decoder."""
    came_at: datetime
    """When its packet came, by the device's clock."""


class Video:
    """One opened video, decoded on one thread.

    Raises:
        SourceError: from the constructor and most methods.
    """

    def __init__(self, location: str, *, live: bool, timeout_s: float = 5.0) -> None:
        self._live = live
        self._container = _open(location, live=live, timeout_s=timeout_s)
        try:
            self._stream = self._first_stream()
            self.facts = self._read_facts()
        except BaseException:
            self._container.close()
            raise
        self._in_band = False
        """Its packets are in Annex B form already; only key frames are given their parameter sets."""
        self._length_bytes = 4
        """Of the length that stands before each unit of a packet that is not in Annex B form."""
        self._filter = self._annex_b()
        self._stamps = _Stamps(self._stream, live=live)
        self._promised = 0 if live else self._stream.frames
        self._promised_s = None if live else _seconds(self._stream.metadata.get("DURATION", ""))
        self._packets = 0
        self._damaged = 0
        self._came: dict[int, datetime] = {}
        self._came_last = datetime.min.replace(tzinfo=UTC)
        self._decoded_to_s = 0.0
        self._last_at_s = 0.0
        self._taken_to_s = 0.0
        self._size_px = (self.facts.width_px, self.facts.height_px)

    @property
    def is_intra(self) -> bool:
        """Whether each picture of a stream stands alone."""
        return self._live and self.facts.codec in _INTRA

    @property
    def recorded_at(self) -> datetime | None:
        """When the recording began, by the file's own word."""
        return _recorded_at(self._container)

    @property
    def duration_s(self) -> float | None:
        """As the header says."""
        duration = self._container.duration
        return None if self._live or duration is None else duration / av.time_base

    def close(self) -> None:
        self._container.close()

    def packets(self, now: Callable[[], datetime]) -> Iterator[Taken]:
        """Every packet with its stamps made regular; of a stream, from the first key frame on.

        Raises:
            SourceError: it breaks off.
        """
        waiting_for_key, stamps = self._live, self._stamps
        try:
            for packet in self._container.demux(self._stream):
                size_bytes, key = packet.size, packet.is_keyframe
                if size_bytes == 0 or (waiting_for_key and not key):
                    continue
                waiting_for_key = False
                self._packets += 1
                stamps.make_regular(packet)
                pts_s = stamps.pts_s
                self._taken_to_s = max(self._taken_to_s, pts_s)
                yield Taken(packet, key, size_bytes, pts_s, stamps.dts_s, now())
        except av.error.FFmpegError as error:
            raise SourceError(f"cannot be read on after {self._last_at_s:.1f} s: {explain(error)}") from None

    def pictures(self, taken: Taken | None) -> list[Picture]:
        """What comes out of the decoder for this packet, nothing where it is damaged; for None, what it still holds."""
        if taken is None:
            return self._decode(None)
        if taken.packet.pts is not None:
            self._came[taken.packet.pts] = taken.came_at
        self._came_last = taken.came_at
        return self._decode(taken.packet)

    def decode_afresh(self) -> None:
        """Forget what was decoded: the next packet is a key frame."""
        self._stream.codec_context.flush_buffers()
        self._came.clear()
        self._decoded_to_s = 0.0

    def _decode(self, packet: av.Packet[av.VideoStream] | None) -> list[Picture]:
        """The pictures of a packet, none where it is damaged; of None, those still held back."""
        try:
            decoded = self._stream.decode(packet)
        except av.error.FFmpegError as error:
            self._damaged += 1
            log.debug("packet %d is damaged: %s", self._packets, explain(error))
            if self._damaged > _DAMAGED_PACKETS_MAX:
                raise SourceError(f"is damaged from {self._last_at_s:.1f} s on: {explain(error)}") from None
            return []
        if decoded:
            self._damaged = 0
        return [self._picture(frame) for frame in decoded]

    def _picture(self, frame: av.VideoFrame) -> Picture:
        if (frame.width, frame.height) != self._size_px:
            was, now = (f"{width}x{height}" for width, height in (self._size_px, (frame.width, frame.height)))
            raise SourceError(f"changes size after {self._last_at_s:.1f} s, from {was} to {now} px")
        self._decoded_to_s = max(self._decoded_to_s, self._stamps.seconds_of(frame))
        self._last_at_s = max(self._last_at_s, self._decoded_to_s)
        came_at = self._came.pop(frame.pts, self._came_last) if frame.pts is not None else self._came_last
        return Picture(frame, self._decoded_to_s, came_at)

    def stored(self, taken: Taken) -> list[StoredPacket]:
        """The packet as it can be kept without the container."""
        data = bytes(taken.packet)
        if self._filter is None or (self._in_band and not taken.key):
            return [StoredPacket(data, taken.key, taken.pts_s, taken.dts_s)]
        if not taken.key and int.from_bytes(data[: self._length_bytes]) == len(data) - self._length_bytes:
            # One unit behind its length, as nearly all are: what the filter would make of it, without its copies.
            return [StoredPacket(_START + data[self._length_bytes :], False, taken.pts_s, taken.dts_s)]
        copy = cast("av.Packet[av.VideoStream]", av.Packet(taken.size_bytes))  # the filter empties what it is given
        copy.update(data)
        copy.is_keyframe = taken.key
        try:
            filtered = self._filter.filter(copy)
        except av.error.FFmpegError as error:
            log.debug("packet %d is left out of the clip: %s", self._packets, explain(error))
            return []
        return [StoredPacket(bytes(one), taken.key, taken.pts_s, taken.dts_s) for one in filtered]

    def check_end(self) -> None:
        """To be called when there are no more packets.

        Raises:
            SourceError: it is a stream, or a file that is shorter than it says.
        """
        if self._live:
            raise SourceError("the stream ended")
        if self._packets == 0:
            raise SourceError("holds no picture")
        if self._damaged > _DAMAGED_TAIL_MAX:
            raise SourceError(f"is damaged from {self._last_at_s:.1f} s to its end")
        missing = self._promised - self._packets
        if missing > max(2.0, self._promised * _MISSING_SHARE_MAX):
            raise SourceError(
                f"is truncated: it ends after {self._last_at_s:.1f} s with {self._packets} of {self._promised} pictures"
            )
        if self._promised_s is not None and self._promised_s - self._taken_to_s > max(1.0, self._promised_s * 0.02):
            raise SourceError(f"is truncated: it ends after {self._taken_to_s:.1f} of {self._promised_s:.1f} s")

    def _first_stream(self) -> av.VideoStream:
        if not self._container.streams.video:
            raise SourceError("is not a video: it holds no pictures")
        stream = self._container.streams.video[0]
        if stream.codec_context is None:
            raise SourceError("is coded in a way that cannot be read here")
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        return stream

    def _read_facts(self) -> StreamFacts:
        context = self._stream.codec_context
        width_px, height_px = context.width, context.height
        if width_px < 1 or height_px < 1 or width_px * height_px > _LARGEST_PX:
            raise SourceError(f"has pictures of {width_px}x{height_px} px, which is no camera's size")
        extradata = None if context.name in _IN_BAND else context.extradata
        return StreamFacts(context.name, width_px, height_px, extradata, context.pix_fmt)

    def _annex_b(self) -> BitStreamFilterContext | None:
        """Puts the parameter sets into the key frames, so that packets can be stored without the container."""
        if self.facts.codec not in _IN_BAND:
            return None
        extradata = self._stream.codec_context.extradata or b""
        self._in_band = extradata[:1] != b"\x01"
        if not self._in_band and len(extradata) > _LENGTH_AT[self.facts.codec]:
            self._length_bytes = (extradata[_LENGTH_AT[self.facts.codec]] & 3) + 1
        to_annex_b = f"{self.facts.codec}_mp4toannexb"
        return BitStreamFilterContext("dump_extra" if self._in_band else to_annex_b, self._stream)


class _Stamps:
    """Turns a stream's time stamps into ticks since its first picture, without gaps that a broken clock makes."""

    def __init__(self, stream: av.VideoStream, *, live: bool) -> None:
        self._live = live
        self._tick_s = float(_time_base(stream))
        rate = stream.average_rate or stream.base_rate
        self._interval = max(1, round((1 / float(rate) if rate else _INTERVAL_UNKNOWN_S) / self._tick_s))
        self._shift: int | None = None
        self._next = 0
        self._last_picture = -self._interval
        self.pts_s = 0.0
        self.dts_s = 0.0

    def make_regular(self, packet: av.Packet[av.VideoStream]) -> None:
        """Rewrite the packet's stamps; what is decoded from it carries them on."""
        pts = packet.pts
        stamp = packet.dts
        if stamp is None:
            stamp = pts if pts is not None else self._next - (self._shift or 0)
        shift = self._shift
        if shift is None:
            shift = self._shift = self._next - (pts if pts is not None else stamp)
        ahead_s = (stamp + shift - self._next) * self._tick_s
        if ahead_s < -_STAMP_JUMP_BACK_S or (self._live and ahead_s > _STAMP_JUMP_AHEAD_S):
            shift = self._shift = self._next - stamp
        dts = stamp + shift
        pts = pts + shift if pts is not None else dts
        packet.dts, packet.pts = dts, pts
        self._next = max(self._next, dts + self._interval)
        self.dts_s, self.pts_s = dts * self._tick_s, pts * self._tick_s

    def seconds_of(self, frame: av.VideoFrame) -> float:
        stamp = frame.pts if frame.pts is not None else frame.dts
        self._last_picture = stamp if stamp is not None else self._last_picture + self._interval
        return max(0.0, self._last_picture * self._tick_s)


def explain(error: av.error.FFmpegError) -> str:
    """FFmpeg's reason in a few words, without the location (it may hold a password)."""
    if isinstance(error, av.error.ExitError | TimeoutError):
        return "no data in time"
    if error.log and error.log[1]:
        return f"{error.strerror} ({error.log[1][2].strip()[:200]})"
    return str(error.strerror or type(error).__name__)


def _open(location: str, *, live: bool, timeout_s: float) -> av.container.InputContainer:
    if not live:
        _check_file(Path(location))
    name, wanted, options = _how(location, round(timeout_s * 1_000_000))
    try:
        return av.open(name, format=wanted, options=options, timeout=(2 * timeout_s, timeout_s) if live else None)
    except av.error.InvalidDataError as error:
        if live:  # FFmpeg says the same of silence
            raise SourceError("does not answer as a camera does, or not in time") from None
        raise SourceError(f"is not a video that can be read: {explain(error)}") from None
    except av.error.FFmpegError as error:
        raise SourceError(f"cannot be opened: {explain(error)}") from None
    except ValueError:
        raise SourceError("cannot be opened: this machine's FFmpeg cannot read such a source") from None


def _how(location: str, timeout_us: int) -> tuple[str, str | None, dict[str, str]]:
    """FFmpeg's name for it, its format where it cannot be told from the content, and options."""
    if location.startswith(("rtsp://", "rtsps://")):
        return location, None, {"rtsp_transport": "tcp", "timeout": str(timeout_us)}
    if location.startswith(("http://", "https://")):  # pictures one after the other, which say no time
        return location, "mpjpeg", {"timeout": str(timeout_us), "use_wallclock_as_timestamps": "1"}
    if location.startswith("usb:"):
        return location.removeprefix("usb:"), "v4l2", {"use_wallclock_as_timestamps": "1"}
    return location, None, {}


def _check_file(path: Path) -> None:
    try:
        size_bytes = path.stat().st_size
    except OSError as error:
        raise SourceError(f"cannot be opened: {(error.strerror or 'unknown').lower()}") from None
    if not path.is_file():
        raise SourceError("is not a file")
    if size_bytes == 0:
        raise SourceError("is empty (0 bytes)")


def _time_base(stream: av.VideoStream) -> Fraction:
    if stream.time_base is None:
        raise SourceError("has no time base")
    return stream.time_base


def _seconds(said: str) -> float | None:
    """Matroska's own tag, as 00:01:02.5; a container's duration is sometimes only FFmpeg's guess."""
    try:
        hours, minutes, seconds = said.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


def _recorded_at(container: av.container.InputContainer) -> datetime | None:
    said = container.metadata.get("creation_time", "")
    with suppress(ValueError):
        moment = datetime.fromisoformat(said)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
