"""MISB ST 0601: packets of key, length and value that describe what an airborne camera sees.

Written from the standard's tables: UAS Datalink Local Set, its 16-byte key, BER lengths, BER-OID tags, the 16-bit
running sum as tag 1, integers mapped over each tag's range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vision.telemetry import orientation, quality, text, wall_clock
from vision.telemetry.reading import SAMPLES_MAX, Skipped, Telemetry, TelemetryError
from vision.telemetry.sample import Camera, Place, Sample, UtcSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vision.telemetry.reading import Assumptions

KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
_KEY_BYTES = 16
_FILE_BYTES_MAX = 512 * 1024 * 1024
_PACKET_BYTES_MAX = 64 * 1024
_LONG_FORM = 0x80
_CHECKSUM_TAG, _TIME_TAG = 1, 2
_UNSIGNED = "without a checksum"


class _Scale(NamedTuple):
    """How a tag's integer becomes a number."""

    bytes: int
    low: float
    high: float
    signed: bool = False


_SCALES: dict[int, _Scale] = {
    5: _Scale(2, 0, 360),  # platform heading
    6: _Scale(2, -20, 20, signed=True),  # platform pitch
    7: _Scale(2, -50, 50, signed=True),  # platform roll
    13: _Scale(4, -90, 90, signed=True),  # sensor latitude
    14: _Scale(4, -180, 180, signed=True),  # sensor longitude
    15: _Scale(2, -900, 19000),  # sensor altitude over sea level
    16: _Scale(2, 0, 180),  # horizontal field of view
    17: _Scale(2, 0, 180),  # vertical field of view
    18: _Scale(4, 0, 360),  # sensor azimuth from the platform
    19: _Scale(4, -180, 180, signed=True),  # sensor elevation from the platform
    20: _Scale(4, 0, 360),  # sensor roll from the platform
    21: _Scale(4, 0, 5_000_000),  # slant range
    23: _Scale(4, -90, 90, signed=True),  # frame centre
    24: _Scale(4, -180, 180, signed=True),
    25: _Scale(2, -900, 19000),
    **{tag: _Scale(2, -0.075, 0.075, signed=True) for tag in range(26, 34)},  # corners from the frame centre
    75: _Scale(2, -900, 19000),  # sensor height over the ellipsoid
    78: _Scale(2, -900, 19000),  # frame centre's height over the ellipsoid
    **{tag: _Scale(4, -90, 90, signed=True) for tag in (82, 84, 86, 88)},  # corners
    **{tag: _Scale(4, -180, 180, signed=True) for tag in (83, 85, 87, 89)},
    90: _Scale(4, -90, 90, signed=True),  # platform pitch, full range
    91: _Scale(4, -90, 90, signed=True),  # platform roll, full range
}
_IMAP_HEIGHTS = {104: (-900.0, 40000.0)}
"""Extended sensor height: ST 1201's mapping of any length."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One local set and where it came from."""

    number: int
    values: Mapping[int, bytes]
    time_s: float | None = None
    """Of the video beside it."""
    doubt: str | None = None
    """What is wrong with its checksum."""


class PacketError(Exception):
    """The packet is damaged."""


class KlvReader:
    """Bare packets in a file; those in a transport stream are found by the video reader."""

    name = "klv"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return KEY in head and not is_transport_stream(head)

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        del assumptions
        content = text.read_bytes(path, _FILE_BYTES_MAX)
        return read_chunks([(content, None)])


