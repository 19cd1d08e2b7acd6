"""The few EXIF tags that place a still, from JPEG, TIFF and whatever else carries an EXIF block. Never fails."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Value: TypeAlias = str | tuple[float, ...]
Directory: TypeAlias = dict[int, Value]

_ENTRIES_MAX = 1000
_ENTRY_BYTES = 12
_TEXT_MAX = 1000
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ASCII = 2
_RATIONALS = {5: "I", 10: "i"}
_EXIF_POINTER, _GPS_POINTER = 0x8769, 0x8825
_SOF = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SOS, _EOI, _APP1 = 0xDA, 0xD9, 0xE1
_SEXAGESIMAL = 60.0


@dataclass(frozen=True, slots=True)
class Tags:
    """What was found."""

    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None
    gps_utc: datetime | None = None
    taken: str | None = None
    taken_fraction: str | None = None
    taken_offset: str | None = None
    make: str | None = None
    model: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    focal_length_mm: float | None = None
    focal_length_equivalent_mm: float | None = None
    digital_zoom: float | None = None


def read(content: bytes) -> Tags:
    """The tags of a picture, as far as they can be read."""
    block, size = _block(content)
    if block is None:
        return Tags(width_px=size[0], height_px=size[1])
    main = _directory(block, _first_offset(block))
    detail = _directory(block, _integer(main.get(_EXIF_POINTER)))
    gps = _directory(block, _integer(main.get(_GPS_POINTER)))
    width, height = size
    return Tags(
        lat=_coordinate(gps, 2, 1, "S"),
        lon=_coordinate(gps, 4, 3, "W"),
        altitude_m=_altitude(gps),
        gps_utc=_gps_utc(gps),
        taken=_text(detail, 0x9003) or _text(main, 0x0132),
        taken_fraction=_text(detail, 0x9291),
        taken_offset=_text(detail, 0x9011) or _text(detail, 0x9010),
        make=_text(main, 0x010F),
        model=_text(main, 0x0110),
        width_px=width or _integer(detail.get(0xA002)) or _integer(main.get(0x0100)),
        height_px=height or _integer(detail.get(0xA003)) or _integer(main.get(0x0101)),
        focal_length_mm=_positive(detail, 0x920A),
        focal_length_equivalent_mm=_positive(detail, 0xA405),
        digital_zoom=_positive(detail, 0xA404),
    )


def _block(content: bytes) -> tuple[bytes | None, tuple[int | None, int | None]]:
    """The TIFF block, and the size of a JPEG's own picture."""
    if content[:4] in {b"II*\x00", b"MM\x00*"}:
        return content, (None, None)
    if content.startswith(b"\xff\xd8"):
        return _jpeg_block(content)
    for mark in (b"Exif\x00\x00II*\x00", b"Exif\x00\x00MM\x00*", b"eXIf", b"EXIF"):
        at = content.find(mark)
        if at >= 0:
            found = re.compile(rb"II\*\x00|MM\x00\*").search(content, at, at + 32)
            if found:
                return content[found.start() :], (None, None)
    return None, (None, None)


def _jpeg_block(content: bytes) -> tuple[bytes | None, tuple[int | None, int | None]]:
    block: bytes | None = None
    size: tuple[int | None, int | None] = (None, None)
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill
            at += 1
            continue
        if marker in {_SOS, _EOI}:
            break
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : at + 2 + max(2, length)]
        if marker == _APP1 and body.startswith(b"Exif\x00\x00") and block is None:
            block = body[6:]
        elif marker in _SOF and len(body) >= 5:  # noqa: PLR2004 - depth, height, width
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
            break
        at += 2 + max(2, length)
    return block, size


def _order(block: bytes) -> str:
    return "<" if block[:1] == b"I" else ">"


def _first_offset(block: bytes) -> int | None:
    return struct.unpack_from(_order(block) + "I", block, 4)[0] if len(block) >= 8 else None  # noqa: PLR2004 - its head


def _directory(block: bytes, at: int | None) -> Directory:
    if at is None or at + 2 > len(block):
        return {}
    order = _order(block)
    (count,) = struct.unpack_from(order + "H", block, at)
    found: Directory = {}
    for entry in range(min(count, _ENTRIES_MAX)):
        start = at + 2 + entry * _ENTRY_BYTES
        if start + _ENTRY_BYTES > len(block):
            break
        tag, form, number = struct.unpack_from(order + "HHI", block, start)
        value = _value(block, order, form, number, start + 8)
        if value is not None:
            found.setdefault(tag, value)
    return found


def _value(block: bytes, order: str, form: int, number: int, at: int) -> Value | None:
    size = _SIZES.get(form, 0) * number
    if not size or size > _TEXT_MAX:
        return None
    if size > 4:  # noqa: PLR2004 - what does not fit into the entry lies elsewhere
        (at,) = struct.unpack_from(order + "I", block, at)
    if at + size > len(block):
        return None
    if form == _ASCII:
        return block[at : at + size].split(b"\x00")[0].decode("utf-8", errors="replace").strip()
    if form in _RATIONALS:
        parts = struct.unpack_from(f"{order}{2 * number}{_RATIONALS[form]}", block, at)
        return tuple(one / other if other else math.nan for one, other in zip(parts[0::2], parts[1::2], strict=True))
    if form in _FORMATS:
        return tuple(float(each) for each in struct.unpack_from(f"{order}{number}{_FORMATS[form]}", block, at))
    return None


def _text(of: Directory, tag: int) -> str | None:
    value = of.get(tag)
    return value or None if isinstance(value, str) else None


def _numbers(of: Directory, tag: int) -> tuple[float, ...]:
    value = of.get(tag)
    return value if isinstance(value, tuple) and all(map(math.isfinite, value)) else ()


def _integer(value: Value | None) -> int | None:
    return int(value[0]) if isinstance(value, tuple) and value and math.isfinite(value[0]) and value[0] > 0 else None


def _positive(of: Directory, tag: int) -> float | None:
    numbers = _numbers(of, tag)
    return numbers[0] if numbers and numbers[0] > 0 else None


def _coordinate(gps: Directory, tag: int, letter_tag: int, negative: str) -> float | None:
    parts = _numbers(gps, tag)
    if not parts:
        return None
    value = sum(part / _SEXAGESIMAL**place for place, part in enumerate(parts[:3]))
    return -value if (_text(gps, letter_tag) or "").upper().startswith(negative) else value


def _altitude(gps: Directory) -> float | None:
    parts, below = _numbers(gps, 6), _numbers(gps, 5)
    if not parts:
        return None
    return -parts[0] if below and below[0] == 1 else parts[0]


def _gps_utc(gps: Directory) -> datetime | None:
    date, parts = re.match(r"(\d{4})\D(\d{1,2})\D(\d{1,2})", _text(gps, 29) or ""), _numbers(gps, 7)
    if date is None or len(parts) != 3:  # noqa: PLR2004 - hours, minutes, seconds
        return None
    try:
        day = datetime(int(date[1]), int(date[2]), int(date[3]), tzinfo=UTC)
        return day + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
    except (ValueError, OverflowError):
        return None
