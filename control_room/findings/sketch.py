"""A drawn map for papers: track, findings with their errors, north and a scale. No tiles, so it needs no network."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIZE_PX = (1600, 1000)
_EDGE_PX = 90
_LEAST_M = 60.0
"""However little was flown, a sketch shows this much."""
_SCALES_M = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_PAPER, _INK, _DIM, _TRACK = (255, 255, 255), (20, 24, 28), (150, 158, 166), (70, 110, 160)
_CONFIRMED, _CANDIDATE = (176, 42, 42), (190, 130, 20)


def draw(track: Sequence[Sequence[Any]], findings: Sequence[Mapping[str, Any]]) -> bytes | None:
    """PNG; None where there is nothing to draw.

    Args:
        track: as `flights.track`: time, lon, lat, height.
        findings: as `finding_items`, numbered from 1 in this order.
    """
    places = [(lat, lon) for _, lon, lat, *_ in track]
    placed = [(number, each) for number, each in enumerate(findings, start=1) if each["location"] is not None]
    around = places + [(each["location"]["lat"], each["location"]["lon"]) for _, each in placed]
    if not around:
        return None
    sheet = _Sheet(around)
    if len(places) > 1:
        sheet.pen.line([sheet.at(place) for place in places], fill=_TRACK, width=4, joint="curve")
        sheet.dot(places[0], 9, _TRACK)
    for number, each in placed:
        sheet.finding(number, each)
    sheet.scale()
    written = io.BytesIO()
    sheet.image.save(written, "PNG", optimize=True)
    return written.getvalue()


class _Sheet:
    """North up; one scale for both axes."""

    def __init__(self, around: Sequence[tuple[float, float]]) -> None:
        self._middle = (
            (min(lat for lat, _ in around) + max(lat for lat, _ in around)) / 2,
            (min(lon for _, lon in around) + max(lon for _, lon in around)) / 2,
        )
        offsets = [globe.offset_m(self._middle, place) for place in around]
        wide_m = max(_LEAST_M, 2 * max(abs(east) for east, _ in offsets))
        high_m = max(_LEAST_M, 2 * max(abs(north) for _, north in offsets))
        inner = (_SIZE_PX[0] - 2 * _EDGE_PX, _SIZE_PX[1] - 2 * _EDGE_PX)
        self._px_per_m = min(inner[0] / wide_m, inner[1] / high_m)
        self.image = Image.new("RGB", _SIZE_PX, _PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self._font = ImageFont.load_default(26)

    def at(self, place: tuple[float, float]) -> tuple[float, float]:
        """Pixels of (lat, lon)."""
        east, north = globe.offset_m(self._middle, place)
        return _SIZE_PX[0] / 2 + east * self._px_per_m, _SIZE_PX[1] / 2 - north * self._px_per_m

    def dot(self, place: tuple[float, float], radius_px: float, colour: tuple[int, int, int]) -> None:
        x, y = self.at(place)
        self.pen.ellipse((x - radius_px, y - radius_px, x + radius_px, y + radius_px), fill=colour)

    def finding(self, number: int, finding: Mapping[str, Any]) -> None:
        where = finding["location"]
        place = (where["lat"], where["lon"])
        colour = _CONFIRMED if finding["state"] == "confirmed" else _CANDIDATE
        self.pen.line([self.at(each) for each in _outline(where)], fill=colour, width=3)
        self.dot(place, 6, colour)
        x, y = self.at(place)
        self.pen.text((x + 12, y - 32), str(number), fill=_INK, font=self._font, stroke_width=3, stroke_fill=_PAPER)

    def scale(self) -> None:
        long_m = max((each for each in _SCALES_M if each * self._px_per_m <= _SIZE_PX[0] / 4), default=_SCALES_M[0])
        x, y = _EDGE_PX / 2, _SIZE_PX[1] - _EDGE_PX / 2
        end = x + long_m * self._px_per_m
        self.pen.line([(x, y - 10), (x, y), (end, y), (end, y - 10)], fill=_INK, width=3)
        self.pen.text((end + 12, y - 30), f"{long_m} m", fill=_INK, font=self._font)
        north_x, north_y = _SIZE_PX[0] - _EDGE_PX / 2, _EDGE_PX / 2
        self.pen.line([(north_x, north_y + 70), (north_x, north_y)], fill=_INK, width=4)
        self.pen.line(
            [(north_x - 12, north_y + 20), (north_x, north_y), (north_x + 12, north_y + 20)], fill=_INK, width=4
        )
        self.pen.text((north_x - 9, north_y + 74), "N", fill=_INK, font=self._font)
        self.pen.rectangle((0, 0, _SIZE_PX[0] - 1, _SIZE_PX[1] - 1), outline=_DIM, width=2)


def _outline(where: Mapping[str, Any]) -> list[tuple[float, float]]:
    """lat, lon of the border of what holds the true place with 90 %."""
    ellipse = where["ellipse"]
    major = ellipse["semi_major_m"] if ellipse else where["ce90_m"]
    minor = ellipse["semi_minor_m"] if ellipse else where["ce90_m"]
    bearing = math.radians(ellipse["bearing_deg"]) if ellipse else 0.0
    outline = []
    for step in range(49):
        angle = 2 * math.pi * step / 48
        along, across = major * math.cos(angle), minor * math.sin(angle)
        east = along * math.sin(bearing) + across * math.cos(bearing)
        north = along * math.cos(bearing) - across * math.sin(bearing)
        outline.append(globe.moved((where["lat"], where["lon"]), east, north))
    return outline
