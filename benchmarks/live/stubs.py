"""Publishers and viewers that cost little themselves: what is measured is the media process, not who speaks to it.

A stub viewer connects as a browser does; then it reads no more of a packet than its header, which SRTP leaves plain.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket

from control_room.media import gathering
from control_room.media.peers import gather_at

FPS = 25
_TICK = Fraction(1, 90_000)
_HERE = gathering.Addresses(("127.0.0.1",))
_PLI = 1
_RTP = 2
"""Its version, by which it is told from STUN and DTLS."""
_RTCP = range(192, 224)
_HALF = 0x8000
_LATE_S_MAX = 0.5

Signal = Callable[[str], Awaitable[str]]
"""Takes the offer, gives the answer."""


def _connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def _agree(connection: RTCPeerConnection, signal: Signal) -> None:
    for transceiver in connection.getTransceivers():
        known = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in known if one.mimeType == "video/H264"])
        gather_at(transceiver.receiver.transport, _HERE)
    await connection.setLocalDescription(await connection.createOffer())
    answer = await signal(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


async def connected(connection: RTCPeerConnection, within_s: float = 60.0) -> None:
    """Until it stands."""
    changed = asyncio.Event()
    connection.on("connectionstatechange", changed.set)
    async with asyncio.timeout(within_s):
        while connection.connectionState != "connected":
            changed.clear()
            await changed.wait()


class _Clip(MediaStreamTrack):
    """Coded pictures at their pace, again and again; as a camera it does not make up for what it missed."""

    kind = "video"

    def __init__(self, pictures: Sequence[bytes], fps: float) -> None:
        super().__init__()
        self._pictures = itertools.cycle(pictures)
        self._fps = fps
        self._count = 0
        self._due_s = 0.0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def recv(self) -> av.Packet[Any]:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._due_s > _LATE_S_MAX:
            self._due_s = now_s
        await asyncio.sleep(max(0.0, self._due_s - now_s))
        await self.goes_on.wait()
        self._due_s += 1 / self._fps
        packet: av.Packet[Any] = av.Packet(next(self._pictures))
        packet.pts, packet.time_base = round(self._count * 90_000 / self._fps), _TICK
        self._count += 1
        return packet


class Publisher:
    """Sends a clip."""

    def __init__(self, pictures: Sequence[bytes], fps: float = FPS) -> None:
        self.track = _Clip(pictures, fps)
        self.connection = _connection()
        self.keys_asked = 0
        transceiver = self.connection.addTransceiver(self.track, direction="sendonly")
        transceiver.sender._send_keyframe = self._asked  # type: ignore[method-assign] # noqa: SLF001 - its only way to say

    def _asked(self) -> None:
        self.keys_asked += 1

    async def publish(self, signal: Signal) -> None:
        await _agree(self.connection, signal)
        await connected(self.connection)

    async def close(self) -> None:
        await self.connection.close()


class Viewer:
    """Counts pictures and what is missing of them."""

    def __init__(self) -> None:
        self.connection = _connection()
        self._transceiver = self.connection.addTransceiver("video", direction="recvonly")
        self.pictures = self.packets = self.missing = 0
        self.timestamps: list[int] = []
        self.keeps_timestamps = False
        self._ssrc: int | None = None
        self._next: int | None = None

    async def watch(self, signal: Signal) -> None:
        await _agree(self.connection, signal)
        await connected(self.connection)
        for protocol in self._ice._protocols:  # noqa: SLF001 - see the top
            protocol.datagram_received = partial(self._received, protocol.datagram_received)

    async def offer_only(self, signal: Signal) -> None:
        """And never come."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await signal(self.connection.localDescription.sdp)

    @property
    def _dtls(self) -> Any:
        return self._transceiver.receiver.transport

    @property
    def _ice(self) -> Any:
        return self._dtls.transport._connection  # noqa: SLF001 - see the top

    def _received(self, otherwise: Callable[[bytes, Any], None], content: bytes, sender: Any) -> None:
        if content[0] >> 6 != _RTP or content[1] in _RTCP:
            otherwise(content, sender)
            return
        second, number, timestamp, ssrc = struct.unpack_from("!xBHLL", content)
        if self._next is None:
            self._next, self._ssrc = number, ssrc
        self.packets += 1
        self.pictures += second >> 7
        if self.keeps_timestamps and second >> 7:
            self.timestamps.append(timestamp)
        ahead = number - self._next & 0xFFFF
        if ahead < _HALF:
            self.missing += ahead
            self._next = number + 1 & 0xFFFF
        elif self.missing:
            self.missing -= 1

    async def tell(self) -> None:
        """What a browser tells about once a second: that it is there."""
        if self._ssrc is None or self._next is None:
            return
        about = RtcpReceiverInfo(self._ssrc, 0, 0, self._next - 1 & 0xFFFF, 0, 0, 0)
        await self._dtls._send_rtp(bytes(RtcpRrPacket(ssrc=1, reports=[about])))  # noqa: SLF001 - see the top

    async def lost_picture(self) -> None:
        """It asks for a key picture."""
        if self._ssrc is not None:
            await self._dtls._send_rtp(bytes(RtcpPsfbPacket(fmt=_PLI, ssrc=1, media_ssrc=self._ssrc)))  # noqa: SLF001 - see the top

    async def vanish(self) -> None:
        """Without a word: nothing is answered any more."""
        for protocol in self._ice._protocols:  # noqa: SLF001 - see the top
            protocol.datagram_received = lambda *_: None
        self._ice._query_consent_task.cancel()  # noqa: SLF001 - see the top

    async def close(self) -> None:
        await self.connection.close()
