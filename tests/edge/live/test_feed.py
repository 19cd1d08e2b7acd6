"""What lies between a camera and the network: begins at a key frame, never makes the camera wait, never goes back."""

from __future__ import annotations

import asyncio
import inspect
import itertools

from aioice import Connection
from aiortc import RTCRtpSender, rtcrtpsender

from edge.live.feed import LIMIT_PACKETS, Feed
from edge.live.outlet import LivePacket, Outlet
from edge.live.stamps import CATCHING_UP, TICKS_A_SECOND, Stamps
from edge.source import StoredPacket, StreamFacts
from tests.edge.clocks import START

H264 = StreamFacts("h264", 320, 240, None, "yuv420p")
GOP = 5


def packet(index: int, *, size: int = 10) -> StoredPacket:
    return StoredPacket(bytes([index % 256]) * size, index % GOP == 0, index / 10, index / 10)


def fill(outlet: Outlet, indexes: range, *, size: int = 10) -> None:
    for index in indexes:
        outlet.append(packet(index, size=size), START)


async def taken(feed: Feed) -> list[LivePacket]:
    """All that waits."""
    found: list[LivePacket] = []
    try:
        while True:
            found.append(await asyncio.wait_for(feed.next(), 0.05))
    except TimeoutError:
        return found


def test_whoever_comes_begins_with_the_newest_key_frame() -> None:
    async def run() -> None:
        outlet, feed = Outlet(), Feed(asyncio.get_running_loop())
        outlet.begin(H264, 100.0)
        fill(outlet, range(8))
        outlet.join(feed)
        fill(outlet, range(8, 10))
        found = await taken(feed)
        assert [one.data[0] for one in found] == [5, 6, 7, 8, 9]
        assert [one.key for one in found] == [True, False, False, False, False]
        assert [one.ahead for one in found] == [2, 1, 0, 0, 0]
        assert found[0].at_s == 100.7
        outlet.leave(feed)
        fill(outlet, range(10, 12))
        assert await taken(feed) == []

    asyncio.run(run())


def test_the_group_of_a_camera_that_stands_still_is_not_given_as_if_it_were_now() -> None:
    async def run() -> None:
        now_s = [50.0]
        outlet, feed = Outlet(monotonic_s=lambda: now_s[0]), Feed(asyncio.get_running_loop())
        outlet.begin(H264, 100.0)
        fill(outlet, range(8))
        now_s[0] += 2.5
        outlet.join(feed)
        assert outlet.again(feed, 1000) is False
        assert await taken(feed) == []
        fill(outlet, range(8, 12))
        assert [one.data[0] for one in await taken(feed)] == [10, 11]

    asyncio.run(run())


def test_a_group_that_is_too_long_is_waited_out() -> None:
    async def run() -> None:
        outlet, feed = Outlet(limit_bytes=25), Feed(asyncio.get_running_loop())
        outlet.begin(H264, 0.0)
        fill(outlet, range(4))
        outlet.join(feed)
        assert outlet.again(feed, 1000) is False
        fill(outlet, range(4, 7))
        assert [one.data[0] for one in await taken(feed)] == [5, 6]
        assert feed.dropped == 1

    asyncio.run(run())


def test_a_queue_that_nobody_empties_is_let_go_up_to_the_next_key_frame() -> None:
    async def run() -> None:
        outlet, feed = Outlet(), Feed(asyncio.get_running_loop(), limit_bytes=65)
        outlet.begin(H264, 0.0)
        outlet.join(feed)
        fill(outlet, range(12))
        assert [one.data[0] for one in await taken(feed)] == [10, 11]
        assert feed.dropped == 10
        fill(outlet, range(12, 16), size=1)
        assert len(await taken(feed)) == 4

    asyncio.run(run())


def test_nor_do_more_packets_wait_than_may_however_small() -> None:
    async def run() -> None:
        outlet, feed = Outlet(), Feed(asyncio.get_running_loop())
        outlet.begin(H264, 0.0)
        outlet.join(feed)
        fill(outlet, range(LIMIT_PACKETS), size=1)
        assert feed.dropped == 0
        fill(outlet, range(LIMIT_PACKETS, LIMIT_PACKETS + GOP + 1), size=1)
        assert feed.dropped == LIMIT_PACKETS + GOP
        assert [one.key for one in await taken(feed)] == [True]

    asyncio.run(run())


