"""H.264 as RTP carries it (RFC 6184, packetization mode 1) and as files carry it (Annex B). Nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CLOCK_HZ = 90_000
PAYLOAD_BYTES_MAX = 1200
_IDR, _SPS, _PPS, _STAP_A, _FU_A = 5, 7, 8, 24, 28
_TYPE, _REFERENCE = 0x1F, 0xE0
_FIRST, _LAST = 0x80, 0x40
_START = b"\x00\x00\x00\x01"
_FU_HEADER_BYTES = 2


@dataclass(frozen=True, slots=True)
class Contents:
    """What a picture's payloads hold."""

    is_key: bool
    """A picture that needs none before it."""
    sps: bytes | None
    pps: bytes | None


def contents(payloads: Iterable[bytes]) -> Contents:
    """Looks at headers only; what is no H.264 holds nothing."""
    is_key, sps, pps = False, None, None
    for payload in payloads:
        for unit in _whole_units(payload):
            kind = unit[0] & _TYPE
            if kind == _SPS:
                sps = unit
            elif kind == _PPS:
                pps = unit
            elif kind == _IDR:
                is_key = True
        if len(payload) > 1 and payload[0] & _TYPE == _FU_A and payload[1] & _TYPE == _IDR:
            is_key = True
    return Contents(is_key, sps, pps)


def _whole_units(payload: bytes) -> Iterator[bytes]:
    if not payload:
        return
    kind = payload[0] & _TYPE
    if kind == _STAP_A:
        at = 1
        while at + 2 < len(payload):
            size = int.from_bytes(payload[at : at + 2], "big")
            unit = payload[at + 2 : at + 2 + size]
            if not unit or len(unit) < size:
                return
            yield unit
            at += 2 + size
    elif 0 < kind < _STAP_A:
        yield payload


def packed(units: Iterable[bytes]) -> tuple[bytes, ...]:
    """The payloads of one picture."""
    payloads: list[bytes] = []
    for unit in units:
        if len(unit) <= PAYLOAD_BYTES_MAX:
            payloads.append(unit)
            continue
        indicator, kind = unit[0] & _REFERENCE | _FU_A, unit[0] & _TYPE
        room = PAYLOAD_BYTES_MAX - _FU_HEADER_BYTES
        for at in range(1, len(unit), room):
            ends = (_FIRST if at == 1 else 0) | (_LAST if at + room >= len(unit) else 0)
            payloads.append(bytes((indicator, ends | kind)) + unit[at : at + room])
    return tuple(payloads)


def aggregated(units: Sequence[bytes]) -> bytes:
    """Small units in one payload."""
    header = max(unit[0] & 0x60 for unit in units) | _STAP_A
    return bytes((header,)) + b"".join(struct.pack("!H", len(unit)) + unit for unit in units)


def annex_b(payloads: Iterable[bytes]) -> bytes:
    """The picture as a file has it. Pieces without their beginning are left out."""
    parts: list[bytes] = []
    began = False
    for payload in payloads:
        if len(payload) > 1 and payload[0] & _TYPE == _FU_A:
            if payload[1] & _FIRST:
                began = True
                parts += [_START, bytes((payload[0] & _REFERENCE | payload[1] & _TYPE,))]
            if began:
                parts.append(payload[_FU_HEADER_BYTES:])
            continue
        began = False
        for unit in _whole_units(payload):
            parts += [_START, unit]
    return b"".join(parts)


def units_of(content: bytes) -> list[bytes]:
    """Of an Annex B picture, without delimiters (which RTP does without)."""
    found: list[bytes] = []
    at = content.find(b"\x00\x00\x01")
    while at >= 0:
        after = content.find(b"\x00\x00\x01", at + 3)
        unit = content[at + 3 : after if after >= 0 else len(content)]
        if after >= 0:
            unit = unit.rstrip(b"\x00")
        if unit and unit[0] & _TYPE != 9:  # noqa: PLR2004 - the delimiter's number
            found.append(unit)
        at = after
    return found


@dataclass(frozen=True, slots=True)
class Picture:
    """What a sequence parameter set says of its pictures."""

    profile: str
    """Six hexadecimal digits, as in SDP's profile-level-id."""
    width_px: int
    height_px: int


class _NoMoreBitsError(ValueError):
    pass


class _Bits:
    """Reads a parameter set's numbers."""

    def __init__(self, content: bytes) -> None:
        self._bits = int.from_bytes(content, "big")
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        if count > self._left:
            raise _NoMoreBitsError
        self._left -= count
        return self._bits >> self._left & (1 << count) - 1

    def number(self) -> int:
        """Exp-Golomb, unsigned."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        number = self.number()
        return (number + 1) // 2 if number % 2 else -(number // 2)


_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SIDE_PX_MAX = 16_384


def picture(sps: bytes) -> Picture | None:
    """None: it cannot be read (ITU-T H.264, 7.3.2.1.1)."""
    try:
        return _picture(sps)
    except _NoMoreBitsError:
        return None


def _picture(sps: bytes) -> Picture | None:
    bits = _Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile = bits.take(24)
    bits.number()
    chroma = 1
    if profile >> 16 in _HIGH_PROFILES:
        chroma = _read_high(bits)
    bits.number()
    _read_order(bits)
    bits.number()
    bits.take(1)
    width, height = 16 * (bits.number() + 1), bits.number() + 1
    is_progressive = bits.take(1)
    if not is_progressive:
        bits.take(1)
    height *= 16 * (2 - is_progressive)
    bits.take(1)
    if bits.take(1):
        across, down = (2 if chroma in {1, 2} else 1), (2 if chroma == 1 else 1) * (2 - is_progressive)
        left, right, top, bottom = (bits.number() for _ in range(4))
        width -= across * (left + right)
        height -= down * (top + bottom)
    if not (0 < width <= _SIDE_PX_MAX and 0 < height <= _SIDE_PX_MAX):
        return None
    return Picture(f"{profile:06x}", width, height)


def _read_high(bits: _Bits) -> int:
    """What only the high profiles have; the format of colours."""
    chroma = bits.number()
    if chroma == 3:  # noqa: PLR2004 - 4:4:4
        bits.take(1)
    bits.number()
    bits.number()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):  # noqa: PLR2004 - as above
            if bits.take(1):
                _skip_scaling(bits, 16 if index < 6 else 64)  # noqa: PLR2004 - six lists of 4x4 come first
    return chroma


def _skip_scaling(bits: _Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _read_order(bits: _Bits) -> None:
    """In which order pictures are shown."""
    kind = bits.number()
    if kind == 0:
        bits.number()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.number() % 256):
            bits.signed()
