"""EXIF and XMP of stills: where the camera was and where it looked."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from vision.telemetry import exif, quality, text, wall_clock
from vision.telemetry.reading import Telemetry, TelemetryError
from vision.telemetry.sample import Camera, Sample, UtcSource
from vision.telemetry.subtitles import say_assumed_zone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vision.telemetry.reading import Assumptions

_READ_BYTES = 32 * 1024 * 1024
"""What describes a picture lies at its beginning; of a DNG somewhere in it."""
_ATTRIBUTE = re.compile(r"([A-Za-z][\w-]*):([A-Za-z]\w*)\s*=\s*[\"']([^\"'<>]{0,200})[\"']")
_ELEMENT = re.compile(r"<([A-Za-z][\w-]*):([A-Za-z]\w*)(?:\s[^<>]{0,300})?>([^<>]{1,200})</")
_NESTED = re.compile(r"<[\w-]+:(CameraOrientationNED|VehicleOrientationNED)\b(.{0,600}?)(?:/>|</[\w-]+:\1>)", re.DOTALL)
_GIMBALS = (
    ("GimbalYawDegree", "GimbalPitchDegree", "GimbalRollDegree"),
    ("CameraYawDegree", "CameraPitchDegree", "CameraRollDegree"),
    ("CameraOrientationNED.Yaw", "CameraOrientationNED.Pitch", "CameraOrientationNED.Roll"),
)
_PLATFORMS = (
    ("FlightYawDegree", "FlightPitchDegree", "FlightRollDegree"),
    ("DroneYawDegree", "DronePitchDegree", "DroneRollDegree"),
    ("VehicleOrientationNED.Yaw", "VehicleOrientationNED.Pitch", "VehicleOrientationNED.Roll"),
)
_SENSOR_NAMES = ("Yaw", "Pitch", "Roll")


class StillReader:
    """Detected by the first bytes of JPEG, TIFF with DNG, PNG, WebP and HEIF."""

    name = "still"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return (
            head.startswith((b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"\x89PNG\r\n"))
            or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
            or (head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc"})
        )

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        try:
            with path.open("rb") as file:
                content = file.read(_READ_BYTES)
        except OSError as error:
            raise TelemetryError(f"cannot be read: {error.strerror or error}") from None
        tags, xmp = exif.read(content), _xmp(content)
        telemetry = Telemetry(format=self.name, row_name="still")
        clock = wall_clock.LocalClock(assumptions)
        sample = Sample(row=1, image=path.name)
        _place(sample, tags, xmp)
        fault = quality.place_fault(sample.lat, sample.lon)
        if fault is not None:
            raise TelemetryError(f"the still tells no place: {fault}")
        _look(sample, tags, xmp)
        _time(sample, tags, xmp, clock)
        telemetry.samples.append(sample)
        say_assumed_zone(telemetry, clock, assumptions)
        return telemetry


def _xmp(content: bytes) -> dict[str, str]:
    """Values by their bare name: makers share names but hardly ever disagree on what they mean."""
    start = content.find(b"<x:xmpmeta")
    if start < 0:
        start = content.find(b"<rdf:RDF")
    if start < 0:
        return {}
    end = content.find(b"</rdf:RDF>", start)
    packet = text.decode(content[start : end if end > 0 else start + 128 * 1024])
    found: dict[str, str] = {}
    for of, inner in _NESTED.findall(packet):
        for pattern in (_ATTRIBUTE, _ELEMENT):
            for _, name, value in pattern.findall(inner):
                found.setdefault(f"{of}.{name}", value.strip())
    for pattern in (_ATTRIBUTE, _ELEMENT):
        for prefix, name, value in pattern.findall(packet):
            if prefix != "xmlns":
                found.setdefault(f"Camera.{name}" if prefix == "Camera" else name, value.strip())
    return found


def _number(xmp: Mapping[str, str], *names: str) -> float | None:
    for name in names:
        found = re.match(r"\s*([-+]?\d{1,12}(?:\.\d{1,15})?)(?:\s*/\s*(\d{1,9}))?", xmp.get(name, ""))
        if found:
            divisor = int(found[2]) if found[2] else 1
            if divisor:
                return float(found[1]) / divisor
    return None


def _place(sample: Sample, tags: exif.Tags, xmp: Mapping[str, str]) -> None:
    sample.lat, sample.lon = tags.lat, tags.lon
    if quality.place_fault(sample.lat, sample.lon) is not None:
        sample.lat = _coordinate(xmp, "GpsLatitude", "GPSLatitude", "Latitude")
        sample.lon = _coordinate(xmp, "GpsLongitude", "GpsLongtitude", "GPSLongitude", "Longitude")
    sample.rel_alt_m = quality.height(_number(xmp, "RelativeAltitude"))
    absolute = _number(xmp, "AbsoluteAltitude")
    sample.abs_alt_m = quality.height(tags.altitude_m if absolute is None else absolute)
    spread = [each for each in (_number(xmp, "RtkStdLat"), _number(xmp, "RtkStdLon")) if each is not None]
    sample.position_error_m = max(spread) if spread and max(spread) > 0 else None


def _coordinate(xmp: Mapping[str, str], *names: str) -> float | None:
    """Degrees, or `41,23.5N` as XMP's own standard has it."""
    for name in names:
        found = re.fullmatch(r"\s*(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])\s*", xmp.get(name, ""))
        if found:
            value = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
            return -value if found[4] in "SW" else value
    return _number(xmp, *names)