def is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes (or 192 with a time before each), which begin with 0x47."""
    return any(
        len(head) > start + 3 * size and all(head[start + n * size] == 0x47 for n in range(4))  # noqa: PLR2004 - sync byte
        for size, starts in ((188, range(188)), (192, (4,)))
        for start in starts
    )


def read_chunks(chunks: Iterable[tuple[bytes, float | None]]) -> Telemetry:
    """Samples of chunks of bytes, each with the video's time.

    Raises:
        TelemetryError: no packet tells a place.
    """
    telemetry = Telemetry(format="klv", row_name="packet")
    wrong: list[Sample] = []
    for packet in _packets(chunks, telemetry.skipped):
        sample = _sample(packet)
        fault = quality.place_fault(sample.lat, sample.lon)
        if fault is not None:
            telemetry.skipped.append(Skipped(packet.number, packet.doubt or fault))
        elif packet.doubt and packet.doubt != _UNSIGNED:
            wrong.append(sample)
        else:
            telemetry.samples.append(sample)
    _settle_wrong(telemetry, wrong)
    if not telemetry.samples:
        causes = {each.cause for each in telemetry.skipped}
        raise TelemetryError("no packet tells a place" + (f": {min(causes)}" if causes else ""))
    _count_seconds(telemetry.samples)
    if any(_UNSIGNED in sample.notes for sample in telemetry.samples):
        telemetry.remarks.append("packets without a checksum; kept")
    return telemetry


def _settle_wrong(telemetry: Telemetry, wrong: list[Sample]) -> None:
    """One wrong sum among right ones is damage; where none is right the sender counts otherwise, and all are kept."""
    if telemetry.samples or any(sample.time_utc is None for sample in wrong):
        telemetry.skipped.extend(Skipped(sample.row, sample.notes[0]) for sample in wrong)
    elif wrong:
        telemetry.samples = wrong
        telemetry.remarks.append(f"no packet's checksum is right ({wrong[0].notes[0]}); kept, since all are whole")


def _count_seconds(samples: list[Sample]) -> None:
    first = next((sample.time_utc for sample in samples if sample.time_utc is not None), None)
    for sample in samples:
        if sample.time_s is None and sample.time_utc is not None and first is not None:
            sample.time_s = (sample.time_utc - first).total_seconds()


def _packets(chunks: Iterable[tuple[bytes, float | None]], skipped: list[Skipped]) -> Iterator[Packet]:
    number = 0
    for content, time_s in chunks:
        at = content.find(KEY)
        while at >= 0:
            number += 1
            if number > SAMPLES_MAX:
                raise TelemetryError(f"more than {SAMPLES_MAX} packets")
            end = at + _KEY_BYTES
            try:
                values, end, doubt = parse(content, at)
                yield Packet(number, values, time_s, doubt)
            except PacketError as error:
                skipped.append(Skipped(number, str(error)))
            at = content.find(KEY, end)


def parse(content: bytes, at: int) -> tuple[dict[int, bytes], int, str | None]:
    """The tags of the packet whose key begins at `at`, where it ends, and what is wrong with its checksum.

    Raises:
        PacketError: cut off, or its parts do not fit.
    """
    length, start = ber_length(content, at + _KEY_BYTES)
    end = start + length
    if length > _PACKET_BYTES_MAX:
        raise PacketError(f"its length of {length} bytes cannot be")
    if end > len(content):
        raise PacketError("cut off")
    values: dict[int, bytes] = {}
    doubt: str | None = _UNSIGNED
    position = start
    while position < end:
        tag, value_length_at = ber_oid(content, position, end)
        value_length, value_at = ber_length(content, value_length_at)
        if value_at + value_length > end:
            raise PacketError(f"tag {tag} reaches over its end")
        if tag == _CHECKSUM_TAG:
            doubt = _checked(content, at, value_at, value_length)
        values.setdefault(tag, content[value_at : value_at + value_length])
        position = value_at + value_length
    return values, end, doubt


def _checked(content: bytes, at: int, value_at: int, value_length: int) -> str | None:
    if value_length != 2:  # noqa: PLR2004 - 16 bits
        raise PacketError("its checksum has not 2 bytes")
    written = int.from_bytes(content[value_at : value_at + 2], "big")
    computed = checksum(content[at:value_at])
    return None if written == computed else f"checksum 0x{written:04x} should be 0x{computed:04x}"


def checksum(content: bytes) -> int:
    """Sum of 16-bit words, from the key up to and with the checksum's own tag and length."""
    return (sum(content[0::2]) * 256 + sum(content[1::2])) & 0xFFFF


def ber_length(content: bytes, at: int) -> tuple[int, int]:
    """The length and where the value begins.

    Raises:
        PacketError: cut off, or longer than any.
    """
    if at >= len(content):
        raise PacketError("cut off")
    first = content[at]
    if first < _LONG_FORM:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 4:  # noqa: PLR2004 - four bytes tell 4 GiB
        raise PacketError("its length cannot be read")
    if at + 1 + count > len(content):
        raise PacketError("cut off")
    return int.from_bytes(content[at + 1 : at + 1 + count], "big"), at + 1 + count


def ber_oid(content: bytes, at: int, end: int) -> tuple[int, int]:
    """A tag of seven bits a byte, and where its length begins.

    Raises:
        PacketError: cut off.
    """
    tag = 0
    for position in range(at, min(end, at + 4)):
        tag = (tag << 7) | (content[position] & 0x7F)
        if content[position] < _LONG_FORM:
            return tag, position + 1
    raise PacketError("a tag cannot be read")


