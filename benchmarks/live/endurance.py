"""What stays behind: after many connections nothing, after many restarts of a source no frozen tile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.live import browser, parts, stubs, viewers

_PUBLISHER_BACK_S = 20.0
_CAMERA_BACK_S = 60.0
"""Its agent tries again after 1 to 30 s."""


@dataclass(frozen=True, slots=True)
class Held:
    """By the media process."""

    files: int
    threads: int
    memory_mib: float
    sessions: int
    sockets: int


def held(running: parts.Media) -> Held:
    folder = Path(f"/proc/{running.process.pid}")
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text("utf-8").splitlines() if ":\t" in line)
    links = []
    for link in (folder / "fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            links.append(link.readlink())
    return Held(
        files=len(links),
        threads=int(status["Threads"]),
        memory_mib=int(status["VmRSS"].split()[0]) / 1024,
        sessions=len(running.sessions()),
        sockets=sum(str(link).startswith("socket:") for link in links),
    )


async def _connect(running: parts.Media, times: int) -> int:
    """Of four viewers two leave, one vanishes, and one never comes back after its offer; how many saw pictures."""
    seen = 0
    headers = {"Authorization": f"Bearer {running.secret}", "Content-Type": "application/sdp"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, timeout=60) as client:

        async def signal(sdp: str) -> str:
            while True:
                answer = await client.post(f"/{parts.CAMERA}/whep", content=sdp)
                if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    return answer.raise_for_status().text
                await asyncio.sleep(1)  # those that never came back are still waited for

        for number in range(times):
            viewer = stubs.Viewer()
            if number % 4 == 3:  # noqa: PLR2004 - the last of four
                await viewer.offer_only(signal)
            else:
                await viewer.watch(signal)
                async with asyncio.timeout(30):
                    while not viewer.pictures:  # noqa: ASYNC110 - a count, not an event
                        await asyncio.sleep(0.01)
                seen += 1
                if number % 4 == 2:  # noqa: PLR2004 - the third of four
                    await viewer.vanish()
            await viewer.close()
    return seen


@dataclass(frozen=True, slots=True)
class Connects:
    """What many connections left behind."""

    times: int
    seen: int
    before: Held
    after: Held


def connects(times: int) -> Connects:
    """One after the other, in each way in which one can go."""
    with (
        parts.media(offers_s="1000", lag_ms_max="5000", cpu_share_max="1", silent_viewer_s="5") as running,
        viewers.street(running, bits_s=500_000),
    ):
        asyncio.run(_connect(running, 20))
        towns.wait_for(lambda: len(running.sessions()) == 1, 60.0, "the first ones are gone")
        before = held(running)
        seen = asyncio.run(_connect(running, times))
        towns.wait_for(lambda: len(running.sessions()) == 1, 60.0, "all are gone")
        return Connects(times, seen, before, held(running))


@dataclass(frozen=True, slots=True)
class Restarts:
    """Tiles of a wall over restarts of their source."""

    times: int
    tiles: int
    frozen: int
    """Tiles that showed nothing new after a restart, over all of them."""


def restarts(times: int, tiles: int = 4) -> Restarts:
    """Of the publisher of one stream, by turns with a goodbye and without."""
    with (
        parts.media(lag_ms_max="5000", cpu_share_max="1") as running,
        viewers.street(running, bits_s=1_000_000) as again,
        _wall(running, tiles) as wall,
    ):
        return Restarts(times, tiles, sum(_frozen_after(again, wall, _PUBLISHER_BACK_S) for _ in range(times)))


def camera_restarts(times: int, tiles: int = 4) -> Restarts:
    """Of an RTSP camera, whose agent finds it again; its connection to the room stays meanwhile."""
    port = ports.free_port()
    with parts.media(lag_ms_max="5000", cpu_share_max="1") as running, ExitStack() as camera:
        source = camera.enter_context(parts.rtsp_camera(port))

        def again() -> None:
            camera.close()
            camera.enter_context(parts.rtsp_camera(port))

        with parts.agent(running, source):
            parts.wait_for_pictures(running)
            with _wall(running, tiles) as wall:
                return Restarts(times, tiles, sum(_frozen_after(again, wall, _CAMERA_BACK_S) for _ in range(times)))


@contextmanager
def _wall(running: parts.Media, tiles: int) -> Iterator[list[browser.Viewer]]:
    """Tiles of one page, which is never loaded again."""
    with browser.chromium() as started:
        page = browser.page(started)
        wall = [browser.Viewer(page, f"tile-{number}") for number in range(tiles)]
        for tile in wall:
            tile.watch(running, parts.CAMERA)
            tile.first_picture_ms(60_000)
        yield wall


def _frozen_after(again: Callable[[], object], wall: list[browser.Viewer], within_s: float) -> int:
    """How many show nothing new of what came after."""
    again()
    frozen = 0
    for tile in wall:
        try:
            browser.wait_for_new(tile, tile.frames() + 10, within_s)
        except towns.NotInTimeError:
            frozen += 1
    return frozen
