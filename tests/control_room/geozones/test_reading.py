"""The three dialects into one model; what is broken is named by line, and nothing of such a file is taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from control_room.geozones import reading
from control_room.geozones.zone import Circle, Polygon

MADRID = ZoneInfo("Europe/Madrid")
TOWN = (1.2445, 41.1189)
DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "geozones"
RING = [[1.20, 41.10], [1.30, 41.10], [1.30, 41.20], [1.20, 41.20], [1.20, 41.10]]


def read(document: Any) -> reading.ReadFile:
    content = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode()
    return reading.read(content, town=TOWN, time_zone=MADRID)


def zone(**changes: Any) -> dict[str, Any]:
    """A zone as ED-269 writes it."""
    volume = {
        "uomDimensions": "M",
        "lowerLimit": "0",
        "lowerVerticalReference": "AGL",
        "upperLimit": "120",
        "upperVerticalReference": "AMSL",
        "horizontalProjection": {"type": "Polygon", "coordinates": [RING]},
    }
    return {
        "identifier": "LEXX",
        "country": "ESP",
        "name": "El port",
        "restriction": "REQ_AUTHORISATION",
        "reason": ["AIR_TRAFFIC"],
        "applicability": [{"permanent": "YES"}],
        "zoneAuthority": [{"name": "Port", "phone": "1", "intervalBefore": "P05D"}],
        "geometry": [volume],
    } | changes


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A zone as ED-318 writes it."""
    about = {"identifier": "Z1", "country": "ESP", "name": [{"text": "Parc", "lang": "ca"}], "type": "PROHIBITED"}
    feature = {"type": "Feature", "geometry": geometry, "properties": about | properties}
    return {"type": "FeatureCollection", "features": [feature]}


def faults(document: Any) -> list[str]:
    with pytest.raises(reading.UnreadableFileError) as caught:
        read(document)
    return [str(fault) for fault in caught.value.faults]


def test_limits_as_text_with_unit_and_reference() -> None:
    found = read({"UASZoneList": [zone()], "createdAt": "2022-11-30T14:50:33Z"})
    assert (found.dialect, found.issued_at) == ("ed269_zone_list", datetime(2022, 11, 30, 14, 50, 33, tzinfo=UTC))
    volume = found.zones[0].volumes[0]
    assert volume.lower is not None
    assert volume.upper is not None
    assert (volume.lower.metres, volume.lower.reference) == (0, "AGL")
    assert (volume.upper.metres, volume.upper.reference) == (120, "AMSL")
    assert found.zones[0].authorities[0].ahead == "P05D"
    assert found.zones[0].applicability == ()
    none = read({"features": [zone(geometry=[zone()["geometry"][0] | {"upperLimit": None}])]})
    assert none.zones[0].volumes[0].upper is None


def test_feet_and_circles_are_metres() -> None:
    volume = zone()["geometry"][0] | {"uomDimensions": "FT", "upperLimit": 250}
    volume["horizontalProjection"] = {"type": "Circle", "center": [1.2, 41.1], "radius": 1000}
    found = read({"features": [zone(geometry=[volume])]}).zones[0].volumes[0]
    assert found.upper is not None
    assert found.upper.metres == pytest.approx(76.2)
    assert isinstance(found.shape, Circle)
    assert found.shape.radius_m == pytest.approx(304.8)


def test_ed318_has_languages_layers_and_collections() -> None:
    layer = {"upper": 120, "upperReference": "AGL", "lower": 60, "lowerReference": "WGS84", "uom": "m"}
    circle = {"type": "Point", "coordinates": [1.2, 41.1], "extent": {"subType": "Circle", "radius": 500}}
    both = {
        "type": "GeometryCollection",
        "layer": layer,
        "geometries": [circle, {"type": "Polygon", "coordinates": [RING]}],
    }
    names = [{"text": "Parc", "lang": "ca"}, {"text": "Park", "lang": "en-GB"}]
    found = read(feature(both, name=names, type="REQ_AUTHORIZATION"))
    one = found.zones[0]
    assert (found.dialect, one.kind, one.kind_given) == ("ed318", "REQ_AUTHORISATION", "REQ_AUTHORIZATION")
    assert one.name == {"ca": "Parc", "en-GB": "Park"}
    assert [type(volume.shape) for volume in one.volumes] == [Circle, Polygon]
    assert {volume.lower.reference for volume in one.volumes if volume.lower} == {"WGS84"}
    pieces = {"type": "MultiPolygon", "layer": layer, "coordinates": [[RING], [RING]]}
    assert len(read(feature(pieces)).zones[0].volumes) == 2


def test_an_open_ring_and_unknown_words_are_taken_and_said() -> None:
    volume = zone()["geometry"][0]
    volume["horizontalProjection"] = {"type": "Polygon", "coordinates": [RING[:-1]]}
    one = read({"features": [zone(geometry=[volume], restriction="MAYBE")]}).zones[0]
    assert one.doubts == ("ring_was_open", "unknown_restriction")
    assert (one.kind, one.kind_given) == ("UNKNOWN", "MAYBE")
    assert read(feature({"type": "Polygon", "coordinates": [RING]})).zones[0].doubts == ("no_layer",)


