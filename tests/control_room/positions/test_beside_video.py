"""Positions that a publisher tells on a data channel: over real WebRTC into the map, whatever else it says."""

from __future__ import annotations

import asyncio
import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from benchmarks.live import camera, stubs
from control_room.live_recordings import flown
from control_room.positions import beside_video, filming
from tests.control_room import messages
from tests.control_room.live_recordings.conftest import Recorded, _has_patience, media, recorded
from vision.georeference import cameras, globe
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.database import pool

__all__ = ["_has_patience", "media", "recorded"]
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


SEEN: dict[str, Any] = {
    "lat": 41.1,
    "lon": 1.2,
    "relative_altitude_m": 40.0,
    "heading_deg": 0.0,
    "gimbal_pitch_deg": -50.0,
    "view_deg": 70.0,
}
"""Enough for the ground in its picture."""
SIZE_PX = (1280, 720)


def seen(**changes: Any) -> list[tuple[float, float]]:
    """East and north in metres of what such a line shows, from the upper left corner clockwise."""
    line = {name: value for name, value in (SEEN | changes).items() if value is not None}
    told = beside_video.read(json.dumps(line), "quay", ARRIVED)
    assert told is not None
    found = filming.filmed(told, SIZE_PX)
    return [globe.offset_m((found.lat, found.lon), corner) for corner in found.footprint]


def test_the_ground_in_a_picture_is_reckoned_from_what_its_line_tells() -> None:
    upper_left, upper_right, lower_right, lower_left = seen()
    half = math.radians(35)
    down = math.atan(math.tan(half) * SIZE_PX[1] / SIZE_PX[0])
    far_m, near_m = (40 / math.tan(math.radians(50) + turn) for turn in (-down, down))
    assert [upper_left[1], upper_right[1]] == pytest.approx([far_m, far_m], abs=0.05)
    assert [lower_left[1], lower_right[1]] == pytest.approx([near_m, near_m], abs=0.05)
    assert upper_right[0] == pytest.approx(math.hypot(40, far_m) * math.cos(down) * math.tan(half), abs=0.05)
    assert upper_left[0] == pytest.approx(-upper_right[0], abs=0.05)


def test_the_gimbal_says_where_it_looks_and_without_it_the_nose() -> None:
    by_gimbal, by_nose = seen(heading_deg=0.0, gimbal_yaw_deg=90.0), seen(heading_deg=90.0)
    assert by_gimbal == by_nose
    assert min(east_m for east_m, _ in by_nose) > 0


@pytest.mark.parametrize("missing", ["relative_altitude_m", "heading_deg", "gimbal_pitch_deg", "view_deg"])
def test_what_is_not_told_is_not_guessed(missing: str) -> None:
    assert seen(**{missing: None}) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"gimbal_pitch_deg": 10.0},
        {"relative_altitude_m": 0.2},
        {"relative_altitude_m": 1e300},
        {"relative_altitude_m": -40.0},
        {"lat": 90.0},
        {"gimbal_pitch_deg": 1e308, "heading_deg": -1e308},
    ],
)
def test_a_picture_of_no_ground_has_none(odd: dict[str, float]) -> None:
    assert all(math.isfinite(metres) for corner in seen(**odd) for metres in corner)
    assert len(seen(**odd)) in {0, 4}
    if "heading_deg" not in odd:
        assert seen(**odd) == []


def test_what_the_line_tells_of_its_ground_stands(connection: pool.Connection) -> None:
    own = [[41.2, 1.3], [41.3, 1.3], [41.3, 1.4]]
    stream = add_source(connection)
    lines = [line_of(stream, n, SEEN | {"at": f"2026-11-22T11:00:0{n}Z"}) for n in (1, 2)]
    with connection.transaction():
        beside_video.take(connection, lines, ARRIVED, sizes={stream: SIZE_PX})
        told = line_of(stream, 3, SEEN | {"at": "2026-11-22T11:00:03Z", "footprint": own})
        beside_video.take(connection, [told], ARRIVED, sizes={stream: SIZE_PX})
        unsized = line_of(stream, 4, SEEN | {"at": "2026-11-22T11:00:04Z"})
        beside_video.take(connection, [unsized], ARRIVED, sizes={})
    rows = messages.rows(connection, "SELECT footprint, view_deg FROM positions ORDER BY at")
    assert [row["view_deg"] for row in rows] == [70.0] * 4
    first, newest, with_its_own, of_no_picture = [row["footprint"] for row in rows]
    assert len(newest) == 4
    assert (first, with_its_own, of_no_picture) == (None, own, None)