def decode(values: Mapping[int, bytes], tag: int) -> float | None:
    """The number of a tag; None where it is missing, of another length, or marked as out of range."""
    raw = values.get(tag)
    if not raw:
        return None
    if tag in _IMAP_HEIGHTS:
        return _imap(raw, *_IMAP_HEIGHTS[tag])
    scale = _SCALES[tag]
    if len(raw) != scale.bytes:
        return None
    number: float = int.from_bytes(raw, "big", signed=scale.signed)
    half = 1 << (8 * scale.bytes - 1)
    if not scale.signed:
        return scale.low + number / (2 * half - 1) * (scale.high - scale.low)
    return None if number == -half else number / (half - 1) * scale.high


def _imap(raw: bytes, low: float, high: float) -> float | None:
    """ST 1201, floating point to integer mapping; its special values begin with a set bit and more."""
    bits = 8 * len(raw)
    number = int.from_bytes(raw, "big")
    if number > 1 << (bits - 1):
        return None
    power = (int(high - low - 1)).bit_length()
    return low + math.ldexp(number, power - bits + 1)


def _sample(packet: Packet) -> Sample:
    values = packet.values
    sample = Sample(row=packet.number, time_s=packet.time_s, notes=(packet.doubt,) if packet.doubt else ())
    raw_time = values.get(_TIME_TAG, b"")
    at = wall_clock.from_unix(int.from_bytes(raw_time, "big") / 1e6) if len(raw_time) == 8 else None  # noqa: PLR2004 - microseconds
    if at is not None:
        sample.time_utc, sample.utc_source = at, UtcSource.GNSS
    sample.lat, sample.lon = decode(values, 13), decode(values, 14)
    heights = (decode(values, 15), decode(values, 104), decode(values, 75))
    sample.abs_alt_m = next((each for each in heights if each is not None), None)
    _aim(sample, values)
    sample.horizontal_view_deg, sample.vertical_view_deg = _angle(values, 16), _angle(values, 17)
    slant = decode(values, 21)
    sample.slant_range_m = slant or None
    sample.frame_centre = _place(decode(values, 23), decode(values, 24), decode(values, 25) or decode(values, 78))
    sample.frame_corners = _corners(values, sample.frame_centre)
    sensor = values.get(11, b"").decode("ascii", errors="replace").strip("\x00 ")
    if sensor:
        sample.camera = Camera(model=sensor[:100])
    return sample


def _angle(values: Mapping[int, bytes], tag: int) -> float | None:
    return decode(values, tag) or None


def _aim(sample: Sample, values: Mapping[int, bytes]) -> None:
    """The platform's attitude, and with the sensor's angles from it where the camera looks."""
    yaw = decode(values, 5)
    pitch = decode(values, 90) if 90 in values else decode(values, 6)  # noqa: PLR2004 - the tag's number
    roll = decode(values, 91) if 91 in values else decode(values, 7)  # noqa: PLR2004 - the tag's number
    sample.platform_yaw_deg = quality.degrees(yaw)
    sample.platform_pitch_deg, sample.platform_roll_deg = pitch, roll
    azimuth, elevation, turn = decode(values, 18), decode(values, 19), decode(values, 20)
    if yaw is None or azimuth is None or elevation is None:
        return
    aimed = orientation.composed((yaw, pitch or 0.0, roll or 0.0), (azimuth, elevation, turn or 0.0))
    sample.gimbal_yaw_deg, sample.gimbal_pitch_deg, sample.gimbal_roll_deg = aimed
    if pitch is None or roll is None:
        sample.notes = (*sample.notes, "the aircraft was taken as level")


def _place(lat: float | None, lon: float | None, height: float | None) -> Place | None:
    if lat is None or lon is None or quality.place_fault(lat, lon) is not None:
        return None
    return Place(lat, lon, height)


def _corners(values: Mapping[int, bytes], centre: Place | None) -> tuple[Place, Place, Place, Place] | None:
    """Tags 82 to 89, else 26 to 33 from the centre: upper left, upper right, lower right, lower left."""
    full = [_place(decode(values, tag), decode(values, tag + 1), None) for tag in (82, 84, 86, 88)]
    if None in full and centre is not None:
        full = []
        for tag in (26, 28, 30, 32):
            north, east = decode(values, tag), decode(values, tag + 1)
            near = north is not None and east is not None
            full.append(_place(centre.lat + north, centre.lon + east, None) if near else None)  # type: ignore[operator]
    one, two, three, four = full if len(full) == 4 else (None,) * 4  # noqa: PLR2004 - corners
    if one is None or two is None or three is None or four is None:
        return None
    return one, two, three, four
