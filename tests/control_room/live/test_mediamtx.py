"""MediaMTX in the place of our own process: its questions as its documentation writes them, and our offers to it.

MediaMTX itself was not run; a small HTTP server stands where it would, and remembers what it was asked.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from control_room.live import tokens
from tests.control_room import door as doors
from tests.control_room.live.test_sources import DRONE, SOURCES
from tests.control_room.live.watched_room import Opener, WatchedRoom, offer_of

AUTH = "/api/v1/live/mediamtx/auth"
SECRET = "the-secret-of-live-video"  # noqa: S105 - of tests


@dataclass
class Standing:
    """Where MediaMTX would stand."""

    url: str
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    paths: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        place = path.partition("?")[0]
        if place == "/v3/webrtcsessions/list":
            return 200, {}, json.dumps({"itemCount": 0, "pageCount": 0, "items": self.sessions}).encode()
        if place == "/v3/paths/list":
            return 200, {}, json.dumps({"itemCount": 0, "pageCount": 0, "items": self.paths}).encode()
        if place.startswith("/v3/paths/get/"):
            name = place.removeprefix("/v3/paths/get/")
            found = [each for each in self.paths if each["name"] == name]
            return (200, {}, json.dumps(found[0]).encode()) if found else (404, {}, b'{"error":"path not found"}')
        if method == "POST" and place.endswith(("/whep", "/whip")):
            return 201, {"Location": f"{place}/a-secret", "Content-Type": "application/sdp"}, b"v=0\r\nanswer"
        return 204 if method == "PATCH" else 200, {}, b""


@pytest.fixture
def standing() -> Iterator[Standing]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stands.asked.append((self.command, self.path, dict(self.headers), body))
            status, headers, content = stands.answer(self.command, self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stands = Standing(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield stands
        server.shutdown()
        thread.join()


@pytest.fixture
def room(open_room: Opener, standing: Standing) -> WatchedRoom:
    return open_room(
        does_chores=False,  # they ask it too
        backend="mediamtx",
        mediamtx_url=standing.url,
        mediamtx_api_url=standing.url,
        secret=SECRET,
        start_wait_s=1.0,
    )


def _asks(room: WatchedRoom, **changes: str) -> httpx.Response:
    body = {
        "user": "",
        "password": "",
        "token": "",
        "ip": "203.0.113.9",
        "action": "read",
        "path": "camera/quay/placa",
        "protocol": "webrtc",
        "id": "6f8a2b1e-0000-4000-8000-000000000000",
        "query": "",
    }
    return room.door.client(address=None).post(AUTH, params={"secret": SECRET}, json={**body, **changes})


def test_only_who_knows_the_secret_may_ask(room: WatchedRoom) -> None:
    asked = {"action": "read", "path": "camera/quay/placa"}
    for secret in ("", "wrong", "é"):
        answer = room.door.client().post(AUTH, params={"secret": secret}, json=asked)
        assert doors.problem(answer) == (401, "not-signed-in")
    answer = room.door.client().post(AUTH, params={"secret": SECRET}, json={"action": "conquer"})
    assert doors.problem(answer) == (422, "about:blank")


def test_a_room_without_a_secret_lets_nobody_ask(door: doors.Door) -> None:
    answer = door.client().post(AUTH, params={"secret": ""}, json={"action": "read", "path": "x"})
    assert doors.problem(answer) == (401, "not-signed-in")


def test_nobody_reads_but_whom_the_room_sent(room: WatchedRoom) -> None:
    now = room.door.clock()
    word = tokens.for_mediamtx(SECRET, "read", "camera/quay/placa", now)
    assert _asks(room).status_code == 401
    assert _asks(room, user="marta", password=doors.PASSWORD).status_code == 401
    assert _asks(room, token=word).status_code == 204
    assert _asks(room, token=word, path="camera/quay/porta").status_code == 401
    assert _asks(room, token=word, action="publish").status_code == 401
    assert _asks(room, token=f"9999999999.{word.partition('.')[2]}").status_code == 401
    room.door.clock.move(seconds=1)
    assert _asks(room, token=word).status_code == 401, "a word lasts a minute"
    for action in ("api", "metrics", "pprof", "playback"):
        assert _asks(room, action=action, token=word).status_code == 401


def test_a_source_publishes_with_its_token_by_any_protocol(room: WatchedRoom) -> None:
    source = room.door.as_person("pere").post(SOURCES, json=DRONE).json()
    path = f"source/{source['source_id']}"
    right = {"action": "publish", "path": path, "protocol": "rtmp"}
    assert _asks(room, **right, token=source["token"]).status_code == 204
    assert _asks(room, **right, user="any", password=source["token"]).status_code == 204
    assert _asks(room, **right, token=source["token"][:-1]).status_code == 401
    assert _asks(room, **{**right, "path": "source/x"}, token=source["token"]).status_code == 401
    assert _asks(room, **{**right, "action": "read"}, token=source["token"]).status_code == 401
    row = room.audited("live.publish")[0]
    assert (row["actor"], row["address"], row["detail"]["protocol"]) == (source["source_id"], "203.0.113.9", "rtmp")
    room.door.as_person("pere").delete(f"{SOURCES}/{source['source_id']}").raise_for_status()
    assert _asks(room, **right, token=source["token"]).status_code == 401


def test_a_viewers_offer_goes_to_its_path_with_a_word_that_the_room_knows_again(
    room: WatchedRoom, standing: Standing
) -> None:
    standing.paths = [
        {"name": "camera/quay/placa/sub", "ready": True, "readyTime": "2026-11-21T12:00:00Z", "tracks": ["H264"]}
    ]
    marta = room.door.as_person("marta")
    answer = room.offer(marta, asyncio.run(offer_of()))
    assert (answer.status_code, answer.text) == (201, "v=0\r\nanswer")
    _, path, headers, _ = next(each for each in standing.asked if each[0] == "POST" and "/whep" in each[1])
    assert path.startswith("/camera/quay/placa/sub/whep?talaia=")
    token = headers["Authorization"].removeprefix("Bearer ")
    assert _asks(room, token=token, path="camera/quay/placa/sub").status_code == 204
    shown = marta.get("/api/v1/live").json()
    assert (shown["server"]["backend"], shown["items"][0]["state"]) == ("mediamtx", "live")
    assert shown["items"][0]["publications"][0]["last_packet_age_s"] is None, "MediaMTX does not tell it"
    assert marta.delete(answer.headers["Location"]).status_code == 204
    assert standing.asked[-1][:2] == ("DELETE", "/camera/quay/placa/sub/whep/a-secret")


def test_who_is_not_in_its_list_of_sessions_is_ended(room: WatchedRoom, standing: Standing) -> None:
    standing.paths = [{"name": "camera/quay/placa/sub", "available": True, "tracks": ["H264"]}]
    room.offer(room.door.as_person("marta"), asyncio.run(offer_of())).raise_for_status()
    path = next(each[1] for each in standing.asked if "talaia=" in each[1])
    standing.sessions = [{"id": "1", "path": "camera/quay/placa/sub", "query": path.partition("?")[2], "state": "read"}]
    room.door.clock.move(seconds=6)
    room_keeps(room)
    assert room.audited("live.end") == []
    standing.sessions = []
    room_keeps(room)
    assert [each["result"] for each in room.audited("live.end")] == ["vanished"]


def room_keeps(room: WatchedRoom) -> None:
    """What each serving process does by the clock."""
    from control_room.live import keeping  # noqa: PLC0415 - only here

    keeping.look(room.door.room, room.door.clock())


def test_pictures_are_not_had_from_it(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")
    reason = {"cameras": [{"device_id": "quay", "camera_id": "placa"}], "object": "case", "reason": "why"}
    marta.post("/api/v1/viewing/reasons", json=reason).raise_for_status()
    answer = marta.post("/api/v1/cameras/placa/picture", json={})
    assert doors.problem(answer) == (501, "not-with-mediamtx")
