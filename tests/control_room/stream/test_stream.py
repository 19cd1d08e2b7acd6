"""The live stream: snapshot and changes make a fresh snapshot, and who comes back misses nothing."""

from __future__ import annotations

import itertools
import random
import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_room.devices.schemas import DeviceItem
from control_room.stream import publish
from tests.control_room import door as doors
from tests.control_room import messages, services
from tests.control_room.listener import ENDED, STREAM, WITHIN_S, Event, Screen, listening
from wire import topics


def _newest(door: doors.Door) -> int:
    return int(door.rows("SELECT coalesce(max(id), 0) AS id FROM stream")[0]["id"])


def _fresh(client: httpx.Client) -> Screen:
    with listening(client) as listener:
        return Screen(listener.next().data)


def test_it_begins_with_how_everything_is(door: doors.Door) -> None:
    door.ingest(messages.event())
    marta = door.as_person("marta")
    with listening(marta) as listener:
        snapshot = listener.next()
    assert (snapshot.name, snapshot.stream_id) == ("snapshot", _newest(door))
    assert snapshot.data == {
        "alerts": marta.get("/api/v1/alerts").json()["items"],
        "cameras": marta.get("/api/v1/cameras").json()["items"],
        "devices": [
            {name: item[name] for name in DeviceItem.model_fields}
            for item in marta.get("/api/v1/devices").json()["items"]
        ],
        "positions": marta.get("/api/v1/positions/last").json()["items"],
    }
    assert len(snapshot.data["alerts"]) == 1


def test_changes_come_as_the_lists_give_them(door: doors.Door) -> None:
    marta = door.as_person("marta")
    with listening(marta) as listener:
        assert listener.next().name == "snapshot"
        door.ingest(messages.event())
        events = listener.until(_newest(door))
        (item,) = marta.get("/api/v1/alerts").json()["items"]
        assert [event.data for event in events if event.name == "alert"] == [item]
        body = {"version": 1, "reason": "test"}
        marta.post(f"/api/v1/alerts/{item['alert_id']}/close", json=body).raise_for_status()
        closed = listener.next()
    assert (closed.name, closed.data["state"], closed.data["version"]) == ("alert", "closed", 2)


def test_snapshot_and_events_are_a_fresh_snapshot(door: doors.Door) -> None:
    """Whatever devices and people do meanwhile; the seed names the run."""
    marta, chance = door.as_person("marta"), random.Random(20261121)
    with listening(marta) as listener:
        screen = Screen(listener.next().data)
        for step in range(60):
            _do_something(door, marta, chance, step)
        for event in listener.until(_newest(door)):
            screen.take(event)
    fresh = _fresh(marta)
    assert screen == fresh
    assert len(fresh.alerts) > 3


def _do_something(door: doors.Door, marta: httpx.Client, chance: random.Random, step: int) -> None:
    alerts = marta.get("/api/v1/alerts").json()["items"]
    kind = chance.choice(["event", "event", "status", "act", "act", "act"])
    if kind == "event":
        known = {"event_id": chance.choice(alerts)["event_id"]} if alerts and chance.random() < 0.3 else {}
        phase = chance.choice(["updated", "closed"]) if known else "opened"
        door.ingest(messages.event(phase=phase, sequence=step + 1, **known))
    elif kind == "status":
        camera = messages.camera_status(state=chance.choice(["live", "dark"]), reason="chance")
        sent_at = messages.rfc3339(messages.NOON + timedelta(seconds=step))
        content = messages.status(online=chance.random() < 0.7, cameras=[camera], sent_at=sent_at)
        with door.connection() as connection:
            messages.add_device(connection)
            messages.ingest(connection, messages.delivery(content, topics.STATUS))
    elif alerts:
        alert = chance.choice(alerts)
        until = messages.rfc3339(door.clock() + timedelta(hours=1))
        action, body = chance.choice(
            [
                ("acknowledge", {}),
                ("close", {"reason": "no_action"}),
                ("reopen", {"reason": "again"}),
                ("shelve", {"until": until}),
                ("notes", {"note": "x"}),
            ]
        )
        path = f"/api/v1/alerts/{alert['alert_id']}/{action}"
        assert marta.post(path, json={"version": alert["version"], **body}).status_code in {200, 409}


