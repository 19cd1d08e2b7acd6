"""Drones and telephones publish with a token of their own; what is saved of their picture says who, what and when."""

from __future__ import annotations

import asyncio
import hashlib
import io
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from benchmarks.live import stubs
from control_room.live import sources
from tests.control_room import door as doors
from tests.control_room import flown
from tests.control_room.live.test_watching import MADE_UP
from tests.control_room.live.watched_room import Opener, WatchedRoom, until, viewing

SOURCES = "/api/v1/live/sources"
DRONE = {"name": "Dron 1", "kind": "drone", "purpose": "fire at the quay"}


def _register(room: WatchedRoom, by: str = "pere", **changes: Any) -> dict[str, Any]:
    answer = room.door.as_person(by).post(SOURCES, json={**DRONE, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _bearer(source: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {source['token']}"}


def test_a_source_is_registered_and_its_token_shown_once(room: WatchedRoom) -> None:
    flight_id = str(flown.add_flight(room.door))
    made = _register(room, flight_id=flight_id, purpose=None, device_id="quay")
    path = f"{SOURCES}/{made['source_id']}"
    assert made["addresses"][0] == {"kind": "whip", "url": f"{room.door.room.settings.http.url}{path}/whip"}
    found = room.door.as_person("marta").get(path).json()
    assert (found["flight_id"], found["device_id"], "token" in found) == (flight_id, "quay", False)
    rows = room.door.rows("SELECT * FROM live_sources") + room.audited("live.add_source")
    assert made["token"] not in str(rows)
    assert bytes(rows[0]["token_sha256"]) == hashlib.sha256(made["token"].encode()).digest()
    again = room.door.as_person("pere").post(f"{path}/token").json()
    assert again["token"] != made["token"]
    assert [each["actor"] for each in room.audited("live.renew_token")] == ["pere"]


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"purpose": None}, 422, "about:blank"),
        ({"kind": "balloon"}, 422, "about:blank"),
        ({"name": " "}, 422, "about:blank"),
        ({"flight_id": str(uuid.UUID(int=7))}, 422, "unknown-ground"),
        ({"authorisation_id": str(uuid.UUID(int=7))}, 422, "unknown-ground"),
        ({"device_id": "moon"}, 422, "unknown-ground"),
    ],
)
def test_a_source_without_a_ground_is_none(
    lasting_door: doors.Door, changes: dict[str, Any], status: int, name: str
) -> None:
    answer = lasting_door.as_person("pere").post(SOURCES, json={**DRONE, **changes})
    assert doors.problem(answer) == (status, name)


