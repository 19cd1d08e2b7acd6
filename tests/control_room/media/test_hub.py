"""Publishers and viewers over real WebRTC on loopback: pictures go through, and nobody who misbehaves stays."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import random
import threading
import time
from pathlib import Path

import pytest
from aiortc import RTCDtlsTransport

from benchmarks.live import stubs
from control_room.media import h264, offers
from control_room.media import hub as hubs
from control_room.media.hub import AlreadyPublishedError, FullError, Hub, NoSuchStreamError, TooManyOffersError
from control_room.media.streams import Clock
from tests.control_room.media.media_process import STREAM, Holding, clip, hub, offer, until, whep, whip

pytestmark = pytest.mark.timeout(240)
SILENCE_S = 2.0


def test_a_published_picture_reaches_every_viewer_whole_and_undecoded() -> None:
    async def all_of_it() -> None:
        async with hub() as media:
            publisher, viewers = stubs.Publisher(clip()), [stubs.Viewer(), stubs.Viewer()]
            await publisher.publish(whip(media))
            await until(lambda: media.streams[STREAM].frames > 20, "pictures come in")
            for viewer in viewers:
                viewer.keeps_timestamps = True
                await viewer.watch(whep(media))
            await until(lambda: all(viewer.pictures > 60 for viewer in viewers), "pictures go out")
            held = list(media.streams[STREAM].ring.gop())
            sent = [h264.units_of(picture) for picture in clip()]
            assert all(h264.units_of(h264.annex_b(frame.payloads)) in sent for frame in held)
            assert [viewer.missing for viewer in viewers] == [0, 0]
            for viewer in viewers:
                steps = [b - a & 0xFFFFFFFF for a, b in itertools.pairwise(viewer.timestamps[-30:])]
                assert steps.count(3600) > 15  # where the machine is late, the clock is set anew
            assert (media.streams[STREAM].picture is not None, media.streams[STREAM].dropped) == (True, 0)
            for viewer in viewers:
                await viewer.close()
            await publisher.close()
            await until(lambda: not media.sessions, "all are gone")
            assert media.streams[STREAM].publisher is None

    asyncio.run(all_of_it())


def test_viewers_stay_while_their_source_begins_anew() -> None:
    async def all_of_it() -> None:
        async with hub() as media:
            viewer, first = stubs.Viewer(), stubs.Publisher(clip())
            viewer.keeps_timestamps = True
            await first.publish(whip(media))
            await viewer.watch(whep(media))
            for _ in range(3):
                before = viewer.pictures
                await until(lambda before=before: viewer.pictures > before + 10, "pictures go on")
                following = stubs.Publisher(clip())
                with pytest.raises(AlreadyPublishedError):
                    await media.publish(STREAM, (await offer()).encode(), replace=False)
                await following.publish(whip(media, replace=True))
                await first.close()
                first = following
            before = viewer.pictures
            await until(lambda: viewer.pictures > before + 10, "pictures go on after the last")
            gaps = [b - a & 0xFFFFFFFF for a, b in itertools.pairwise(viewer.timestamps)]
            assert all(0 < gap < 2**31 for gap in gaps)
            assert len([each for each in media.sessions.values() if each.role == "publisher"]) == 1
            await viewer.close()
            await first.close()

    asyncio.run(all_of_it())


@pytest.mark.parametrize(("stream", "is_asked"), [("source/drone", True), (STREAM, False)])
def test_a_viewers_loss_is_told_to_a_publisher_that_makes_key_pictures(stream: str, is_asked: bool) -> None:  # noqa: FBT001 - a column
    async def all_of_it() -> None:
        async with hub() as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(whip(media, stream))
            await until(lambda: media.streams[stream].frames > 10, "pictures come in")
            await viewer.watch(whep(media, stream))
            await until(lambda: viewer.pictures > 15, "pictures go out")
            asked, before, began_s = publisher.keys_asked, viewer.pictures, time.monotonic()
            for _ in range(5):
                await viewer.lost_picture()
            if is_asked:
                await until(lambda: publisher.keys_asked > asked, "the publisher is asked")
            await until(lambda: viewer.pictures > before + 30, "pictures go on")
            assert (publisher.keys_asked > asked) is is_asked
            assert publisher.keys_asked <= asked + 2 + (time.monotonic() - began_s), "once a second"
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


def test_a_publisher_that_sends_nothing_and_a_viewer_that_vanished_are_ended() -> None:
    async def all_of_it() -> None:
        async with hub(silent_publisher_s=SILENCE_S, silent_viewer_s=5) as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(whip(media))
            await viewer.watch(whep(media))
            await until(lambda: viewer.pictures > 5, "pictures go out")
            await viewer.vanish()
            await until(lambda: {each.role for each in media.sessions.values()} == {"publisher"}, "the viewer is ended")
            publisher.track.goes_on.clear()
            await until(lambda: not media.sessions, "the publisher is ended")
            with pytest.raises(NoSuchStreamError):
                await media.watch(STREAM, b"v=0")
            publisher.track.goes_on.set()
            await publisher.close()
            await viewer.close()

    asyncio.run(all_of_it())


def test_nobody_is_ended_because_the_process_itself_stood_still() -> None:
    later_s = [0.0]
    clock = Clock(now_s=lambda: time.monotonic() + later_s[0])

    async def all_of_it() -> None:
        async with hub(clock, silent_publisher_s=SILENCE_S, silent_viewer_s=5) as media:
            publisher, viewer, coming = stubs.Publisher(clip()), stubs.Viewer(), (await offer()).encode()
            await publisher.publish(whip(media))
            await viewer.watch(whep(media))
            await media.watch(STREAM, coming)
            await until(lambda: viewer.pictures > 5, "pictures go out")
            later_s[0] += 60.0
            await media.tend()
            assert sorted(each.role for each in media.sessions.values()) == ["publisher", "viewer", "viewer"]
            before = viewer.pictures
            await until(lambda: viewer.pictures > before + 5, "they go on")
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


def test_a_publisher_that_took_long_to_connect_is_not_silent() -> None:
    later_s = [0.0]
    clock = Clock(now_s=lambda: time.monotonic() + later_s[0])

    async def all_of_it() -> None:
        async with hub(clock, silent_publisher_s=SILENCE_S) as media:
            publisher = stubs.Publisher(clip())

            async def slowly(sdp: str) -> str:
                answer = await whip(media)(sdp)
                for _ in range(10):
                    later_s[0] += 0.5
                    await media.tend()
                return answer

            await publisher.publish(slowly)
            await until(lambda: STREAM not in media.streams or media.streams[STREAM].frames > 25, "pictures come in")
            assert [each.role for each in media.sessions.values()] == ["publisher"]
            await publisher.close()

    asyncio.run(all_of_it())


def test_a_publisher_of_garbage_harms_nobody_and_is_ended() -> None:
    async def all_of_it() -> None:
        noise = random.Random(5)
        async with hub(silent_publisher_s=SILENCE_S) as media:
            good, bad, viewer = stubs.Publisher(clip()), stubs.Publisher(clip()), stubs.Viewer()
            await good.publish(whip(media))
            await bad.publish(whip(media, "source/liar"))
            await viewer.watch(whep(media))
            transport = bad.connection.getTransceivers()[0].sender.transport
            bad.track.goes_on.clear()
            for _ in range(3000):
                head = bytes((0x80, noise.randrange(128)))
                await transport._send_rtp(head + noise.randbytes(noise.randrange(10, 1200)))
                await transport.transport._send(noise.randbytes(noise.randrange(1, 200)))
                await asyncio.sleep(0)
            before = viewer.pictures
            await until(lambda: viewer.pictures > before + 20, "the others go on")
            await until(
                lambda: all(each.stream.name == STREAM for each in media.sessions.values()), "the liar is ended"
            )
            assert sorted(each.role for each in media.sessions.values()) == ["publisher", "viewer"]
            for peer in (good, bad, viewer):
                await peer.close()

    asyncio.run(all_of_it())


def test_a_publisher_that_sends_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", hubs.__name__)
    monkeypatch.setattr(hubs, "PACKETS_S_MAX", 20)

    async def all_of_it() -> None:
        async with hub() as media:
            publisher = stubs.Publisher(clip())
            await publisher.publish(whip(media))
            await until(lambda: not media.sessions, "it is ended")
            assert media.streams[STREAM].publisher is None
            await publisher.close()

    asyncio.run(all_of_it())
    assert "it sends more than 20 packets a second" in caplog.text


def test_more_than_there_is_room_for_is_refused_with_the_reason() -> None:
    async def all_of_it() -> None:
        async with hub(viewers_max=1, streams_max=1) as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(whip(media))
            await viewer.watch(whep(media))
            sdp = (await offer()).encode()
            with pytest.raises(FullError, match="viewers_max"):
                await media.watch(STREAM, sdp)
            with pytest.raises(FullError, match="streams_max"):
                await media.publish("source/another", sdp, replace=False)
            assert media.refused == {"full": 2}
            assert len(media.sessions) == 2
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


async def _flood(media: Hub, sdp: bytes) -> dict[str, int]:
    outcomes: dict[str, int] = {}
    for each in range(300):
        content = sdp if each % 2 else b"v=0\r\nnonsense"
        try:
            await media.watch(STREAM, content)
            name = "taken"
        except (TooManyOffersError, FullError, offers.OfferError) as error:
            name = type(error).__name__
        outcomes[name] = outcomes.get(name, 0) + 1
    return outcomes


def test_a_flood_of_offers_is_refused_and_the_viewers_see_no_gap() -> None:
    async def all_of_it() -> None:
        time_ = Holding()
        async with hub(time_.clock(), offers_s=10) as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(whip(media))
            await viewer.watch(whep(media))
            await until(lambda: viewer.pictures > 5, "pictures go out")
            time_.hold()
            outcomes = await _flood(media, (await offer()).encode())
            time_.let_go()
            assert outcomes["TooManyOffersError"] >= 300 - 2 * 10
            before = viewer.pictures
            await until(lambda: viewer.pictures > before + 25, "pictures go on")
            assert viewer.missing == 0
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


def _held() -> tuple[int, int, int]:
    """Open files, threads, connections that are still objects."""
    gc.collect()
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder changes as it is read
    return files, threading.active_count(), sum(type(each) is RTCDtlsTransport for each in gc.get_objects())


def test_connecting_again_and_again_leaves_nothing_behind() -> None:
    async def all_of_it() -> None:
        async with hub(offers_s=500) as media:
            publisher = stubs.Publisher(clip())
            await publisher.publish(whip(media))
            await _come_and_go(media, 3)
            await until(lambda: not media._tasks, "those who left are let go of")
            before, tasks = _held(), len(asyncio.all_tasks())
            await _come_and_go(media, 25)
            assert len(media.sessions) == 1
            assert len(media.streams[STREAM].watchers) == 0
            await until(lambda: not media._tasks and len(asyncio.all_tasks()) <= tasks, "no task stays")
            assert all(now <= then for now, then in zip(_held(), before, strict=True))
            await publisher.close()

    asyncio.run(all_of_it())


async def _come_and_go(media: Hub, times: int) -> None:
    for each in range(times):
        viewer = stubs.Viewer()
        if each % 3 == 0:
            session, _ = await media.watch(STREAM, (await offer()).encode())
            await media.end(session.session_id, "it never connected")
            continue
        await viewer.watch(whep(media))
        await viewer.close()
        await until(lambda: len(media.sessions) == 1, "the viewer is gone")


def test_a_stream_that_is_cut_off_is_forgotten() -> None:
    async def all_of_it() -> None:
        async with hub() as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(whip(media))
            await viewer.watch(whep(media))
            await media.cut_off(STREAM)
            assert (media.streams, media.sessions) == ({}, {})
            with pytest.raises(NoSuchStreamError):
                await media.cut_off(STREAM)
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


def test_aiortc_has_the_private_parts_that_are_relied_on() -> None:
    """docs/adr/0017 names them; a newer aiortc must show here that it still has them."""
    import aiortc  # noqa: PLC0415 - only here
    from aiortc import rtcdtlstransport, rtcrtptransceiver  # noqa: PLC0415 - only here

    assert aiortc.__version__ == "1.16.0"
    names = rtcdtlstransport.RTCDtlsTransport.__dict__
    assert {"_register_rtp_receiver", "_unregister_rtp_receiver", "_register_rtp_sender", "_send_rtp"} <= names.keys()
    source = Path(rtcrtptransceiver.__file__).read_text(encoding="utf-8")
    assert "self.__receiver = receiver" in source
    assert "self.__sender = sender" in source
