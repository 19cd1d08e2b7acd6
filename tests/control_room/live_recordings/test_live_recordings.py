"""What is kept of live video, with a real media process and FFmpeg as the drone."""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import signal
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import av
import httpx
import pytest
from playwright.sync_api import sync_playwright

from benchmarks.live import camera, stubs
from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS
from control_room.live_recordings import rewind
from control_room.sessions import cookie
from tests.control_room.door import problem
from tests.control_room.live_recordings.conftest import SECRET

if TYPE_CHECKING:
    from tests.control_room.live_recordings.conftest import Recorded


def add_flight(recorded: Recorded, **more: Any) -> uuid.UUID:
    flight_id = uuid.uuid4()
    given = {"state": "draft", "closed_at": None, **more, "flight_id": flight_id, "now": datetime.now(UTC)}
    with recorded.door.connection() as connection:
        connection.execute(
            "INSERT INTO flights (flight_id, pilot, created_at, created_by, updated_at, state, closed_at)"
            " VALUES (%(flight_id)s, 'pere', %(now)s, 'pere', %(now)s, %(state)s, %(closed_at)s)",
            given,
        )
    return flight_id


def pictures_in(content: bytes) -> int:
    with av.open(io.BytesIO(content), "r") as container:
        return sum(1 for _ in container.decode(video=0))


def recordings_of(client: httpx.Client, source_id: str) -> dict[str, Any]:
    page: dict[str, Any] = client.get(f"/api/v1/live/sources/{source_id}/recordings").json()
    return page


def give_reason(client: httpx.Client, **watched: str) -> None:
    body: dict[str, Any] = {"object": "a case", "reason": "what happened"}
    body |= {"sources": [watched["source_id"]]} if "source_id" in watched else {"cameras": [watched]}
    answer = client.post("/api/v1/viewing/reasons", json=body)
    assert answer.status_code < 300, answer.text


