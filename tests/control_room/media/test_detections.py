"""What an agent sees reaches the viewers who asked for it, with the timestamp of its picture; garbage harms nobody."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiortc import RTCDataChannel

from benchmarks.live import stubs
from control_room.media.detections import LINES_S_MAX, Passing, Seen
from control_room.media.hub import Hub
from tests.control_room.media.media_process import STREAM, clip, hub, until, whep, whip
from wire.live import DETECTIONS_CHANNEL

pytestmark = pytest.mark.timeout(240)
WALKER = {"label": "person", "confidence": 0.9, "track_id": 4, "box": [0.1, 0.2, 0.3, 0.9]}


def line(timestamp: int = 9000, **changes: Any) -> str:
    content = {"captured_at": "2026-11-22T10:00:00Z", "rtp_timestamp": timestamp, "objects": [WALKER]}
    return json.dumps(content | changes)


class Agent:
    """Notes whether lines are wanted of it."""

    def __init__(self) -> None:
        self.wanted: list[bool] = []

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - as it is called
        self.wanted.append(wanted)


class Page:
    """Notes what it is shown."""

    def __init__(self) -> None:
        self.shown: list[Seen] = []

    def show(self, seen: Seen) -> None:
        self.shown.append(seen)


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def now_s(self) -> float:
        return self.at_s


def passing(clock: Clock) -> Passing:
    return Passing(lambda theirs: theirs + 500 if theirs < 1_000_000 else None, clock.now_s)


def test_nothing_is_wanted_or_taken_while_nobody_watches() -> None:
    clock, agent, page = Clock(), Agent(), Page()
    beside = passing(clock)
    beside.begin(agent)
    beside.take(agent, line())
    assert (agent.wanted, beside.lines, beside.refused) == ([], 0, 0)
    beside.join(page)
    beside.join(page)
    beside.take(agent, line())
    other = Page()
    beside.join(other)
    assert [one.timestamp for one in other.shown] == [9500]
    beside.leave(page)
    beside.leave(other)
    beside.leave(other)
    assert agent.wanted == [True, False]
    assert json.loads(f'{{"rtp_timestamp":1,{page.shown[0].rest}')["objects"] == [WALKER]
    clock.at_s += 5
    beside.join(page)
    assert len(page.shown) == 1


def test_what_is_no_line_is_counted_and_an_older_one_is_not_shown() -> None:
    clock, agent, page = Clock(), Agent(), Page()
    beside = passing(clock)
    beside.begin(agent)
    beside.join(page)
    garbage: list[str | bytes] = ["", "{}", b"\xff\xfe", line(crop="a picture"), line(2_000_000), "x" * 9000]
    garbage.append(line(objects=[WALKER] * 51))
    for content in garbage:
        beside.take(agent, content)
    assert (beside.refused, page.shown) == (len(garbage), [])
    for timestamp in (9000, 8000, 9100):
        beside.take(agent, line(timestamp))
    assert [one.timestamp for one in page.shown] == [9500, 9600]


def test_a_publisher_that_says_too_much_is_cut_down_and_one_that_was_replaced_not_heard() -> None:
    clock, agent, following, page = Clock(), Agent(), Agent(), Page()
    beside = passing(clock)
    beside.begin(agent)
    beside.join(page)
    for number in range(200):
        beside.take(agent, line(number))
    assert len(page.shown) == 2 * LINES_S_MAX
    assert beside.refused == 200 - 2 * LINES_S_MAX
    clock.at_s += 1
    beside.begin(following)
    beside.end(agent)
    beside.take(agent, line(300))
    beside.take(following, line(5))
    assert following.wanted == [True]
    assert page.shown[-1].timestamp == 505


def channel_of(connection: Any, got: list[str]) -> RTCDataChannel:
    """To be opened with the offer; notes what comes by it."""
    made: RTCDataChannel = connection.createDataChannel(DETECTIONS_CHANNEL, ordered=False, maxRetransmits=0)
    made.on("message", got.append)
    return made


async def _agent(media: Hub, stream: str) -> tuple[stubs.Publisher, RTCDataChannel, list[str]]:
    publisher, said = stubs.Publisher(clip()), list[str]()
    channel = channel_of(publisher.connection, said)
    await publisher.publish(whip(media, stream))
    await until(lambda: channel.readyState == "open", "the publisher's channel")
    await until(lambda: media.streams[stream].frames > 10, "pictures come in")
    return publisher, channel, said


def test_a_line_goes_from_the_agent_to_who_asked_with_the_timestamp_of_its_picture() -> None:
    async def all_of_it() -> None:
        async with hub() as media:
            publisher, lines, said = await _agent(media, STREAM)
            plain, asking, got = stubs.Viewer(), stubs.Viewer(), list[str]()
            await plain.watch(whep(media))
            await until(lambda: plain.pictures > 5, "pictures go out")
            assert (said, len(media.streams[STREAM].detections._viewers)) == ([], 0)
            asking.keeps_timestamps = True
            wish = channel_of(asking.connection, got)
            await asking.watch(whep(media))
            await until(lambda: said == ['{"wanted":true}'], "lines are wanted")
            await until(lambda: asking.pictures > 60, "pictures go on")
            lines.send("garbage")
            await until(lambda: _told(media, lines, got), "lines go out")
            told = json.loads(got[-1])
            assert told["objects"] == [WALKER]
            assert told["captured_at"] == "2026-11-22T10:00:00Z"
            assert told["rtp_timestamp"] in asking.timestamps
            wish.send('{"wanted":false}')
            await until(lambda: said[1:] == ['{"wanted":false}'], "no lines are wanted")
            wish.send('{"wanted":true}')
            await until(lambda: len(said) == 3, "they are again")
            await asking.close()
            await until(lambda: len(said) == 4, "nobody is there who wants them")
            assert media.streams[STREAM].detections.refused == 1
            for peer in (plain, publisher):
                await peer.close()

    asyncio.run(all_of_it())


def _told(media: Hub, lines: RTCDataChannel, got: list[str]) -> bool:
    """Of the newest picture: the agent's timestamps begin at random."""
    lines.send(line(media.streams[STREAM]._newest & 0xFFFFFFFF))
    return len(got) > 3


def test_a_telephone_is_not_heard_on_that_channel_and_its_telemetry_still_is() -> None:
    async def all_of_it() -> None:
        async with hub() as media:
            heard: list[tuple[str, bytes]] = []
            media.told = lambda stream, content: heard.append((stream, content))
            publisher, lines, said = await _agent(media, "source/phone")
            telemetry = publisher.connection.createDataChannel("telemetry")
            viewer, got = stubs.Viewer(), list[str]()
            channel_of(viewer.connection, got)
            await viewer.watch(whep(media, "source/phone"))
            await until(lambda: telemetry.readyState == "open" and viewer.pictures > 10, "both are there")
            lines.send(line())
            telemetry.send('{"lat":41.1,"lon":1.2}')
            await until(lambda: heard, "telemetry")
            assert heard == [("source/phone", b'{"lat":41.1,"lon":1.2}')]
            assert (said, got, media.streams["source/phone"].detections.lines) == ([], [], 0)
            for peer in (viewer, publisher):
                await peer.close()

    asyncio.run(all_of_it())
