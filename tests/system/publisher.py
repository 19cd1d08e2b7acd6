"""A drone's app, as a program of ours: sends a picture by WHIP and tells beside it where it flies."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx

from benchmarks.live import camera, stubs
from vision.georeference import globe

if TYPE_CHECKING:
    from types import TracebackType

START = (41.1189, 1.2445)
SPEED_M_S = 4.0
_EVERY_S = 0.5
_FPS = 10
_CONNECTED_WITHIN_S = 60.0


class Publisher:
    """Flies to the east while it is used as a context; `lens` are the fields that tell what it films."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self.lens: dict[str, Any] = {}
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._publish()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._connected.wait(_CONNECTED_WITHIN_S), "the room takes no picture of a publisher"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    async def _publish(self) -> None:
        publisher = stubs.Publisher(camera.clip(2.0, bits_s=500_000), fps=_FPS)
        channel = publisher.connection.createDataChannel("telemetry")
        is_open = asyncio.Event()
        channel.on("open", is_open.set)
        await publisher.publish(self._signal)
        await asyncio.wait_for(is_open.wait(), _CONNECTED_WITHIN_S)
        self._connected.set()
        flown_m = 0.0
        while not self._stop.is_set():
            lat, lon = globe.moved(START, flown_m, 0.0)
            told = {"lat": lat, "lon": lon, "relative_altitude_m": 30.0, "heading_deg": 90.0, **self.lens}
            channel.send(json.dumps(told))
            await asyncio.sleep(_EVERY_S)
            flown_m += SPEED_M_S * _EVERY_S
        await publisher.close()

    async def _signal(self, sdp: str) -> str:
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"}
        answer = await asyncio.to_thread(httpx.post, self._url, content=sdp, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.text
