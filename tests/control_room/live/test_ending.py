"""Nothing is sent or watched for longer than somebody may: limits are not renewed by what they limit."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks.live import stubs
from control_room.live import keeping
from tests.control_room.live.test_sources import SOURCES, _bearer, _register
from tests.control_room.live.watched_room import Opener, WatchedRoom, until, viewing


def _ends(room: WatchedRoom, kind: str) -> list[str]:
    return [each["result"] for each in room.audited("live.end") if each["detail"]["kind"] == kind]


def _publishers(room: WatchedRoom) -> list[dict[str, Any]]:
    return [each for each in room.media.sessions() if each["role"] == "publisher"]


def _change(room: WatchedRoom, statement: str) -> None:
    with room.door.connection() as connection:
        connection.execute(statement)


def test_a_device_that_does_not_stop_is_stopped(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        async with room.obeying():
            async with viewing() as viewer:
                await viewer.watch(room.signal(marta, answers=[]))
            room.door.clock.move(seconds=6)
            await until(lambda: _ends(room, "view"), "he is gone")
            room.door.clock.move(seconds=21)
            await until(lambda: room.ordered("live_stop"), "the device is told to stop")
            assert await asyncio.to_thread(_ends, room, "publish") == []
            room.door.clock.move(seconds=11)
            await until(lambda: _ends(room, "publish") == ["withdrawn"], "it goes on, and is ended")
            assert await asyncio.to_thread(_publishers, room) == []

    asyncio.run(watch())


def test_a_device_that_is_revoked_sends_no_more(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        async with room.obeying(), viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=[]))
            await asyncio.to_thread(_change, room, "UPDATE devices SET revoked_at = now()")
            await until(lambda: _ends(room, "publish") == ["withdrawn"], "it is ended")
            assert await asyncio.to_thread(_publishers, room) == []

    asyncio.run(watch())


@pytest.mark.parametrize("change", ["ended_at = created_at", "token_made_at = created_at + interval '1 hour'"])
def test_a_source_that_begins_while_it_is_ended_or_gets_another_token_is_ended(room: WatchedRoom, change: str) -> None:
    source = _register(room)
    path = f"{SOURCES}/{source['source_id']}/whip"

    async def send() -> None:
        publisher = stubs.Publisher(room.clip)
        await publisher.publish(room.signal(room.door.client(), path, answers=[], **_bearer(source)))
        ended = ", ended_by = 'pere'" if "ended" in change else ""
        await asyncio.to_thread(_change, room, f"UPDATE live_sources SET {change}{ended}")  # noqa: S608 - of this file
        await until(lambda: _ends(room, "publish") == ["withdrawn"], "it is ended")
        assert await asyncio.to_thread(_publishers, room) == []
        await publisher.close()

    asyncio.run(send())


def test_a_clock_that_is_set_back_does_not_keep_a_camera_sent(room: WatchedRoom) -> None:
    marta = room.door.as_person("marta")

    async def watch() -> None:
        async with room.obeying():
            async with viewing() as viewer:
                await viewer.watch(room.signal(marta, answers=[]))
            room.door.clock.move(seconds=6)
            await until(lambda: _ends(room, "view"), "he is gone")
            room.door.clock.move(minutes=-50)
            behind = "SELECT watched_at FROM live_publications WHERE watched_at <= %s"
            await until(lambda: room.door.rows(behind, room.door.clock.now), "it is seen that the clock goes otherwise")
            assert room.ordered("live_stop") == []
            room.door.clock.move(seconds=21)
            await until(lambda: room.ordered("live_stop"), "the device is told to stop")

    asyncio.run(watch())
    assert room.door.rows("SELECT * FROM live_publications") == []


def test_where_a_reason_is_required_a_picture_ends_with_it(open_room: Opener) -> None:
    room = open_room(reason_required=True)
    marta = room.door.as_person("marta")
    reason = {"cameras": [{"device_id": "quay", "camera_id": "placa"}], "object": "case", "reason": "a call"}
    marta.post("/api/v1/viewing/reasons", json=reason).raise_for_status()

    async def watch() -> None:
        async with room.obeying(), viewing() as viewer:
            await viewer.watch(room.signal(marta, answers=[]))
            room.door.clock.move(minutes=14)
            await until(lambda: len(room.ordered("live_start")) > 1, "it is asked on")
            assert await asyncio.to_thread(_ends, room, "view") == []
            room.door.clock.move(minutes=2)
            await until(lambda: _ends(room, "view") == ["reason-over"], "the picture ends")

    asyncio.run(watch())


def test_who_watches_without_being_written_down_is_ended(room: WatchedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a process that was killed between the answer and its row."""
    marta = room.door.as_person("marta")

    unknown: list[str] = []

    async def directly(sdp: str) -> str:
        answer = await asyncio.to_thread(room.media.offer, "camera/quay/placa/sub", "whep", sdp)
        unknown.append(answer.headers["Location"].rpartition("/")[2])
        return answer.text

    async def watch() -> None:
        async with room.obeying(), viewing() as his, viewing() as hers:
            await his.watch(room.signal(marta, answers=[]))
            monkeypatch.setattr(keeping, "_UNKNOWN_AFTER_S", 1.0)  # now that his is written down
            await hers.watch(directly)
            await until(
                lambda: not {each["session_id"] for each in room.media.sessions()} & set(unknown), "hers is ended"
            )
            before = his.pictures
            await until(lambda: his.pictures > before + 10, "his goes on")
            assert await asyncio.to_thread(_ends, room, "view") == []

    asyncio.run(watch())
