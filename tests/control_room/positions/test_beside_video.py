"""Positions that a publisher tells on a data channel: over real WebRTC into the map, whatever else it says."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from benchmarks.live import camera, stubs
from control_room.positions import beside_video
from tests.control_room import messages
from tests.control_room.live_recordings.conftest import Recorded, media, recorded

if TYPE_CHECKING:
    from control_room.database import pool

__all__ = ["media", "recorded"]
ARRIVED = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"lat": 41.1}',
        '{"lat": 91, "lon": 1}',
        '{"lat": NaN, "lon": 1}',
        '{"lat": "41.1", "lon": "x"}',
        '{"lat": 41.1, "lon": 1.2, "speed": 3}',
        "[" * 5000,
    ],
)
def test_a_line_that_is_no_position_is_none(line: str) -> None:
    assert beside_video.read(line, "quay", ARRIVED) is None


def test_whose_it_is_the_room_knows_and_nobody_else_says() -> None:
    line = '{"schema": "x", "device_id": "another", "camera_id": "placa", "lat": 41.1, "lon": 1.2}'
    told = beside_video.read(line, "quay", ARRIVED)
    assert told is not None
    assert (told.device_id, told.camera_id, told.at) == ("quay", None, ARRIVED)
    assert beside_video.read(line, None, ARRIVED) is None


def test_bad_lines_are_counted_and_the_others_are_positions(connection: pool.Connection) -> None:
    messages.add_device(connection)
    source_id = "01990000-0000-7000-8000-000000000001"
    connection.execute(
        "INSERT INTO live_sources (source_id, name, kind, device_id, token_sha256, token_made_at, created_at,"
        " created_by) VALUES (%s, 'a drone', 'drone', 'quay', '', now(), now(), 'anna')",
        (source_id,),
    )
    stream = f"source/{source_id}"
    told = [
        (stream, {"lat": 41.1, "lon": 1.2, "at": "2026-11-22T11:00:01Z", "relative_altitude_m": 30}),
        (stream, {"lat": 41.1}),
        ("source/01990000-0000-7000-8000-000000000002", {"lat": 41.1, "lon": 1.2}),
        (stream, {"lat": 41.2, "lon": 1.3, "at": "2026-11-22T11:00:02Z", "footprint": [[41.2, 1.3], [41.3, 1.3]]}),
        (stream, {"lat": 41.2, "lon": 1.3, "at": "2036-11-22T11:00:02Z"}),
    ]
    lines = [
        {"number": number, "stream": name, "at": ARRIVED.isoformat(), "line": json.dumps(line)}
        for number, (name, line) in enumerate(told, 1)
    ]
    with connection.transaction():
        useless = beside_video.take(connection, lines, ARRIVED)
    assert useless == {stream: 1, "source/01990000-0000-7000-8000-000000000002": 1}
    rows = messages.rows(connection, "SELECT at, lat, device_time FROM positions ORDER BY at")
    assert [row["lat"] for row in rows] == [41.2, 41.1, 41.2]  # what lies in the future stands at its arrival
    assert [row["device_time"] is None for row in rows] == [False, True, True]
    [shown] = messages.rows(connection, "SELECT kind, payload FROM stream WHERE kind = 'position'")
    assert shown["payload"]["location"]["lat"] == 41.2


def test_a_publisher_moves_its_drone_on_the_map_while_it_films(recorded: Recorded) -> None:
    door = recorded.door
    pilot = door.as_person("pere")
    source = recorded.add_source(pilot, purpose="to look", device_id="quay")
    path = f"/api/v1/live/sources/{source['source_id']}"

    async def publish() -> None:
        publisher = stubs.Publisher(camera.clip(1.0, bits_s=500_000))
        channel = publisher.connection.createDataChannel("telemetry")
        is_open = asyncio.Event()
        channel.on("open", is_open.set)

        async def signal(sdp: str) -> str:
            headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {source['token']}"}
            answer = await asyncio.to_thread(
                httpx.post, f"{door.url}{path}/whip", content=sdp, headers=headers, timeout=60
            )
            answer.raise_for_status()
            return answer.text

        await publisher.publish(signal)
        await asyncio.wait_for(is_open.wait(), 60)
        channel.send("no position\n")
        at = datetime.now(UTC) - timedelta(seconds=5)
        for step in range(3):
            line: dict[str, Any] = {"lat": 41.1 + step / 1000, "lon": 1.2, "heading_deg": 90, "hovers": False}
            line["at"] = (at + timedelta(seconds=step)).isoformat().replace("+00:00", "Z")
            channel.send(json.dumps(line) + "\n")
        await asyncio.to_thread(recorded.until, lambda: len(places(pilot)) == 3, "three places")
        await publisher.close()

    asyncio.run(publish())
    assert [place["lat"] for place in places(pilot)] == pytest.approx([41.1, 41.101, 41.102])
    last = next(each for each in pilot.get("/api/v1/positions/last").json()["items"] if each["device_id"] == "quay")
    assert last["location"]["lat"] == pytest.approx(41.102)
    recorded.until(lambda: pilot.get(f"{path}/recordings").json()["lines_refused"] == 1, "the bad line is counted")


def places(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/api/v1/positions", params={"device_id": "quay"}).json()["items"]
    return items