def test_nothing_goes_to_a_browser_that_it_does_not_play() -> None:
    async def run() -> None:
        outlet, feed = Outlet(), Feed(asyncio.get_running_loop())
        outlet.join(feed)
        outlet.begin(StreamFacts("hevc", 320, 240, None, "yuv420p"), 0.0)
        fill(outlet, range(6))
        assert outlet.unplayable == "the camera sends hevc"
        outlet.begin(StreamFacts("h264", 320, 240, None, "yuv420p10le"), 0.0)
        fill(outlet, range(6))
        assert await taken(feed) == []
        outlet.begin(H264, 0.0)
        outlet.append(StoredPacket(b"0", True, 0.0, 0.0), START)
        outlet.append(StoredPacket(b"2", False, 0.2, 0.1), START)
        assert len(await taken(feed)) == 2
        outlet.append(StoredPacket(b"1", False, 0.1, 0.2), START)
        assert outlet.unplayable == "the camera sends pictures out of their order"
        assert await taken(feed) == []

    asyncio.run(run())


def test_what_is_given_at_once_has_the_time_of_the_newest() -> None:
    stamps = Stamps()
    given = [stamps.of(LivePacket(b"", False, 50.0, ahead), 7.0) for ahead in (3, 2, 1, 0)]
    assert given == [0, CATCHING_UP, 2 * CATCHING_UP, 3 * CATCHING_UP]
    assert stamps.of(LivePacket(b"", False, 50.04), 7.04) == 3 * CATCHING_UP + 3600
    again = [stamps.of(LivePacket(b"", False, 50.04, ahead), 7.05) for ahead in (2, 1, 0)]
    assert again == [3 * CATCHING_UP + 3601, 3 * CATCHING_UP + 3602, 3 * CATCHING_UP + 3603]
    assert stamps.of(LivePacket(b"", False, 50.08), 7.08) == 3 * CATCHING_UP + 7200


def test_a_media_time_that_begins_anew_goes_on() -> None:
    stamps = Stamps()
    steps = [(900.0, 10.0), (900.1, 10.1), (0.0, 14.1), (0.1, 14.2), (60.0, 14.3)]
    given = [stamps.of(LivePacket(b"", True, at_s), now_s) for at_s, now_s in steps]
    assert [round((after - before) / TICKS_A_SECOND, 3) for before, after in itertools.pairwise(given)] == [
        0.1,
        4.0,
        0.1,
        0.1,
    ]


def test_what_queued_while_a_stream_was_opened_does_not_put_off_what_follows() -> None:
    stamps = Stamps()
    live = [stamps.of(LivePacket(b"", False, 8.0 + n / 10), 3.0 + n / 10) for n in range(5)]
    burst = [stamps.of(LivePacket(b"", n == 0, 20.0 + n / 10), 15.0) for n in range(21)]
    after = [stamps.of(LivePacket(b"", False, 22.0 + n / 10), 15.0 + n / 10) for n in range(1, 5)]
    began_s, reopened_s = 3.0, 15.0
    assert live == [n * 9000 for n in range(5)]
    assert max(burst) - (reopened_s - began_s) * TICKS_A_SECOND < len(burst)
    assert all(later > before for before, later in itertools.pairwise([*live, *burst, *after]))
    assert max(after) - (reopened_s + 0.4 - began_s) * TICKS_A_SECOND < len(burst)


def test_a_picture_is_found_by_its_media_time_and_by_when_it_came() -> None:
    stamps = Stamps()
    assert (stamps.of_media_time(8.0), stamps.of_arrival(3.0)) == (None, None)
    sent = [stamps.of(LivePacket(b"", n == 0, 8.0 + n / 10), 3.0 + n / 10 + n % 3 / 100) for n in range(30)]
    assert stamps.of_media_time(10.5) == sent[25]
    assert stamps.of_media_time(11.5) == sent[-1] + 6 * TICKS_A_SECOND / 10
    came = stamps.of_arrival(3.0 + 2.5)
    assert came is not None
    assert abs(came - sent[25]) <= 0.02 * TICKS_A_SECOND


def test_what_is_used_of_aiortc_though_it_is_not_public() -> None:
    """A version that has these no more would fail silently: no key frame, no loopback, few packets to send again."""
    from edge.live import peer  # noqa: PLC0415 - it changes aiortc

    assert callable(RTCRtpSender._send_keyframe)
    assert "self.__rtp_timestamp = packet.timestamp" in inspect.getsource(RTCRtpSender._run_rtp)
    assert rtcrtpsender.RTP_HISTORY_SIZE == 1024  # type: ignore[attr-defined]
    assert "RTP_HISTORY_SIZE" in inspect.getsource(RTCRtpSender._retransmit)
    assert list(inspect.signature(Connection.get_component_candidates).parameters) == [
        "self",
        "component",
        "addresses",
        "timeout",
    ]
    assert peer.Peer is not None