def test_who_comes_back_gets_what_he_missed(door: doors.Door) -> None:
    marta = door.as_person("marta")
    with listening(marta) as listener:
        last = listener.next().stream_id
    door.ingest(messages.event(), messages.event(sequence=2))
    with listening(marta, last) as listener:
        missed = listener.until(_newest(door))
        door.ingest(messages.event(sequence=3))
        later = listener.until(_newest(door))
    seen = [(event.stream_id, event.name, event.data) for event in missed + later]
    assert seen == [(row["id"], row["kind"], row["payload"]) for row in door.rows("SELECT * FROM stream ORDER BY id")]
    assert len(seen) >= 4


def test_many_writers_and_a_browser_that_comes_and_goes(door: doors.Door) -> None:
    """Ids become visible in their order, so that what is read once is never lacking something older."""
    marta = door.as_person("marta")
    door.ingest(messages.event())
    count = itertools.count(1)
    writers = [threading.Thread(target=_write, args=(door, count, 25)) for _ in range(4)]
    with listening(marta) as listener:
        last = listener.next().stream_id
    for writer in writers:
        writer.start()
    seen: list[int | None] = []
    begun = last or 0
    while len(seen) < 100:
        with listening(marta, last) as listener:
            for _ in range(min(17, 100 - len(seen))):
                event = listener.next()
                seen.append(event.stream_id)
                last = event.stream_id
    for writer in writers:
        writer.join()
    assert seen == [row["id"] for row in door.rows("SELECT id FROM stream WHERE id > %s ORDER BY id", begun)]


def _write(door: doors.Door, count: itertools.count[int], times: int) -> None:
    with door.connection() as connection:
        for _ in range(times):
            with connection.transaction():
                publish.publish(connection, "device", {"device_id": "x", "number": next(count)})


@pytest.mark.parametrize("last_event_id", ["999999", "-1", "x", "9" * 30, "0"])
def test_who_was_away_too_long_begins_anew(door: doors.Door, last_event_id: str) -> None:
    door.ingest(messages.event(), messages.event(sequence=2))
    with door.connection() as connection:
        publish.prune(connection, messages.RECEIVED + timedelta(days=1000))
    with listening(door.as_person("marta"), last_event_id) as listener:
        snapshot = listener.next()
    assert snapshot.name == "snapshot"
    assert len(snapshot.data["alerts"]) == 2


def test_who_missed_nothing_gets_nothing(door: doors.Door) -> None:
    door.ingest(messages.event())
    newest = _newest(door)
    marta = door.as_person("marta")
    with listening(marta, newest) as listener:
        door.ingest(messages.event(sequence=2))
        assert listener.next().stream_id == newest + 1
    url = f"{STREAM}?last_event_id={newest}"
    with marta.stream("GET", url) as answer:
        lines = answer.iter_lines()
        found = next(line for line in lines if line.startswith("id: "))
    assert found == f"id: {newest + 1}"


def test_pilots_see_no_alerts(door: doors.Door) -> None:
    door.ingest(messages.event())
    pere = door.as_person("pere")
    with listening(pere) as listener:
        snapshot = listener.next()
        assert snapshot.data["alerts"] == []
        assert len(snapshot.data["cameras"]) == 1
        door.ingest(messages.event(camera_id="port", sequence=2))
        names = [event.name for event in listener.until(_newest(door) - 1)]
    assert names == ["camera"]
    with listening(pere, snapshot.stream_id) as listener:
        assert listener.next().name == "camera"