def _look(sample: Sample, tags: exif.Tags, xmp: Mapping[str, str]) -> None:
    gimbal = _angles(xmp, _GIMBALS)
    if gimbal is None and (tags.make or "").lower().startswith("autel"):
        gimbal = _angles(xmp, (tuple(f"Camera.{name}" for name in _SENSOR_NAMES),))
    if gimbal is not None:
        sample.gimbal_yaw_deg, sample.gimbal_pitch_deg, sample.gimbal_roll_deg = gimbal
    platform = _angles(xmp, _PLATFORMS)
    if platform is not None:
        sample.platform_yaw_deg, sample.platform_pitch_deg, sample.platform_roll_deg = platform
    sample.focal_length_mm = tags.focal_length_mm
    sample.focal_length_equivalent_mm = tags.focal_length_equivalent_mm
    sample.zoom = tags.digital_zoom
    sample.camera = Camera(
        tags.make or xmp.get("Make") or None, tags.model or xmp.get("Model") or None, tags.width_px, tags.height_px
    )


def _angles(
    xmp: Mapping[str, str], families: tuple[tuple[str, ...], ...]
) -> tuple[float | None, float | None, float | None] | None:
    for yaw, pitch, roll in families:
        if _number(xmp, pitch) is not None or _number(xmp, yaw) is not None:
            one, two, three = (quality.degrees(_number(xmp, name)) for name in (yaw, pitch, roll))
            return one, two, three
    return None


def _time(sample: Sample, tags: exif.Tags, xmp: Mapping[str, str], clock: wall_clock.LocalClock) -> None:
    """Satellite time first, then what is said to be UTC, then the camera's clock."""
    if tags.gps_utc is not None:
        sample.time_utc, sample.utc_source = tags.gps_utc, UtcSource.GNSS
        return
    exposed = wall_clock.find(xmp.get("UTCAtExposure", ""))
    if exposed is not None:
        sample.time_utc, sample.utc_source = exposed.local.replace(tzinfo=UTC), UtcSource.FILE_UTC
        return
    told = " ".join(filter(None, (_with_fraction(tags.taken, tags.taken_fraction), tags.taken_offset)))
    for candidate in (told, xmp.get("DateTimeOriginal", ""), xmp.get("CreateDate", "")):
        written = wall_clock.find(candidate)
        known = None if written is None else clock.utc(written, None)
        if known is not None:
            sample.time_utc, sample.utc_source = known
            return


def _with_fraction(taken: str | None, fraction: str | None) -> str | None:
    return f"{taken}.{fraction}" if taken and fraction and fraction.isdigit() and len(fraction) < 10 else taken  # noqa: PLR2004 - nanoseconds
