"""A room with live video, a device that obeys it as an agent would, and viewers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from benchmarks.live import parts, stubs
from tests.control_room import door as doors
from wire.control import CommandMessage
from wire.live import LIVE_TOKEN_HEADER, StartLive

WHEP = "/api/v1/cameras/placa/whep"
SDP = {"Content-Type": "application/sdp"}
PATIENCE_S = 60.0


class Opener(Protocol):
    """Makes a room with these settings of [live]."""

    def __call__(self, *, does_chores: bool = True, **live: Any) -> WatchedRoom: ...


@dataclass
class WatchedRoom:
    """The room, its media process, and a clip that devices send."""

    door: doors.Door
    media: parts.Media
    clip: list[bytes]
    device: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.device = self.door.as_device()

    def offer(self, client: httpx.Client, sdp: str, path: str = WHEP, **headers: str) -> httpx.Response:
        return client.post(path, content=sdp, headers={**SDP, **headers}, timeout=2 * PATIENCE_S)

    def signal(
        self, client: httpx.Client, path: str = WHEP, *, answers: list[httpx.Response], **headers: str
    ) -> stubs.Signal:
        """Posts an offer there; the answer is put into `answers`."""

        async def post(sdp: str) -> str:
            answer = await asyncio.to_thread(self.offer, client, sdp, path, **headers)
            answers.append(answer)
            answer.raise_for_status()
            return answer.text

        return post

    def ordered(self, kind: str) -> list[CommandMessage]:
        """Commands to the device as they would be sent."""
        rows = self.door.rows("SELECT message FROM commands WHERE kind = %s ORDER BY command_id", kind)
        return [CommandMessage.model_validate_json(bytes(row["message"])) for row in rows]

    def audited(self, action: str) -> list[dict[str, Any]]:
        return self.door.rows("SELECT * FROM audit WHERE action = %s ORDER BY audit_id", action)

    @contextlib.asynccontextmanager
    async def obeying(self) -> AsyncIterator[list[StartLive]]:
        """The device sends the camera's clip as soon as it is asked; gives what it was asked."""
        asked: list[StartLive] = []
        publisher = stubs.Publisher(self.clip)
        obeying = asyncio.create_task(self._obey(publisher, asked))
        try:
            yield asked
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)
            await publisher.close()

    async def _obey(self, publisher: stubs.Publisher, asked: list[StartLive]) -> None:
        while not asked:
            asked += [
                StartLive.model_validate(each.arguments) for each in await asyncio.to_thread(self.ordered, "live_start")
            ]
            await asyncio.sleep(0.1)
        token = {LIVE_TOKEN_HEADER: asked[0].token}
        await publisher.publish(self.signal(self.device, asked[0].whip_url, answers=[], **token))


@contextlib.asynccontextmanager
async def viewing() -> AsyncIterator[stubs.Viewer]:
    """A viewer who tells that he is there, as browsers do."""
    viewer = stubs.Viewer()
    telling = asyncio.create_task(_tell(viewer))
    try:
        yield viewer
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await viewer.close()


async def _tell(viewer: stubs.Viewer) -> None:
    while True:
        await asyncio.sleep(0.5)
        await viewer.tell()


async def until(condition: Callable[[], object], what: str) -> None:
    """Waits, as long as a loaded machine may need; asks in a thread of its own."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + PATIENCE_S
    while not await asyncio.to_thread(condition):
        assert loop.time() < deadline_s, what
        await asyncio.sleep(0.1)


async def offer_of(*, codec: str = "video/H264") -> str:
    """What a browser that knows only this codec would offer."""
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver  # noqa: PLC0415 - heavy

    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = connection.addTransceiver("video", direction="recvonly")
    known = RTCRtpReceiver.getCapabilities("video")
    assert known is not None
    transceiver.setCodecPreferences([each for each in known.codecs if each.mimeType == codec])
    try:
        return str((await connection.createOffer()).sdp)
    finally:
        await connection.close()