def test_devices_and_strangers_hear_nothing(door: doors.Door) -> None:
    assert doors.problem(door.client().get(STREAM)) == (401, "not-signed-in")
    assert doors.problem(door.as_device().get(STREAM)) == (403, "forbidden")


def test_the_clock_is_told(database_url: str, tmp_path: Path) -> None:
    with doors.opened(database_url, tmp_path, heartbeat_s=0.2) as door, listening(door.as_person("marta")) as listener:
        assert listener.next_heartbeat().data == {"at": "2026-11-21T12:00:02Z"}
        door.clock.move(seconds=10)
        services.wait_until(
            lambda: listener.next_heartbeat().data == {"at": "2026-11-21T12:00:12Z"}, WITHIN_S, "a beat"
        )


def test_it_ends_with_the_session(database_url: str, tmp_path: Path) -> None:
    with doors.opened(database_url, tmp_path, heartbeat_s=0.2) as door:
        marta, anna = door.as_person("marta"), door.as_person("anna")
        with listening(marta) as listener, listening(anna) as other:
            assert listener.next().name == other.next().name == "snapshot"
            marta.delete("/api/v1/session").raise_for_status()
            assert listener.next() == Event(ENDED)
            door.ingest(messages.event())
            assert other.next().name in {"alert", "camera", "device"}


def test_all_are_cut_off_while_the_database_cannot_be_heard(door: doors.Door) -> None:
    marta = door.as_person("marta")
    with listening(marta) as listener:
        last = listener.next().stream_id
        _cut_the_hubs_connection(door)
        assert listener.next() == Event(ENDED)
    door.ingest(messages.event())
    services.wait_until(lambda: marta.get("/api/v1/alerts").status_code == 200, WITHIN_S, "the database")
    services.wait_until(lambda: _can_listen(marta), WITHIN_S, "the live stream")
    with listening(marta, last) as listener:
        assert listener.next().stream_id == (last or 0) + 1


def _cut_the_hubs_connection(door: doors.Door) -> None:
    cut = door.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'talaia-stream' AND datname = current_database()"
    )
    assert len(cut) == 1


def _can_listen(client: httpx.Client) -> bool:
    with client.stream("GET", STREAM) as answer:
        return answer.status_code == 200


def test_a_browser_that_does_not_read_is_cut_off_and_resumes(door: doors.Door) -> None:
    marta, anna = door.as_person("marta"), door.as_person("anna")
    hub = door.app.state.hub
    with listening(anna) as listener, _silent_browser(door, marta):
        last = listener.next().stream_id or 0
        services.wait_until(lambda: len(hub) == 2, WITHIN_S, "both")
        big: dict[str, Any] = {"device_id": "x", "name": "x" * 60_000}
        for _ in range(50):
            with door.connection() as connection, connection.transaction():
                publish.publish_all(connection, "device", [big] * 50)
            listener.until(_newest(door))
            if len(hub) == 1:
                break
        assert len(hub) == 1
    with listening(marta, last) as listener:
        assert listener.next().stream_id == last + 1


def _silent_browser(door: doors.Door, client: httpx.Client) -> socket.socket:
    """Asks for the stream and reads nothing of it."""
    host, _, port = door.url.removeprefix("http://").partition(":")
    browser = socket.socket()
    browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    browser.connect((host, int(port)))
    token = client.cookies["talaia_session"]
    request = f"GET {STREAM} HTTP/1.1\r\nHost: room\r\nCookie: talaia_session={token}\r\n\r\n"
    browser.sendall(request.encode())
    return browser


def test_streams_are_limited(door: doors.Door) -> None:
    marta = door.as_person("marta")
    door.app.state.hub._most = 1
    with listening(marta) as listener:
        assert listener.next().name == "snapshot"
        assert doors.problem(door.as_person("anna").get(STREAM)) == (503, "unavailable")
    services.wait_until(lambda: _can_listen(marta), WITHIN_S, "the place given back")