def test_a_drones_live_picture_is_recorded_under_its_flight_and_becomes_its_footage(recorded: Recorded) -> None:
    door, pilot = recorded.door, recorded.door.as_person("pere")
    flight_id = add_flight(recorded)
    source = recorded.add_source(pilot, flight_id=str(flight_id))
    with recorded.sending(recorded.rtmp(source)):
        recorded.until(lambda: recordings_of(pilot, source["source_id"])["recording"], "it is recorded")
        recorded.until(lambda: recordings_of(pilot, source["source_id"])["items"], "a first file is there")
    recorded.until(lambda: not recordings_of(pilot, source["source_id"])["recording"], "it is recorded no more")
    written = door.folder / "store" / "live" / recordings_of(pilot, source["source_id"])["items"][0]["recording_id"]
    recorded.until(lambda: not list(written.glob("*")), "what came after it is taken too")
    page = recordings_of(pilot, source["source_id"])
    assert (page["recording"], page["refusal"], page["fault"]) == (False, None, None)
    newest, *_, first = page["items"]
    assert newest["part"] > 1
    assert (first["part"], first["recording_id"]) == (1, newest["recording_id"])
    assert newest["captured_from"] >= first["captured_to"]
    files = pilot.get(f"/api/v1/flights/{flight_id}/footage").json()["items"]
    assert {each["footage_id"] for each in files} == {each["footage_id"] for each in page["items"]}
    assert [each["part"] for each in files] == list(range(1, len(files) + 1))
    assert {each["state"] for each in files} == {"ready"}
    assert {(each["width_px"], each["height_px"]) for each in files} == {(320, 240)}
    assert problem(pilot.get(first["url"]))[0] == httpx.codes.FORBIDDEN
    whole = pilot.get(first["url"], params={"reason": "the flight's report"})
    assert whole.status_code == httpx.codes.OK
    assert pictures_in(whole.content) == first["pictures"]
    part = pilot.get(first["url"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (httpx.codes.PARTIAL_CONTENT, whole.content[100:200])
    played = door.rows("SELECT actor, reason FROM audit WHERE action = 'live_recording.play'")
    assert played == [{"actor": "pere", "reason": "the flight's report"}]
    assert recorded.violations() == []


def test_without_a_flight_or_a_permission_nothing_is_recorded_and_the_list_says_why(recorded: Recorded) -> None:
    pilot = recorded.door.as_person("pere")
    source = recorded.add_source(pilot, purpose="to look")
    closed = recorded.add_source(
        pilot, flight_id=str(add_flight(recorded, state="closed", closed_at=datetime.now(UTC)))
    )
    with recorded.sending(recorded.rtmp(source)), recorded.sending(recorded.rtmp(closed)):
        recorded.until(lambda: recorded.frames_of(f"source/{source['source_id']}") > 10, "it is sent")
        recorded.until(lambda: recorded.frames_of(f"source/{closed['source_id']}") > 10, "it is sent")
        assert recordings_of(pilot, source["source_id"])["refusal"] == "no-ground"
        assert recordings_of(pilot, closed["source_id"])["refusal"] == "flight-closed"
        assert not {f"source/{each['source_id']}" for each in (source, closed)} & recorded.being_recorded()


def test_what_a_killed_media_process_had_recorded_is_there_after_its_next_start(mortal: Recorded) -> None:
    pilot = mortal.door.as_person("pere")
    permission = permit(mortal)
    source = mortal.add_source(pilot, authorisation_id=str(permission))
    live = mortal.door.folder / "store" / "live"
    with mortal.sending(mortal.rtmp(source)):
        mortal.until(lambda: any(each.stat().st_size > 30_000 for each in live.glob("*/*.part")), "it is written")
        mortal.media.send_signal(signal.SIGKILL)
        mortal.media.wait(20)
    from control_room.media import recording  # noqa: PLC0415 - as the next process does at its start

    assert recording.salvage(live) == 1
    mortal.until(lambda: recordings_of(pilot, source["source_id"])["items"], "it is taken")
    [item] = recordings_of(pilot, source["source_id"])["items"]
    assert item["authorisation_id"] == str(permission)
    assert item["footage_id"] is None
    assert recordings_of(pilot, source["source_id"])["refusal"] == "away"
    content = pilot.get(item["url"], params={"reason": "to see"}).content
    assert pictures_in(content) == item["pictures"] >= 25
    mortal.until(lambda: not list(live.glob("*/*")), "nothing is left where it was written")


def permit(recorded: Recorded) -> uuid.UUID:
    permission, now = uuid.uuid4(), datetime.now(UTC)
    with recorded.door.connection() as connection:
        connection.execute(
            "INSERT INTO authorisations (authorisation_id, kind, authority, reference, purpose, legal_regime,"
            " valid_from, valid_to, created_at, created_by)"
            " VALUES (%s, 'mobile', 'the town', '1', 'a feast', 'lo_7_2021', %s, %s, %s, 'anna')",
            (permission, now - timedelta(days=1), now + timedelta(days=1), now),
        )
    return permission


def test_one_goes_back_to_what_was_in_memory_and_seeks_in_it(recorded: Recorded) -> None:
    pilot = recorded.door.as_person("pere")
    source = recorded.add_source(pilot, purpose="to look")
    stream, path = f"source/{source['source_id']}", f"/api/v1/live/sources/{source['source_id']}/rewind.mp4"

    def wait_for_more() -> None:
        held = recorded.bytes_held(stream)
        recorded.until(lambda: recorded.bytes_held(stream) > held, "more has come")

    with recorded.sending(recorded.rtmp(source)):
        recorded.until(lambda: recorded.frames_of(stream) > 20, "it is sent")
        refused = pilot.get(path)
        assert problem(refused)[0] == httpx.codes.FORBIDDEN
        assert refused.json()["type"].endswith("reason-needed")
        give_reason(pilot, source_id=source["source_id"])
        whole = pilot.get(path, params={"seconds": 30, "take": "a"})
        assert whole.status_code == httpx.codes.OK, whole.text
        assert pictures_in(whole.content) > 25
        wait_for_more()
        assert pilot.get(path, params={"seconds": 30, "take": "b"}).content != whole.content
        plain = pilot.get(path, params={"seconds": 30}).content
        wait_for_more()
        assert pilot.get(path, params={"seconds": 30}).content != plain, "without one it is of now"
        again = pilot.get(path, params={"seconds": 30, "take": "a"}, headers={"Range": "bytes=1000-"})
        assert (again.status_code, again.content) == (httpx.codes.PARTIAL_CONTENT, whole.content[1000:])
        other = recorded.door.as_person("marta").get(path, params={"seconds": 30, "take": "a"})
        assert problem(other)[0] == httpx.codes.FORBIDDEN
    looked = recorded.door.rows("SELECT DISTINCT actor, reason FROM audit WHERE action = 'live.rewind'")
    assert looked == [{"actor": "pere", "reason": "what happened"}]
    gone = pilot.get(f"/api/v1/live/sources/{uuid.uuid4()}/rewind.mp4")
    assert gone.status_code == httpx.codes.NOT_FOUND


def test_going_back_again_and_again_fills_no_disk(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    pilot, other = recorded.door.as_person("pere"), recorded.door.as_person("marta")
    source = recorded.add_source(pilot, purpose="to look")
    path = f"/api/v1/live/sources/{source['source_id']}/rewind.mp4"
    kept = recorded.door.room.settings.store.directory / "rewinds"

    def back(client: httpx.Client, take: str) -> httpx.Response:
        return client.get(path, params={"seconds": 30, "take": take})

    with recorded.sending(recorded.rtmp(source)):
        recorded.until(lambda: recorded.frames_of(f"source/{source['source_id']}") > 20, "it is sent")
        for client in (pilot, other):
            give_reason(client, source_id=source["source_id"])
        theirs = back(other, "a").content
        monkeypatch.setattr(rewind, "EACH_MOST", 2)
        taken = {take: back(pilot, take).content for take in ("a", "b", "c")}
        own = [path.suffix for path in kept.glob(f"{hashlib.sha256(b'pere').hexdigest()[:16]}-*")]
        assert sorted(own) == [".json", ".json", ".mp4", ".mp4"]
        assert back(pilot, "c").content == taken["c"]
        assert back(other, "a").content == theirs
        monkeypatch.setattr(rewind, "ALL_MOST_BYTES", len(theirs) - 1)
        assert problem(back(pilot, "d")) == (503, "rewinds-full")
        assert back(other, "a").content == theirs, "nobody else's goes for it"
        monkeypatch.setattr(rewind, "A_MINUTE", 4)
        assert problem(back(pilot, "e")) == (429, "too-many-requests")


def test_a_clip_of_a_drone_becomes_evidence_of_the_alert_packet_by_packet(recorded: Recorded) -> None:
    door = recorded.door
    operator = door.as_person("marta")
    alert = door.alert()
    source = recorded.add_source(operator, purpose="to look")
    stream, path = f"source/{source['source_id']}", f"/api/v1/live/sources/{source['source_id']}/clip"
    with recorded.sending(recorded.rtmp(source)):
        recorded.until(lambda: recorded.frames_of(stream) > 20 and recorded.seconds_held(stream) > 2, "it is sent")
        assert problem(operator.post(path, json={}))[0] == httpx.codes.FORBIDDEN
        give_reason(operator, source_id=source["source_id"])
        door.clock.now = recorded.held_from(stream) + timedelta(seconds=1)  # so that pictures do follow
        after_s = math.ceil((datetime.now(UTC) - door.clock.now).total_seconds()) + 1
        wanted = {"seconds_before": 60, "seconds_after": after_s, "note": "the lorry", "alert_id": alert["alert_id"]}
        answer = operator.post(path, json=wanted)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        clip = f"/api/v1/live/clips/{answer.json()['clip_id']}"
        recorded.until(lambda: operator.get(clip).json()["state"] == "ready", "the clip")
    [file] = operator.get(clip).json()["evidence"]
    shown = operator.get(f"/api/v1/alerts/{alert['alert_id']}").json()["evidence"]
    assert [each["sha256"] for each in shown if each["evidence_id"] == file["evidence_id"]] == [file["sha256"]]
    content = operator.get(file["url"]).content  # the open alert is the reason
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert pictures_in(content) > 40
    assert file["captured_from"] < answer.json()["asked_at"] < file["captured_to"]
    custody = door.rows("SELECT action, reason FROM audit WHERE object_id = %s ORDER BY audit_id", file["evidence_id"])
    assert [each["action"] for each in custody] == ["evidence.receive", "evidence.play"]
    assert recorded.violations() == []
    with door.connection() as connection:
        protected = connection.execute("SELECT evidence_id FROM protected_evidence(now())").fetchall()
    assert (uuid.UUID(file["evidence_id"]),) in protected


def test_nothing_is_clipped_of_what_does_not_flow_or_is_not_there(recorded: Recorded) -> None:
    operator = recorded.door.as_person("marta")
    source = recorded.add_source(operator, purpose="to look")
    path = f"/api/v1/live/sources/{source['source_id']}/clip"
    give_reason(operator, source_id=source["source_id"])
    assert problem(operator.post(path, json={}))[1].endswith("nothing-to-clip")
    assert problem(operator.post(path, json={"alert_id": str(uuid.uuid4())}))[1].endswith("no-such-alert")
    assert operator.post(path, json={"seconds_before": 61}).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert operator.post(path, json={"seconds_after": 301}).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert operator.get(f"/api/v1/live/clips/{uuid.uuid4()}").status_code == httpx.codes.NOT_FOUND


def test_a_cameras_clip_is_asked_of_its_device_by_the_devices_own_clock(recorded: Recorded) -> None:
    door = recorded.door
    operator = door.as_person("marta")
    alert = door.alert(occurred_at=datetime.now(UTC).isoformat().replace("+00:00", "Z"))
    with door.connection() as connection:
        connection.execute("UPDATE devices SET clock_offset_s = 100, online = true")
    wanted = {"seconds_before": 20, "seconds_after": 0, "alert_id": alert["alert_id"]}
    answer = operator.post("/api/v1/cameras/placa/clip", json=wanted)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    item = answer.json()
    assert (item["state"], item["in_memory"]) == ("waiting", False)
    clip = f"/api/v1/live/clips/{item['clip_id']}"
    recorded.until(lambda: operator.get(clip).json()["state"] == "ordered", "its device is asked")
    [order] = door.rows("SELECT * FROM commands WHERE kind = 'recording_fetch'")
    assert (order["issued_by"], order["reason"]) == ("marta", f"alert {alert['alert_id']}")
    arguments = order["arguments"]
    assert (arguments["camera_id"], arguments["pixelated"], arguments["keep"]) == ("placa", False, True)
    ahead = datetime.fromisoformat(arguments["from"]) - datetime.fromisoformat(item["clip_from"])
    assert abs(ahead - timedelta(seconds=100)) < timedelta(seconds=1)
    with door.connection() as connection:
        connection.execute("UPDATE commands SET state = 'failed', error = 'nothing is recorded', ended_at = now()")
    recorded.until(lambda: operator.get(clip).json()["state"] == "failed", "it fails, for nothing was in memory")
    assert operator.get(clip).json()["error"] == "nothing is recorded"


def test_a_cameras_clip_comes_out_of_memory_where_its_device_cannot_be_asked(recorded: Recorded) -> None:
    door = recorded.door
    operator = door.as_person("marta")
    alert = door.alert(occurred_at=datetime.now(UTC).isoformat().replace("+00:00", "Z"))
    with door.connection() as connection:
        connection.execute("UPDATE devices SET online = false")

    async def watch_and_clip() -> str:
        publisher = stubs.Publisher(camera.clip(1.0, bits_s=500_000))

        async def signal(sdp: str) -> str:
            headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {SECRET}"}
            url = f"{recorded.media_url}/camera/quay/placa/whip"
            answer = await asyncio.to_thread(httpx.post, url, content=sdp, headers=headers, timeout=60)
            answer.raise_for_status()
            return answer.text

        await publisher.publish(signal)
        await asyncio.to_thread(recorded.until, lambda: recorded.frames_of("camera/quay/placa") > 10, "it is sent")
        wanted = {"seconds_before": 20, "seconds_after": 1, "alert_id": alert["alert_id"]}
        answer = await asyncio.to_thread(operator.post, "/api/v1/cameras/placa/clip", json=wanted)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        assert answer.json()["in_memory"]
        clip = f"/api/v1/live/clips/{answer.json()['clip_id']}"
        await asyncio.to_thread(recorded.until, lambda: operator.get(clip).json()["state"] == "ready", "the clip")
        await publisher.close()
        return clip

    [file] = operator.get(asyncio.run(watch_and_clip())).json()["evidence"]
    [row] = door.rows("SELECT device_id, camera_id, event_id, clip_alert_id FROM evidence WHERE kind = 'recording'")
    assert (row["device_id"], row["camera_id"], row["event_id"]) == ("quay", "placa", None)
    assert str(row["clip_alert_id"]) == alert["alert_id"]
    assert pictures_in(operator.get(file["url"]).content) > 10
    assert not door.rows("SELECT 1 FROM commands WHERE kind = 'recording_fetch'")


def test_only_administrators_say_where_a_source_is_fetched_and_the_password_is_told_to_nobody(
    recorded: Recorded,
) -> None:
    door = recorded.door
    administrator = door.as_person("anna")
    source = recorded.add_source(administrator, purpose="to look")
    path = f"/api/v1/live/sources/{source['source_id']}/pull"
    address = "rtsp://drone:secret@127.0.0.1:9/live"
    assert door.as_person("pere").put(path, json={"address": address}).status_code == httpx.codes.FORBIDDEN
    assert administrator.put(path, json={"address": "http://x/"}).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert administrator.put(path, json={"address": address}).status_code == httpx.codes.NO_CONTENT
    source_id = source["source_id"]
    assert fetched_from(administrator, source_id) == "127.0.0.1:9"
    recorded.until(lambda: recordings_of(administrator, source_id)["fetch_fault"], "it cannot be fetched")
    assert recordings_of(administrator, source_id)["fault"]
    assert "secret" not in str(recordings_of(administrator, source_id))
    [told] = door.rows("SELECT detail FROM audit WHERE action = 'live.set_pull'")
    assert told["detail"] == {"place": "127.0.0.1:9"}
    assert administrator.delete(path).status_code == httpx.codes.NO_CONTENT
    recorded.until(lambda: not recordings_of(administrator, source_id)["fault"], "it is fetched no more")
    assert fetched_from(administrator, source_id) is None
    unescaped = "rtsp://drone:p/w@127.0.0.1:9/live"
    assert administrator.put(path, json={"address": unescaped}).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert (
        administrator.put(path, json={"address": "rtsps://a:p@w@[::1]:322/live"}).status_code == httpx.codes.NO_CONTENT
    )
    assert fetched_from(administrator, source_id) == "[::1]:322"


def fetched_from(client: httpx.Client, source_id: str) -> Any:
    return client.get(f"/api/v1/live/sources/{source_id}").raise_for_status().json()["fetched_from"]


def test_chromium_plays_what_one_goes_back_to_and_seeks_in_it(recorded: Recorded) -> None:
    pilot = recorded.door.as_person("pere")
    source = recorded.add_source(pilot, purpose="to look")
    give_reason(pilot, source_id=source["source_id"])
    path = f"/api/v1/live/sources/{source['source_id']}/rewind.mp4?seconds=30&take=x"
    with recorded.sending(recorded.rtmp(source)):
        recorded.until(lambda: recorded.seconds_held(f"source/{source['source_id']}") > 6, "it is sent for a while")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            context = browser.new_context()
            context.add_cookies([{"name": cookie.NAME, "value": pilot.cookies[cookie.NAME], "url": recorded.door.url}])
            page = context.new_page()
            page.goto(f"{recorded.door.url}/healthz")
            played = page.evaluate(_PLAYS, path)
            browser.close()
    assert played["error"] is None
    assert played["duration_s"] > 5
    assert played["sought_s"] == 2.0
    assert played["reached_s"] > 2.2
    assert (played["width_px"], played["height_px"]) == (320, 240)


_PLAYS = """async path => {
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    const happens = name => new Promise(resolve => video.addEventListener(name, resolve, {once: true}));
    const failed = happens("error");
    video.src = path;
    await Promise.race([happens("loadeddata"), failed]);
    if (video.error) return {error: video.error.message};
    video.currentTime = 2;
    await happens("seeked");
    const sought_s = video.currentTime;
    await video.play();
    while (video.currentTime < 2.25 && !video.ended) await new Promise(resolve => setTimeout(resolve, 50));
    return {
        error: null, sought_s, reached_s: video.currentTime, duration_s: video.duration,
        width_px: video.videoWidth, height_px: video.videoHeight,
    };
}"""