@pytest.mark.parametrize("far", [[[lat, lon] for lon, lat in RING], [[51.5, -120.0], [51.6, -120.0], [51.6, -120.1]]])
def test_latitude_first_is_found_and_said(far: list[list[float]]) -> None:
    """By what is nowhere on earth the one way, or by the town where both ways are somewhere."""
    volume = zone()["geometry"][0]
    volume["horizontalProjection"] = {"type": "Polygon", "coordinates": [far]}
    found = read({"features": [zone(geometry=[volume])]})
    assert found.doubts == ("latitude_first",)
    shape = found.zones[0].volumes[0].shape
    assert isinstance(shape, Polygon)
    assert shape.rings[0][0] == (far[0][1], far[0][0])


def test_hours_are_utc_with_z_and_the_towns_without() -> None:
    schedule = [{"day": ["SAT", "SUN"], "startTime": "17:00:00.00Z", "endTime": "23:59:59.00Z"}]
    weekend = [{"permanent": "NO", "startDateTime": "2022-06-15T09:00:00.00Z", "schedule": schedule}]
    one = read({"features": [zone(applicability=weekend)]}).zones[0]
    assert one.applicability[0].daily[0].days == {5, 6}
    assert one.applicability[0].daily[0].in_utc
    assert one.doubts == ()
    local = [{"dailyPeriod": [{"day": [], "startTime": "08:00", "endTime": "SS"}]}]
    two = read({"UASZoneList": [zone(applicability=local)]}).zones[0]
    assert not two.applicability[0].daily[0].in_utc
    assert two.applicability[0].daily[0].ends == "SS"
    assert two.doubts == ("hours_without_zone",)
    empty = [{"permanent": "YES", "dailyPeriod": [{"day": [], "startTime": None, "endTime": None}]}]
    assert read({"UASZoneList": [zone(applicability=empty)]}).zones[0].applicability == ()


def test_each_broken_zone_is_named_by_its_line() -> None:
    broken = zone(identifier="BAD", geometry=[zone()["geometry"][0] | {"upperLimit": "high"}])
    document = {"features": [zone(), broken, zone(identifier="WORSE", geometry=[])]}
    told = faults(document)
    lines = json.dumps(document, indent=1).split("\n")
    at = [number for number, line in enumerate(lines, 1) if line == "  {"]
    assert told == [
        f"line {at[1]}, BAD geometry[0].upperLimit: must be a number, is 'high'",
        f"line {at[2]}, WORSE geometry: is empty",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"features": [\n{"identifier": }]}', "line 2, column 16: no JSON: Expecting value"),
        (b"\xff\xfe", "line 1: is not UTF-8 text"),
        (b"[]", "line 1: must be an object with zones"),
        (b"{}", "line 1: holds no zones; allowed: UASZoneList or features (ED-269), or a FeatureCollection (ED-318)"),
        (b'{"features": []}', "line 1, features: holds no zone"),
        (b'{"features": [NaN]}', "line 1: no JSON: NaN is no number"),
        (b'{"features": [7]}', "line 1, features[0]: must be an object, is 7"),
    ],
)
def test_what_is_no_file_of_geozones(content: bytes, said: str) -> None:
    assert faults(content) == [said]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"horizontalProjection": {"type": "Ellipse"}}, "got Ellipse; allowed: Polygon, Circle"),
        ({"horizontalProjection": {"type": "Circle", "center": [1, 2], "radius": 0}}, "must be above 0, is 0"),
        ({"horizontalProjection": {"type": "Polygon", "coordinates": [[[1, 2], [1, 2]]]}}, "needs at least 3"),
        ({"horizontalProjection": {"type": "Circle", "center": [200, 95], "radius": 1}}, "is no place on earth"),
        ({"uomDimensions": "FL"}, "unit FL is not known; allowed: m, ft"),
        ({"upperVerticalReference": "STD"}, "reference STD is not known; allowed: AGL, AMSL, WGS84"),
    ],
)
def test_a_broken_volume_says_what_is_allowed(changes: dict[str, Any], said: str) -> None:
    assert said in faults({"features": [zone(geometry=[zone()["geometry"][0] | changes])]})[0]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "dialect", "zones", "volumes"),
    [
        ("ed269_che1_test.json", "ed269_features", 6, 10),
        ("ed269_cis_source_sample.json", "ed269_zone_list", 1, 1),
        ("ed318_cis_source_sample.json", "ed318", 3, 3),
    ],
)
def test_real_files(name: str, dialect: str, zones: int, volumes: int) -> None:
    if not DATA.is_dir():
        pytest.skip("shared/data is absent")
    found = read((DATA / name).read_bytes())
    assert (found.dialect, len(found.zones)) == (dialect, zones)
    assert sum(len(zone.volumes) for zone in found.zones) == volumes
    assert found.doubts == ()
    assert {doubt for zone in found.zones for doubt in zone.doubts} == set()