def test_there_are_not_more_than_the_settings_allow(open_room: Opener) -> None:
    room = open_room(sources_max=2)
    first, _ = _register(room), _register(room, name="Dron 2")
    pere = room.door.as_person("pere")
    assert doors.problem(pere.post(SOURCES, json=DRONE)) == (409, "too-many-sources")
    assert pere.delete(f"{SOURCES}/{first['source_id']}").status_code == 204
    _register(room, name="Dron 3")
    page = pere.get(SOURCES, params={"limit": 1}).json()
    assert [each["name"] for each in page["items"]] == ["Dron 3"]
    page = pere.get(SOURCES, params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert ([each["name"] for each in page["items"]], page["next_cursor"]) == (["Dron 2"], None)
    ended = pere.get(SOURCES, params={"ended": True}).json()["items"]
    assert [each["ended_at"] is None for each in ended] == [True, True, False]


def test_only_its_token_publishes(room: WatchedRoom) -> None:
    source, other = _register(room), _register(room, name="Dron 2")
    path = f"{SOURCES}/{source['source_id']}/whip"
    anybody = room.door.client()
    for given in ("", "Bearer", "Bearer x", "Basic eDp5", "Bearer é"):
        headers = [(b"Authorization", given.encode("latin-1")), (b"Content-Type", b"application/sdp")]
        answer = anybody.post(path, content=MADE_UP, headers=headers)
        assert doors.problem(answer) == (401, "wrong-publish-token"), given
    assert doors.problem(room.offer(anybody, MADE_UP, path, **_bearer(other))) == (401, "wrong-publish-token")
    nobody = f"{SOURCES}/{uuid.uuid4()}/whip"
    assert doors.problem(room.offer(anybody, MADE_UP, nobody, **_bearer(source))) == (401, "wrong-publish-token")
    read = room.offer(anybody, MADE_UP, path, **_bearer(source))
    assert doors.problem(read)[1] in {"malformed-sdp", "no-usable-codec"}


def test_a_publisher_without_an_account_is_told_of_the_servers_that_find_a_way(open_room: Opener) -> None:
    room = open_room(turn_servers=["turn:turn.example.org:3478"], turn_secret="shared by both")  # noqa: S106 - of tests
    source, anybody = _register(room), room.door.client()
    path = f"{SOURCES}/{source['source_id']}/ice"
    assert doors.problem(anybody.get(path)) == (401, "wrong-publish-token")
    [server] = anybody.get(path, headers=_bearer(source)).json()["ice_servers"]
    assert server["urls"] == ["turn:turn.example.org:3478"]
    assert server["credential"]
    room.door.as_person("pere").delete(f"{SOURCES}/{source['source_id']}").raise_for_status()
    assert doors.problem(anybody.get(path, headers=_bearer(source))) == (401, "wrong-publish-token")


def test_who_guesses_a_token_does_not_use_up_what_the_source_may(open_room: Opener) -> None:
    room = open_room(offers_a_minute=3)
    source, anybody = _register(room), room.door.client()
    path = f"{SOURCES}/{source['source_id']}/whip"
    wrong = [room.offer(anybody, "nothing", path, Authorization="Bearer guessed") for _ in range(5)]
    assert [answer.status_code for answer in wrong] == [401] * 3 + [429] * 2
    right = room.offer(anybody, "nothing", path, **_bearer(source))
    assert doors.problem(right) == (400, "malformed-sdp")


def test_a_drone_is_watched_saved_and_cut_off(room: WatchedRoom) -> None:
    source = _register(room)
    path = f"{SOURCES}/{source['source_id']}"
    pere, marta = room.door.as_person("pere"), room.door.as_person("marta")

    async def fly() -> None:
        drone, sent = stubs.Publisher(room.clip), list[httpx.Response]()
        async with viewing() as viewer:
            await drone.publish(room.signal(room.door.client(), f"{path}/whip", answers=sent, **_bearer(source)))
            await viewer.watch(room.signal(marta, f"{path}/whep", answers=[]))
            await until(lambda: viewer.pictures > 10, "pictures come")
            await asyncio.to_thread(_save, room, pere, path)
            await until(lambda: _shown(marta, source)["state"] == "live", "it is shown as live")
            shown = await asyncio.to_thread(_shown, marta, source)
            assert (shown["kind"], shown["watchers"][0]["user"]) == ("drone", "marta")
            assert (await asyncio.to_thread(pere.delete, path)).status_code == 204
        await drone.close()
        location = sent[0].headers["Location"]
        assert location.startswith(f"{path}/whip/")

    asyncio.run(fly())
    assert f"source/{source['source_id']}" not in {each["stream"] for each in room.media.streams()}
    published = room.audited("live.publish")[0]
    assert (published["actor_kind"], published["actor"]) == ("anonymous", source["source_id"])
    answer = room.offer(room.door.client(), MADE_UP, f"{path}/whip", **_bearer(source))
    assert doors.problem(answer) == (401, "wrong-publish-token")


def _shown(client: httpx.Client, source: dict[str, Any]) -> dict[str, Any]:
    """In the list of what is live."""
    items: list[dict[str, Any]] = client.get("/api/v1/live").json()["items"]
    return next(each for each in items if each["source_id"] == source["source_id"])


def _save(room: WatchedRoom, pere: httpx.Client, path: str) -> None:
    """Needs a reason; the picture says who saved what and when; nothing of it is kept."""
    refused = pere.post(f"{path}/picture", json={"note": "smoke"})
    assert doors.problem(refused) == (403, "reason-needed")
    source_id = path.rpartition("/")[2]
    reason = {"sources": [source_id], "object": "fire", "reason": "to plan the way in"}
    pere.post("/api/v1/viewing/reasons", json=reason).raise_for_status()
    saved = pere.post(f"{path}/picture", json={"note": "smoke"})
    assert saved.status_code == 200, saved.text
    with Image.open(io.BytesIO(saved.content)) as image:
        assert (image.format, image.size) == ("JPEG", (1280, 720))
        band = image.convert("L").crop((0, 690, 1280, 720))
        counts = band.histogram()
        assert sum(counts[:60]) > sum(counts[200:]) > 500, "white letters on a dark band"
    row = room.audited("live.picture")[0]
    assert (row["actor"], row["object_kind"], row["reason"]) == ("pere", "source", "to plan the way in")
    assert row["detail"]["sha256"] == hashlib.sha256(saved.content).hexdigest()
    assert (row["detail"]["note"], row["detail"]["object"]) == ("smoke", "fire")
    assert list(room.door.room.store.contents()) == []


def test_nothing_comes_of_a_source_that_sends_nothing(room: WatchedRoom) -> None:
    path = f"{SOURCES}/{_register(room)['source_id']}"
    marta = room.door.as_person("marta")
    assert doors.problem(room.offer(marta, MADE_UP, f"{path}/whep"))[1] in {"no-such-stream", "no-usable-codec"}
    reason = {"sources": [path.rpartition("/")[2]], "object": "fire", "reason": "to see"}
    marta.post("/api/v1/viewing/reasons", json=reason).raise_for_status()
    assert doors.problem(marta.post(f"{path}/picture", json={})) == (503, "no-picture")


def test_who_may_not_watch_drones_watches_only_his_own(room: WatchedRoom) -> None:
    mine, theirs = _register(room), _register(room, by="anna", name="Dron 2")
    anna, pere = room.door.as_person("anna"), room.door.as_person("pere")
    anna.put("/api/v1/users/pere/cameras", json={"all": True, "flights": False}).raise_for_status()
    path = f"{SOURCES}/{theirs['source_id']}"
    for method, url in (("POST", f"{path}/token"), ("DELETE", path), ("POST", f"{path}/picture")):
        answer = pere.request(method, url, json={} if url.endswith("picture") else None)
        assert doors.problem(answer) == (403, "not-your-camera"), url
    assert doors.problem(room.offer(pere, MADE_UP, f"{path}/whep")) == (403, "not-your-camera")
    shown = {each["name"]: each["may_watch"] for each in pere.get(SOURCES).json()["items"]}
    assert shown == {"Dron 1": True, "Dron 2": False}
    assert room.offer(pere, MADE_UP, f"{SOURCES}/{mine['source_id']}/whep").status_code != 403


def test_a_source_is_forgotten_when_the_years_of_flights_are_over(room: WatchedRoom) -> None:
    ended, other = _register(room), _register(room, name="Dron 2")
    room.door.as_person("pere").delete(f"{SOURCES}/{ended['source_id']}").raise_for_status()
    years = room.door.room.settings.retention.flight_years
    for days, left in ((365 * years - 1, 2), (366 * years + 1, 1)):
        with room.door.connection() as connection:
            sources.forget_old(connection, years, room.door.clock() + timedelta(days=days))
        assert len(room.door.rows("SELECT * FROM live_sources")) == left
    assert room.door.rows("SELECT source_id::text FROM live_sources")[0]["source_id"] == other["source_id"]
    assert [row["object_id"] for row in room.audited("live.forget_source")] == [ended["source_id"]]


def test_a_second_publisher_is_refused_while_the_first_sends(room: WatchedRoom) -> None:
    source = _register(room)
    path = f"{SOURCES}/{source['source_id']}/whip"

    async def both() -> list[int]:
        first, second = stubs.Publisher(room.clip), stubs.Publisher(room.clip)
        answers: list[httpx.Response] = []
        anybody = room.door.client()
        await first.publish(room.signal(anybody, path, answers=answers, **_bearer(source)))
        name = f"source/{source['source_id']}"
        await until(
            lambda: any(each["stream"] == name and each["fps"] > 0 for each in room.media.streams()), "it sends"
        )
        with pytest.raises(httpx.HTTPStatusError):
            await second.publish(room.signal(anybody, path, answers=answers, **_bearer(source)))
        third = stubs.Publisher(room.clip)
        await third.publish(room.signal(anybody, f"{path}?replace=true", answers=answers, **_bearer(source)))
        ended = answers[2].headers["Location"]
        assert (await asyncio.to_thread(anybody.delete, ended)).status_code == 401
        assert (await asyncio.to_thread(anybody.delete, ended, headers=_bearer(source))).status_code == 204
        for each in (first, second, third):
            await each.close()
        return [answer.status_code for answer in answers]

    assert asyncio.run(both()) == [201, 409, 201]
    ends = [row["end_reason"] for row in room.door.rows("SELECT * FROM live_sessions ORDER BY session_id")]
    assert ends == ["replaced", "left"]