def test_what_was_told_beside_the_video_lies_with_its_recording_and_tells_its_lens(
    connection: pool.Connection, tmp_path: Path
) -> None:
    stream = add_source(connection)
    lines = [line_of(stream, n, SEEN | {"at": f"2026-11-22T11:00:0{n}Z"}) for n in (1, 2, 3)]
    with connection.transaction():
        beside_video.take(connection, lines, ARRIVED, sizes={})
    recording = {"source_id": stream.partition("/")[2], "width_px": SIZE_PX[0], "height_px": SIZE_PX[1]}
    recording |= {"captured_from": ARRIVED, "captured_to": ARRIVED + timedelta(seconds=2.5)}
    content = flown.content_of(connection, recording)
    assert content is not None
    log = tmp_path / "live.csv"
    log.write_bytes(content)
    samples = formats.read(log, Assumptions(UTC, "UTC")).samples
    assert [sample.time_s for sample in samples] == pytest.approx([1.0, 2.0])
    assert samples[0].gimbal_pitch_deg == -50
    assert cameras.nominal(samples[0], SIZE_PX).horizontal_view_deg == pytest.approx(70.0)
    assert flown.content_of(connection, recording | {"captured_to": ARRIVED + timedelta(seconds=1.5)}) is None


def add_source(connection: pool.Connection) -> str:
    """Gives its stream; it moves the device `quay`."""
    messages.add_device(connection)
    source_id = "01990000-0000-7000-8000-000000000001"
    connection.execute(
        "INSERT INTO live_sources (source_id, name, kind, device_id, token_sha256, token_made_at, created_at,"
        " created_by) VALUES (%s, 'a drone', 'drone', 'quay', '', now(), now(), 'anna')",
        (source_id,),
    )
    return f"source/{source_id}"


def line_of(stream: str, number: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"number": number, "stream": stream, "at": ARRIVED.isoformat(), "line": json.dumps(content)}


def test_bad_lines_are_counted_and_the_others_are_positions(connection: pool.Connection) -> None:
    stream = add_source(connection)
    told: list[tuple[str, dict[str, Any]]] = [
        (stream, {"lat": 41.1, "lon": 1.2, "at": "2026-11-22T11:00:01Z", "relative_altitude_m": 30}),
        (stream, {"lat": 41.1}),
        ("source/01990000-0000-7000-8000-000000000002", {"lat": 41.1, "lon": 1.2}),
        (stream, {"lat": 41.2, "lon": 1.3, "at": "2026-11-22T11:00:02Z", "footprint": [[41.2, 1.3], [41.3, 1.3]]}),
        (stream, {"lat": 41.2, "lon": 1.3, "at": "2036-11-22T11:00:02Z"}),
    ]
    lines = [line_of(name, number, line) for number, (name, line) in enumerate(told, 1)]
    with connection.transaction():
        useless = beside_video.take(connection, lines, ARRIVED, sizes={})
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
        assert [place["footprint"] for place in places(pilot)] == [[], [], []]
        for _ in range(200):
            channel.send(json.dumps(SEEN | {"lat": 41.103}))
            await asyncio.sleep(0.2)
            if await asyncio.to_thread(lambda: len(last_place(pilot)["footprint"]) == 4):
                break
        await publisher.close()

    asyncio.run(publish())
    assert [place["lat"] for place in places(pilot)][:4] == pytest.approx([41.1, 41.101, 41.102, 41.103])
    last = last_place(pilot)
    assert last["location"]["lat"] == pytest.approx(41.103)
    north = [globe.offset_m((41.103, 1.2), corner)[1] for corner in last["footprint"]]
    assert north[0] == pytest.approx(seen()[0][1], abs=0.1)  # of 16:9, as the stream is
    recorded.until(lambda: pilot.get(f"{path}/recordings").json()["lines_refused"] == 1, "the bad line is counted")


def last_place(client: httpx.Client) -> dict[str, Any]:
    items: list[dict[str, Any]] = client.get("/api/v1/positions/last").json()["items"]
    return next(one for one in items if one["device_id"] == "quay")


def places(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/api/v1/positions", params={"device_id": "quay"}).json()["items"]
    return items
