"""A hub in the test's own event loop, and clips for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

from benchmarks.live import camera, stubs
from control_room.config import Media
from control_room.media import h264, offers
from control_room.media.admission import Load
from control_room.media.hub import Hub
from control_room.media.streams import Clock

SECRET = "a-secret-of-the-tests"  # noqa: S105 - as it says
STREAM = "camera/box/plaza"
PATIENCE_S = 60.0


@cache
def clip() -> tuple[bytes, ...]:
    """Two seconds: one group of pictures."""
    return tuple(camera.clip(2.0, bits_s=1_000_000))


def units(picture: bytes) -> tuple[tuple[bytes, ...], h264.Contents]:
    payloads = h264.packed(h264.units_of(picture))
    return payloads, h264.contents(payloads)


@dataclass
class Holding:
    """The machine's clock, until it is held."""

    held_s: float | None = None

    def hold(self) -> None:
        self.held_s = time.monotonic()

    def let_go(self) -> None:
        self.held_s = None

    def clock(self) -> Clock:
        return Clock(now_s=lambda: time.monotonic() if self.held_s is None else self.held_s)


class _NoLoad(Load):
    """The test's own work, and what else the machine does, is not the hub's."""

    def beat(self, now_s: float, late_s: float) -> None:
        """Is not noted."""


@asynccontextmanager
async def hub(clock: Clock | None = None, **limits: object) -> AsyncIterator[Hub]:
    """With these settings; `run` goes on beside the test. Nobody is silent for too long but where a test says so."""
    patient = {"silent_publisher_s": 300, "silent_viewer_s": 300}
    settings = Media.model_validate({"addresses": ["127.0.0.1"], **patient, **limits})
    media = Hub(settings, [], clock or Clock(), load=_NoLoad())
    running = asyncio.create_task(media.run())
    try:
        yield media
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await media.close()


def whip(media: Hub, stream: str = STREAM, *, replace: bool = False) -> stubs.Signal:
    async def signal(sdp: str) -> str:
        return (await media.publish(stream, sdp.encode(), replace=replace))[1]

    return signal


def whep(media: Hub, stream: str = STREAM) -> stubs.Signal:
    async def signal(sdp: str) -> str:
        return (await media.watch(stream, sdp.encode()))[1]

    return signal


async def until(condition: object, what: str) -> None:
    """Waits, as long as a loaded machine may need."""
    if not callable(condition):
        raise TypeError(what)
    deadline_s = asyncio.get_running_loop().time() + PATIENCE_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline_s, what
        await asyncio.sleep(0.02)


async def offer() -> str:
    """A viewer's, as aiortc writes it."""
    made: list[str] = []

    async def signal(sdp: str) -> str:
        made.append(sdp)
        raise offers.OfferError

    viewer = stubs.Viewer()
    try:
        await viewer.watch(signal)
    except offers.OfferError:
        return made[0]
    finally:
        await viewer.close()
    raise AssertionError("nothing was offered")
