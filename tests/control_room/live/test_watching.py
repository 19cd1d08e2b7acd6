"""From a viewer's offer to his picture and its end: a real media process, a device that obeys, viewers by aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import httpx
import pytest

from benchmarks.live import stubs
from control_room.live import keeping
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.live.watched_room import WHEP, Opener, WatchedRoom, offer_of, until, viewing
from wire import topics
from wire.live import StartLive

MADE_UP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:x\r\n"
    "a=fingerprint:none\r\n"
)


def _live(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/api/v1/live").json()
    assert answer["server"]["reachable"] is True, answer["server"]
    item: dict[str, Any] = answer["items"][0]
    return item


def test_a_camera_is_watched_and_its_device_sends_only_meanwhile(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")
    assert (_live(marta)["state"], _live(marta)["may_watch"]) == ("off", True)

    async def watch() -> None:
        answers: list[httpx.Response] = []
        async with room.obeying() as asked, viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=answers))
            await until(lambda: viewer.pictures > 10, "pictures come")
            assert (asked[0].camera_id, asked[0].stream) == ("placa", "sub")
            await until(lambda: _live(marta)["state"] == "live", "it is shown as live")
            shown = await asyncio.to_thread(_live, marta)
            assert [each["user"] for each in shown["watchers"]] == ["marta"]
            assert [each["stream"] for each in shown["publications"]] == ["sub"]
            assert shown["publications"][0]["width_px"] == 1280
            await asyncio.to_thread(_leave, room, marta, answers[0].headers["Location"])

    asyncio.run(watch())
    for _ in range(3):  # that it is looked after is no watching
        assert room.ordered("live_stop") == []
        room.door.clock.move(seconds=7)
        keeping.look(room.door.room, room.door.clock())
    wait_until(lambda: bool(room.ordered("live_stop")), "the device is told to stop")
    assert room.ordered("live_stop")[0].arguments == {"camera_id": "placa", "stream": "sub"}
    assert len(room.ordered("live_start")) == 1
    assert room.door.rows("SELECT * FROM live_publications") == []


def _leave(room: WatchedRoom, client: httpx.Client, location: str) -> None:
    session_id = location.rpartition("/")[2]
    assert doors.problem(room.door.as_person("anna").delete(location)) == (404, "no-such-session")
    assert client.delete(location).status_code == 204
    assert doors.problem(client.delete(location)) == (404, "no-such-session")
    begun, ended = room.audited("live.view")[0], room.audited("live.end")[0]
    assert (begun["actor"], begun["object_kind"], begun["object_id"]) == ("marta", "camera", "quay/placa")
    assert begun["detail"] == {"session_id": session_id, "stream": "camera/quay/placa/sub", "alert_id": None}
    assert (ended["actor"], ended["result"], ended["detail"]["session_id"]) == ("marta", "left", session_id)
    assert session_id not in {each["session_id"] for each in room.media.sessions()}


def wait_until(condition: Any, what: str) -> None:
    asyncio.run(until(condition, what))


def test_it_is_asked_on_while_somebody_watches(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        async with room.obeying() as asked, viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=[]))
            room.door.clock.move(minutes=6)
            await until(lambda: len(room.ordered("live_start")) > 1, "it is asked again")
            again = room.ordered("live_start")[1]
            assert again.arguments["token"] == asked[0].token
            assert StartLive.model_validate(again.arguments).until > asked[0].until
            assert (again.issued_by, room.ordered("live_stop")) == ("room", [])

    asyncio.run(watch())


def test_who_vanishes_is_ended(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        async with room.obeying():
            viewer = stubs.Viewer()
            await viewer.watch(room.signal(marta, answers=[]))
            await viewer.vanish()
            await asyncio.to_thread(_end_viewers, room)
            room.door.clock.move(seconds=6)
            await until(lambda: "vanished" in _ends(room), "it is noticed that he vanished")
            await viewer.close()

    asyncio.run(watch())
    assert [each for each in room.media.sessions() if each["role"] == "viewer"] == []
    assert asyncio.run(asyncio.to_thread(_live, marta))["watchers"] == []


def _end_viewers(room: WatchedRoom) -> None:
    """As the media process does when nothing was heard of them for `silent_viewer_s` (test_hub.py)."""
    with room.media.client() as client:
        for each in room.media.sessions():
            if each["role"] == "viewer":
                client.delete(f"/sessions/{each['session_id']}").raise_for_status()


def test_who_may_watch_no_more_is_ended(room: WatchedRoom) -> None:
    marta, anna = room.door.as_person("marta"), room.door.as_person("anna")

    async def watch() -> None:
        async with room.obeying(), viewing() as his, viewing() as hers:
            await his.watch(room.signal(marta, answers=[]))
            await hers.watch(room.signal(anna, answers=[]))
            only = {"all": False, "cameras": []}
            assert (await asyncio.to_thread(anna.put, "/api/v1/users/marta/cameras", json=only)).status_code == 200
            await until(lambda: "withdrawn" in _ends(room), "he may watch no more")
            shown = await asyncio.to_thread(_live, anna)
            assert [each["user"] for each in shown["watchers"]] == ["anna"]

    asyncio.run(watch())


def _ends(room: WatchedRoom) -> set[str]:
    return {each["result"] for each in room.audited("live.end") if each["detail"]["kind"] == "view"}


def test_logging_out_ends_the_picture(room: WatchedRoom) -> None:
    marta, anna = room.door.as_person("marta"), room.door.as_person("anna")

    async def watch() -> None:
        async with room.obeying(), viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=[]))
            await asyncio.to_thread(marta.delete, "/api/v1/session")
            await until(lambda: "withdrawn" in _ends(room), "the picture ends")
            assert (await asyncio.to_thread(_live, anna))["watchers"] == []

    asyncio.run(watch())


def test_why_there_is_no_picture_is_said(open_room: Opener) -> None:
    room, hasty = open_room(), open_room(start_wait_s=1.0)
    marta = room.door.as_person("marta")
    offer = asyncio.run(offer_of())
    assert doors.problem(room.offer(marta, offer, "/api/v1/cameras/moon/whep")) == (404, "no-such-camera")
    assert doors.problem(hasty.offer(hasty.door.as_person("marta"), offer)) == (504, "not-in-time")
    room.door.rows(
        "UPDATE commands SET state = 'failed', error = 'masked: its mask zones are not painted', ended_at = now()"
        " RETURNING 1"
    )
    asked = len(room.ordered("live_start"))
    again = room.offer(marta, offer)
    assert doors.problem(again) == (409, "device-refuses")
    assert "its mask zones are not painted" in again.json()["detail"]
    assert len(room.ordered("live_start")) == asked, "its refusal is an answer for a while"
    for each in (room, hasty):
        each.door.clock.move(seconds=6)
    _fail_next(room)
    room.door.rows("UPDATE cameras SET state = 'dark', reason = 'no packets for 12 s' RETURNING 1")
    dark = room.offer(marta, offer)
    assert doors.problem(dark) == (409, "camera-dark")
    assert "no packets for 12 s" in dark.json()["detail"]
    room.door.rows("UPDATE devices SET online = false RETURNING 1")
    assert doors.problem(room.offer(marta, offer)) == (409, "device-offline")
    with room.door.connection() as connection:
        messages.add_device(connection, "pier")
        status = messages.status("pier", cameras=[messages.camera_status()])
        messages.ingest(connection, messages.delivery(status, topics.STATUS, device_id="pier"))
    ambiguous = room.offer(marta, offer)
    assert doors.problem(ambiguous) == (409, "ambiguous-camera")
    assert ambiguous.json()["devices"] == ["pier", "quay"]
    assert room.audited("live.view") == []


def _fail_next(room: WatchedRoom) -> None:
    """The device refuses the command that it gets now."""
    marta = room.door.as_person("marta")

    async def both() -> httpx.Response:
        offer = await offer_of()
        asking = asyncio.create_task(asyncio.to_thread(room.offer, marta, offer))
        refuse = (
            "UPDATE commands SET state = 'failed', error = 'codec: browsers do not play it', ended_at = now()"
            " WHERE kind = 'live_start' AND state = 'queued' RETURNING 1"
        )
        await until(lambda: room.door.rows(refuse), "the device is asked")
        return await asking

    answer = asyncio.run(both())
    assert doors.problem(answer) == (409, "device-refuses")
    assert answer.json()["refusal"] == "codec"


def test_what_is_no_offer_asks_nobody_for_anything(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")
    for body in (b"", b"hello", b"v=0\r\n", b"v=0\r\nm=\x00", b"{}", b"v=0\r\nm=video\r\n" * 4000, b"x" * 70_000):
        answer = marta.post(WHEP, content=body, headers={"Content-Type": "application/sdp"})
        assert doors.problem(answer)[0] in {400, 413}, body[:20]
    assert room.ordered("live_start") == []


def test_what_the_media_process_refuses_is_said_in_its_words(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")
    assert doors.problem(marta.post(WHEP, json={})) == (415, "not-sdp")

    async def offered() -> tuple[httpx.Response, httpx.Response]:
        only_vp8 = await offer_of(codec="video/VP8")
        async with room.obeying():
            first = await asyncio.to_thread(room.offer, marta, only_vp8)
            return first, await asyncio.to_thread(room.offer, marta, MADE_UP)

    codec, made_up = asyncio.run(offered())
    assert doors.problem(codec) == (406, "no-usable-codec")
    assert doors.problem(made_up)[0] in {400, 406}
    assert room.audited("live.view") == []


def test_a_hundred_offers_a_second_are_too_many(open_room: Opener) -> None:
    room = open_room(offers_a_minute=10)
    marta = room.door.as_person("marta")
    answers = [room.offer(marta, "nothing", "/api/v1/cameras/moon/whep") for _ in range(100)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429] * 90
    assert doors.problem(answers[-1]) == (429, "too-many-requests")
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert room.offer(room.door.as_person("anna"), "nothing").status_code == 400, "others are not kept out"


def test_offers_are_counted_for_all_serving_processes(open_room: Opener) -> None:
    first, second = open_room(offers_a_minute=4), open_room(offers_a_minute=4)
    here, elsewhere = first.door.as_person("marta"), second.door.as_person("marta")
    answers = [first.offer(client, "nothing", "/api/v1/cameras/moon/whep") for client in (here, elsewhere) * 3]
    assert [answer.status_code for answer in answers] == [400] * 4 + [429] * 2


def test_where_a_reason_is_required_live_pictures_need_one_too(open_room: Opener) -> None:
    room = open_room(reason_required=True, start_wait_s=1.0)
    marta, offer = room.door.as_person("marta"), asyncio.run(offer_of())
    assert doors.problem(room.offer(marta, offer)) == (403, "reason-needed")
    reason = {"cameras": [{"device_id": "quay", "camera_id": "placa"}], "object": "case", "reason": "a call"}
    marta.post("/api/v1/viewing/reasons", json=reason).raise_for_status()
    assert doors.problem(room.offer(marta, offer)) == (504, "not-in-time")


def test_an_alert_of_another_camera_opens_nothing(room: WatchedRoom) -> None:
    alert = room.door.alert(camera_id="porta")
    answer = room.offer(room.door.as_person("marta"), MADE_UP, f"{WHEP}?alert_id={alert['alert_id']}")
    assert doors.problem(answer) == (422, "wrong-alert")


def test_pilots_watch_no_cameras_and_operators_only_theirs(room: WatchedRoom) -> None:
    assert doors.problem(room.offer(room.door.as_person("pere"), MADE_UP)) == (403, "forbidden")
    marta = room.door.as_person("marta")
    room.door.as_person("anna").put("/api/v1/users/marta/cameras", json={"all": False}).raise_for_status()
    assert doors.problem(room.offer(marta, MADE_UP)) == (403, "not-your-camera")
    picture = marta.post("/api/v1/cameras/placa/picture", json={})
    assert doors.problem(picture) == (403, "not-your-camera")
    assert (_live(marta)["may_watch"], _live(marta)["whep_url"]) == (False, None)


def test_without_the_media_process_the_room_says_so(open_room: Opener) -> None:
    away = open_room(builtin_url="http://127.0.0.1:9")
    marta = away.door.as_person("marta")
    assert doors.problem(away.offer(marta, MADE_UP)) == (503, "live-away")
    server = marta.get("/api/v1/live").json()["server"]
    assert (server["reachable"], server["backend"]) == (False, "builtin")
    assert server["fault"]


def test_a_room_without_the_secret_has_no_live_video(door: doors.Door) -> None:
    with door.connection() as connection:
        status = messages.status(cameras=[messages.camera_status()])
        messages.add_device(connection)
        messages.ingest(connection, messages.delivery(status, topics.STATUS))
    marta = door.as_person("marta")
    answer = marta.post(WHEP, content=MADE_UP, headers={"Content-Type": "application/sdp"})
    assert doors.problem(answer) == (503, "live-off")


class TestPublishing:
    """A device sends its own cameras, only when asked, only with that command's token."""

    @pytest.fixture
    def asked(self, room: WatchedRoom) -> tuple[WatchedRoom, str]:
        """The token of a command that the device got."""
        with room.door.connection() as connection, connection.transaction():
            from control_room import callers  # noqa: PLC0415 - only here
            from control_room.live import publishing  # noqa: PLC0415 - only here

            camera = publishing.resolve(connection, "placa", "quay")
            publishing.ask(connection, room.door.room, camera, "camera/quay/placa", callers.ROOM, flows=False)
        return room, room.ordered("live_start")[0].arguments["token"]  # type: ignore[return-value]

    def test_nobody_asked(self, room: WatchedRoom) -> None:
        answer = room.offer(room.device, MADE_UP, "/api/v1/cameras/placa/whip")
        assert doors.problem(answer) == (403, "not-asked")

    def test_a_wrong_token(self, asked: tuple[WatchedRoom, str]) -> None:
        room, right = asked
        for token in ("", "x", "é", "A" * 43, right[:-1]):
            headers = [(b"Talaia-Live-Token", token.encode("latin-1")), (b"Content-Type", b"application/sdp")]
            answer = room.device.post("/api/v1/cameras/placa/whip", content=MADE_UP, headers=headers)
            assert doors.problem(answer) == (403, "not-asked"), token

    def test_another_device_or_camera_or_picture_than_was_asked_for(self, asked: tuple[WatchedRoom, str]) -> None:
        room, token = asked
        header = {"Talaia-Live-Token": token}
        liar = room.door.as_device("pier")
        assert doors.problem(room.offer(liar, MADE_UP, "/api/v1/cameras/placa/whip", **header)) == (403, "not-asked")
        for path in ("/api/v1/cameras/porta/whip", "/api/v1/cameras/placa/whip?stream=sub"):
            assert doors.problem(room.offer(room.device, MADE_UP, path, **header)) == (403, "not-asked")
        person = room.offer(room.door.as_person("anna"), MADE_UP, "/api/v1/cameras/placa/whip", **header)
        assert doors.problem(person) == (403, "forbidden")
        right = room.offer(room.device, MADE_UP, "/api/v1/cameras/placa/whip", **header)
        assert doors.problem(right)[1] in {"malformed-sdp", "no-usable-codec"}, "the media process reads it"

    def test_too_late(self, asked: tuple[WatchedRoom, str]) -> None:
        room, token = asked
        room.door.rows("UPDATE live_publications SET until = %s RETURNING 1", room.door.clock())
        answer = room.offer(room.device, MADE_UP, "/api/v1/cameras/placa/whip", **{"Talaia-Live-Token": token})
        assert doors.problem(answer) == (403, "not-asked")

    def test_its_token_stands_nowhere_but_in_the_command(self, asked: tuple[WatchedRoom, str]) -> None:
        room, token = asked
        for table in ("audit", "stream", "live_publications"):
            assert not [row for row in room.door.rows(f"SELECT * FROM {table}") if token in str(row)], table  # noqa: S608 - names of this line


