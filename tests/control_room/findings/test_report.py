"""What a flight found, as a paper and as GeoJSON."""

from __future__ import annotations

import io
import json

import pypdf
import pytest
from PIL import Image
from psycopg.types.json import Jsonb

from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import flown


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (320, 180), (90, 120, 90)).save(written, "JPEG")
    return written.getvalue()


def _reported(door: doors.Door) -> str:
    """A flight with a track, a confirmed finding with a picture, a candidate and a rejected one."""
    flight_id = flown.add_flight(door)
    with Incoming(door.room.store) as incoming:
        incoming.write(_picture())
        incoming.keep()
    track = [[flown.seen_at(seconds=s).isoformat(), *reversed(flown.at(4.0 * s).values()), 60.0] for s in range(20)]
    with door.connection() as connection:
        connection.execute("UPDATE flights SET track = %s WHERE flight_id = %s", (Jsonb(track), flight_id))
    pere = door.as_person("pere")
    sofa = flown.add_candidate(door, flight_id, picture_sha256=incoming.sha256)
    body = {"version": 1, "label": "sofà vell", "note": "davant del pont", "waste_class": "20 03 07"}
    assert pere.post(f"/api/v1/findings/{sofa}/confirm", json=body).status_code == 200
    flown.add_candidate(door, flight_id, **flown.at(40.0), score=0.9)
    car = flown.add_candidate(door, flight_id, **flown.at(60.0))
    assert pere.post(f"/api/v1/findings/{car}/reject", json={"version": 1}).status_code == 200
    return str(flight_id)


@pytest.mark.parametrize(
    ("language", "confirmed"), [("ca", "Confirmades (1)"), ("en", "Confirmed (1)"), (None, "Confirmades (1)")]
)
def test_the_paper_tells_facts_from_proposals(door: doors.Door, language: str | None, confirmed: str) -> None:
    flight_id = _reported(door)
    params = {} if language is None else {"language": language}
    answer = door.as_person("pere").get(f"/api/v1/flights/{flight_id}/report.pdf", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    read = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "\n".join(page.extract_text() for page in read.pages)
    assert confirmed in text
    assert "sofà vell" in text
    assert "davant del pont" in text
    assert "20 03 07" in text
    assert sum(len(page.images) for page in read.pages) == 2, "the sketch, and the picture of what was confirmed"
    (told,) = door.rows("SELECT actor, detail FROM audit WHERE action = 'flight.report'")
    assert told == {"actor": "pere", "detail": {"form": "pdf"}}


def test_geojson_has_the_track_and_what_was_not_rejected(door: doors.Door) -> None:
    answer = door.as_person("pere").get(f"/api/v1/flights/{_reported(door)}/report.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    line, *points = json.loads(answer.content)["features"]
    assert (line["geometry"]["type"], len(line["geometry"]["coordinates"])) == ("LineString", 20)
    assert [point["properties"]["state"] for point in points] == ["confirmed", "candidate"]
    lon, lat = points[0]["geometry"]["coordinates"]
    assert (round(lat, 3), round(lon, 3)) == (41.119, 1.245)
    assert points[0]["properties"]["ce90_m"] == 4.0


def test_a_flight_without_anything_is_an_honest_empty_paper(door: doors.Door) -> None:
    answer = door.as_person("pere").get(f"/api/v1/flights/{flown.add_flight(door)}/report.pdf")
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "Confirmades (0)" in text
    assert "Cap." in text
    missing = door.as_person("pere").get("/api/v1/flights/00000000-0000-7000-8000-000000000001/report.pdf")
    assert missing.status_code == 404
