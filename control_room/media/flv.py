"""Video as RTMP carries it, into access units as WebRTC sends them: start codes, parameter sets before key frames."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from control_room.media.rtmp_chunks import GarbageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Codec = Literal["h264", "hevc"]

_START = b"\0\0\0\1"
_AVC, _HEVC = 7, 12
_FOURCC: dict[bytes, Codec] = {b"avc1": "h264", b"hvc1": "hevc"}
_SETS: dict[Codec, frozenset[int]] = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
_KEYS: dict[Codec, frozenset[int]] = {"h264": frozenset({5}), "hevc": frozenset(range(16, 22))}
_EXTENDED_SEQUENCE, _EXTENDED_FRAMES, _EXTENDED_FRAMES_AT_ONCE = 0, 1, 3


class NoUsableCodecError(GarbageError):
    """What it sends is neither H.264 nor H.265."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture."""

    data: bytes
    """NAL units with start codes."""
    key: bool
    delay_ms: int
    """From its decoding to its showing."""


class Tags:
    """The video tags of one publisher."""

    def __init__(self) -> None:
        self.codec: Codec | None = None
        """Known with the first parameter sets."""
        self._sets = b""
        self._length_bytes = 4

    def take(self, body: bytes) -> AccessUnit | None:
        """None: it was no picture.

        Raises:
            GarbageError: it is no video tag, or its NAL units do not fit into it.
            NoUsableCodecError: as it says.
        """
        if not body:
            return None
        if body[0] & 0x80:
            return self._extended(body)
        codec: Codec | None = {_AVC: "h264", _HEVC: "hevc"}.get(body[0] & 0x0F)  # type: ignore[assignment]
        if codec is None:
            raise NoUsableCodecError(f"video of FLV codec {body[0] & 0x0F}; H.264 or H.265 is needed")
        if len(body) < 5:  # noqa: PLR2004 - the header of such a tag
            raise GarbageError("a video tag without its header")
        if body[1] == 0:
            self._begin(codec, body[5:])
            return None
        return self._picture(body[5:], _signed_24(body[2:5])) if body[1] == 1 else None

    def _extended(self, body: bytes) -> AccessUnit | None:
        """Enhanced RTMP: the codec by name."""
        if len(body) < 5:  # noqa: PLR2004 - the header of such a tag
            raise GarbageError("a video tag without its header")
        kind, codec = body[0] & 0x0F, _FOURCC.get(body[1:5])
        if codec is None:
            raise NoUsableCodecError(f"video of codec {body[1:5]!r}; H.264 or H.265 is needed")
        if kind == _EXTENDED_SEQUENCE:
            self._begin(codec, body[5:])
        elif kind == _EXTENDED_FRAMES and len(body) >= 8:  # noqa: PLR2004 - with the delay
            return self._picture(body[8:], _signed_24(body[5:8]))
        elif kind == _EXTENDED_FRAMES_AT_ONCE:
            return self._picture(body[5:], 0)
        return None

    def _begin(self, codec: Codec, record: bytes) -> None:
        try:
            self._length_bytes, sets = (_avc_record if codec == "h264" else _hevc_record)(record)
        except (IndexError, struct.error):
            raise GarbageError("the record of its parameter sets is cut off") from None
        if not sets:
            raise GarbageError("a record without parameter sets")
        self.codec = codec
        self._sets = b"".join(_START + each for each in sets)

    def _picture(self, body: bytes, delay_ms: int) -> AccessUnit | None:
        codec = self.codec
        if codec is None:
            return None
        kinds: set[int] = set()
        parts: list[bytes] = []
        for unit in self._units(body):
            kinds.add(unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F)
            parts += (_START, unit)
        if not parts:
            return None
        key = bool(kinds & _KEYS[codec])
        if key and not kinds >= _SETS[codec]:
            parts.insert(0, self._sets)
        return AccessUnit(b"".join(parts), key, delay_ms)

    def _units(self, body: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(body):
            begins = at + self._length_bytes
            length = int.from_bytes(body[at:begins])
            at = begins + length
            if at > len(body):
                raise GarbageError("a NAL unit longer than its tag")
            if length:
                yield body[begins:at]


def _signed_24(data: bytes) -> int:
    return int.from_bytes(data, signed=True)


def _avc_record(record: bytes) -> tuple[int, list[bytes]]:
    """ISO/IEC 14496-15: bytes of a length, and the parameter sets."""
    if record[0] != 1:
        raise GarbageError("a record of parameter sets of an unknown version")
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = record[at] & mask
        at += 1
        for _ in range(count):
            at = _one_set(record, at, sets)
    return (record[4] & 3) + 1, sets


def _hevc_record(record: bytes) -> tuple[int, list[bytes]]:
    sets: list[bytes] = []
    at = 23
    for _ in range(record[22]):
        (count,) = struct.unpack_from(">H", record, at + 1)
        at += 3
        for _ in range(count):
            at = _one_set(record, at, sets)
    return (record[21] & 3) + 1, sets


def _one_set(record: bytes, at: int, sets: list[bytes]) -> int:
    length: int = struct.unpack_from(">H", record, at)[0]
    if at + 2 + length > len(record):
        raise GarbageError("a parameter set longer than its record")
    sets.append(record[at + 2 : at + 2 + length])
    return at + 2 + length