def test_several_serving_processes_ask_and_stop_a_device_once(open_room: Opener) -> None:
    one, other = open_room(), open_room()
    clients = [room.door.as_person(name) for room in (one, other) for name in ("marta", "anna")]

    async def watch() -> None:
        async with other.obeying(), contextlib.AsyncExitStack() as stack:
            viewers = [await stack.enter_async_context(viewing()) for _ in clients]
            rooms = (one, one, other, other)
            signals = [room.signal(client, answers=[]) for room, client in zip(rooms, clients, strict=True)]
            await asyncio.gather(*(viewer.watch(signal) for viewer, signal in zip(viewers, signals, strict=True)))
            shown = await asyncio.to_thread(_live, clients[0])
            assert sorted(each["user"] for each in shown["watchers"]) == ["anna", "marta"]
            assert len(one.ordered("live_start")) == 1

    asyncio.run(watch())
    for room in (one, other):
        room.door.clock.move(seconds=6)
    wait_until(lambda: len(_ended_views(one)) == len(clients), "it is noticed that they left")
    for room in (one, other):
        room.door.clock.move(seconds=21)
    wait_until(lambda: one.door.rows("SELECT * FROM live_publications") == [], "the device is told to stop")
    assert (len(one.ordered("live_start")), len(one.ordered("live_stop"))) == (1, 1)


