"""Whoever floods with offers that he does not follow keeps nobody else from a picture."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import pytest

from benchmarks.live import stubs
from control_room.media import fairness
from control_room.media.fairness import Making
from control_room.media.hub import FullError, Hub, TooManyOffersError, TooManyWatchedError
from tests.control_room.media.media_process import STREAM, clip, hub, offer, until

pytestmark = pytest.mark.timeout(240)


def _making(**callers: int) -> list[Making]:
    """So many of each, the later ones younger."""
    names = [name for name, count in callers.items() for _ in range(count)]
    return [Making(f"{name}-{number}", name, float(number)) for number, name in enumerate(names)]


def test_while_there_is_room_nobody_is_let_go() -> None:
    assert fairness.to_let_go([], "marta") is None
    assert fairness.to_let_go(_making(a=23, b=23, c=17), "marta") is None
    assert fairness.to_let_go(_making(marta=23), "marta") is None


def test_who_has_his_share_gives_his_own_oldest_and_else_whoever_has_the_most() -> None:
    assert fairness.to_let_go(_making(other=2, marta=24), "marta") == "marta-2"
    assert fairness.to_let_go(_making(a=20, b=23, c=21), "marta") == "b-20"
    assert fairness.to_let_go([Making(f"{number}", "", 64.0 - number) for number in range(64)], "marta") == "63"


def test_a_share_is_one_callers_own_and_the_whole_is_still_limited() -> None:
    offers = fairness.Offers(20.0)
    taken = Counter(offers.take("flood", 0.01 * number) for number in range(1000))
    assert 20 + 48 <= taken[True] <= 20 + 50, "twenty at once, then five a second"
    assert [offers.take("marta", 10.0) for _ in range(16)] == [True] * 16, "a wall"
    crowd = Counter(offers.take(f"caller-{number}", 10.0) for number in range(1000))
    assert crowd[True] <= 40
    assert not offers.take("marta", 10.0)


async def _flood(media: Hub, sdp: bytes, by: str) -> None:
    """A hundred a second."""
    while True:
        with contextlib.suppress(TooManyOffersError, FullError):
            await media.watch(STREAM, sdp, by=by)
        await asyncio.sleep(0.01)


def _in_the_making(media: Hub) -> Counter[str]:
    return Counter(each.by for each in media.sessions.values() if each.peer.state != "connected")


@pytest.mark.parametrize(
    ("offers_s", "floods"),
    [pytest.param(20, ("a",), id="as it is set"), pytest.param(1000, ("a", "b", "c"), id="three, of whom none waits")],
)
def test_an_honest_viewer_has_his_picture_under_a_hundred_offers_a_second(
    offers_s: float, floods: tuple[str, ...]
) -> None:
    async def all_of_it() -> None:
        async with hub(offers_s=offers_s) as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(lambda sdp: _published(media, sdp))
            sdp = (await offer()).encode()
            flooding = [asyncio.create_task(_flood(media, sdp, by)) for by in floods]
            full = min(fairness.MAKING_MAX, 18 * len(floods))
            await until(lambda: _in_the_making(media).total() >= full, "they fill it")
            await viewer.watch(lambda sdp: _watched(media, sdp, "marta"))
            await until(lambda: viewer.pictures > 25, "the honest one has pictures")
            assert _in_the_making(media).total() <= fairness.MAKING_MAX
            assert max(_in_the_making(media).values()) <= fairness.MAKING_EACH_MAX
            for each in flooding:
                each.cancel()
            await asyncio.gather(*flooding, return_exceptions=True)
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())


async def _published(media: Hub, sdp: str) -> str:
    return (await media.publish(STREAM, sdp.encode(), replace=False, by="device"))[1]


async def _watched(media: Hub, sdp: str, by: str) -> str:
    return (await media.watch(STREAM, sdp.encode(), by=by))[1]


def test_one_person_does_not_take_the_places_of_all_viewers() -> None:
    async def all_of_it() -> None:
        async with hub(offers_s=1000, viewers_max=18) as media:
            publisher, viewer = stubs.Publisher(clip()), stubs.Viewer()
            await publisher.publish(lambda sdp: _published(media, sdp))
            sdp = (await offer()).encode()
            for _ in range(16):
                await media.watch(STREAM, sdp, by="marta")
            with pytest.raises(TooManyWatchedError, match="16 pictures"):
                await media.watch(STREAM, sdp, by="marta")
            await viewer.watch(lambda sdp: _watched(media, sdp, "anna"))
            await until(lambda: viewer.pictures > 5, "another has pictures")
            await viewer.close()
            await publisher.close()

    asyncio.run(all_of_it())
