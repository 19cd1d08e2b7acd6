"""The next flight over the sites that need a look: an order that flies little, as GeoJSON and as KML for the drone.

The drone's own application checks zones and heights before take-off; so does the room (`control_room.flight_log`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from control_room.sites.joining import apart_m

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Place = tuple[float, float]
"""lat, lon."""
KML_TYPE = "application/vnd.google-earth.kml+xml"
_KML = "http://www.opengis.net/kml/2.2"
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """Sites in the order in which they are flown over."""

    sites: tuple[Mapping[str, Any], ...]
    height_m: float
    """Above take-off."""
    start: Place | None
    length_m: float
    """From the start over all sites and back; without a start from the first to the last."""


def make(sites: Sequence[Mapping[str, Any]], *, height_m: float, start: Place | None) -> Plan:
    """Nearest neighbour, then whatever 2-opt still finds shorter (Croes, Operations Research 6, 1958)."""
    left, order, here = list(sites), [], start
    while left:
        if here is None:
            nearest = left[0]
        else:
            from_here = here
            nearest = min(left, key=lambda each: apart_m(from_here, _place(each)))
        left.remove(nearest)
        order.append(nearest)
        here = _place(nearest)
    order = _shorter(order, start)
    return Plan(tuple(order), height_m, start, _length_m(order, start))


def _shorter(order: list[Mapping[str, Any]], start: Place | None) -> list[Mapping[str, Any]]:
    best, best_m = order, _length_m(order, start)
    for _ in range(_ROUNDS):
        before = best_m
        for first, last in itertools.combinations(range(len(order)), 2):
            turned = best[:first] + best[first : last + 1][::-1] + best[last + 1 :]
            turned_m = _length_m(turned, start)
            if turned_m < best_m - 0.01:
                best, best_m = turned, turned_m
        if best_m == before:
            break
    return best


def _length_m(order: Sequence[Mapping[str, Any]], start: Place | None) -> float:
    places = [_place(each) for each in order]
    if start is not None and places:
        places = [start, *places, start]
    return sum(apart_m(one, other) for one, other in itertools.pairwise(places))


def _place(site: Mapping[str, Any]) -> Place:
    return site["lat"], site["lon"]


def geojson(plan: Plan) -> dict[str, Any]:
    """RFC 7946: the way as a line, and each site as a point with its place in the order; heights above take-off."""
    points = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [site["lon"], site["lat"]]},
            "properties": {
                "order": number,
                "site_id": str(site["site_id"]),
                "name": site["name"],
                "status": site["status"],
                "height_above_take_off_m": plan.height_m,
                "ce90_m": site["ce90_m"],
            },
        }
        for number, site in enumerate(plan.sites, start=1)
    ]
    features = [*_line(plan), *points]
    return {"type": "FeatureCollection", "features": features, "length_m": round(plan.length_m, 1)}


def _line(plan: Plan) -> list[dict[str, Any]]:
    places = [[site["lon"], site["lat"]] for site in plan.sites]
    if plan.start is not None:
        home = [plan.start[1], plan.start[0]]
        places = [home, *places, home]
    if len(places) < 2:  # noqa: PLR2004 - a line has two ends
        return []
    geometry = {"type": "LineString", "coordinates": places}
    return [{"type": "Feature", "geometry": geometry, "properties": {"height_above_take_off_m": plan.height_m}}]


def kml(plan: Plan) -> bytes:
    """OGC KML 2.2: way points and the way, heights relative to the ground at take-off as flight apps read them."""
    ET.register_namespace("", _KML)
    root = ET.Element(f"{{{_KML}}}kml")
    document = _under(root, "Document")
    _under(document, "name", "Talaia")
    for number, site in enumerate(plan.sites, start=1):
        mark = _under(document, "Placemark")
        _under(mark, "name", f"{number} {site['name']}")
        point = _under(mark, "Point")
        _under(point, "altitudeMode", "relativeToGround")
        _under(point, "coordinates", f"{site['lon']:.7f},{site['lat']:.7f},{plan.height_m:g}")
    for line in _line(plan):
        way = _under(document, "Placemark")
        _under(way, "name", "Talaia")
        string = _under(way, "LineString")
        _under(string, "altitudeMode", "relativeToGround")
        places = line["geometry"]["coordinates"]
        _under(string, "coordinates", " ".join(f"{lon:.7f},{lat:.7f},{plan.height_m:g}" for lon, lat in places))
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _under(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_KML}}}{name}")
    element.text = text
    return element