def _ended_views(room: WatchedRoom) -> list[dict[str, Any]]:
    return [each for each in room.audited("live.end") if each["detail"]["kind"] == "view"]


def test_a_device_that_begins_anew_is_asked_again(open_room: Opener) -> None:
    room = open_room(start_wait_s=1.0)
    marta, offer = room.door.as_person("marta"), asyncio.run(offer_of())
    for asked in (1, 1, 2):
        assert doors.problem(room.offer(marta, offer)) == (504, "not-in-time")
        assert len(room.ordered("live_start")) == asked
        room.door.clock.move(seconds=10)
    tokens = {each.arguments["token"] for each in room.ordered("live_start")}
    assert len(tokens) == 1


def test_candidates_that_come_later_reach_the_media_process(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        answers: list[httpx.Response] = []
        async with room.obeying(), viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=answers))
            location = answers[0].headers["Location"]
            fragment = "a=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n"
            trickle = {"Content-Type": "application/trickle-ice-sdpfrag"}
            for url, kind, status in (
                (location, trickle, 204),
                (location, {"Content-Type": "text/plain"}, 415),
                (f"/api/v1/live/sessions/{uuid.uuid4()}", trickle, 404),
            ):
                answer = await asyncio.to_thread(marta.patch, url, content=fragment, headers=kind)
                assert answer.status_code == status, answer.text

    asyncio.run(watch())
