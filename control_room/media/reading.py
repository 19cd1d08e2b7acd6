"""Reads a stream from an RTSP server and writes its packets to standard output: `python -m control_room.media.reading`.

A process of its own, so that whatever FFmpeg makes of a stranger's bytes ends this one only. The address comes as the
first line of standard input, for it may hold a password. It ends with its parent, or where standard output is closed.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
from av.bitstream import BitStreamFilterContext

from control_room.media.pipe import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

CODECS = frozenset({"h264", "hevc"})
OPEN_S, SILENT_S = 10, 5
_TICKS = Fraction(1, 90_000)
_TICKS_A_SECOND = 90_000
_JUMP_TICKS = 10 * _TICKS_A_SECOND
_PR_SET_PDEATHSIG = 1
_OPTIONS = {"rtsp_transport": "tcp", "timeout": str(SILENT_S * 1_000_000)}


class UnreadableError(Exception):
    """One line."""


def main() -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    address = sys.stdin.readline().strip()
    try:
        for record in _records(address):
            _write(record)
    except UnreadableError as error:
        _write(Record("end", str(error).encode()))
    except av.error.FFmpegError as error:
        _write(Record("end", _explain(error).encode()))
    except BrokenPipeError:
        return 0
    return 0


def _write(record: Record) -> None:
    sys.stdout.buffer.write(record.encoded())
    sys.stdout.buffer.flush()


def _records(address: str) -> Iterator[Record]:
    with av.open(address, format="rtsp", options=_OPTIONS, timeout=(OPEN_S, SILENT_S)) as container:
        if not container.streams.video:
            raise UnreadableError("there is no video in it")
        stream = container.streams.video[0]
        codec = stream.codec_context.name
        if codec not in CODECS:
            raise UnreadableError(f"it is coded as {codec}; H.264 or H.265 is needed")
        yield Record("codec", codec.encode())
        with_sets = BitStreamFilterContext("dump_extra", stream)
        clock = _Clock()
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            ticks, key = clock.ticks(packet), packet.is_keyframe
            for filtered in with_sets.filter(packet) if key else [packet]:
                yield Record("key" if key else "picture", bytes(filtered), ticks)
    raise UnreadableError("the stream ended")


@dataclass(slots=True)
class _Clock:
    """Without the jumps that a camera's clock makes when it is set."""

    shift: int = 0
    last: int | None = None
    step: int = _TICKS_A_SECOND // 25

    def ticks(self, packet: av.Packet[av.VideoStream]) -> int:
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            ticks = 0 if self.last is None else self.last + self.step
        else:
            ticks = round(stamp * packet.time_base / _TICKS) + self.shift
        if self.last is not None and abs(ticks - self.last) > _JUMP_TICKS:
            self.shift += self.last + self.step - ticks
            ticks = self.last + self.step
        self.last = ticks
        return ticks


def _explain(error: av.error.FFmpegError) -> str:
    """In a few words, without the address, which may hold a password."""
    if isinstance(error, av.error.ExitError | TimeoutError):
        return "no data in time"
    return str(error.strerror or type(error).__name__)


if __name__ == "__main__":
    sys.exit(main())
