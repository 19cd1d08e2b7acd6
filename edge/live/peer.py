"""One WebRTC connection to the room, on which a camera's packets go out as they are (aiortc 1.16.0)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import aiortc.rtcrtpsender
import av
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack

from edge.live.stamps import TICKS_A_SECOND, Stamps
from edge.live.whip import WhipError
from wire.live import DETECTIONS_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioice import Candidate
    from aiortc import RTCDataChannel, RTCIceGatherer

    from edge.clock import Clock
    from edge.live.feed import Feed
    from edge.live.sightings import Sighting
    from edge.live.whip import Accepted
    from wire.live import IceServer

_TICK = Fraction(1, TICKS_A_SECOND)
_CONNECT_S = 15.0
_CLOSE_S = 2.0
_LOOPBACK = "127.0.0.1"
_TIMESTAMPS = 0xFFFFFFFF
_FAR = 10 * TICKS_A_SECOND
_CATCHING_UP_BITS_S = 40_000_000
"""Of a group that is given at once: what would go out in a moment, no socket's buffer on the way would hold."""
aiortc.rtcrtpsender.RTP_HISTORY_SIZE = 1024  # type: ignore[attr-defined]
"""Packets that can be sent again where the room has missed them; a large key frame has more than aiortc's own 128."""


class _Packets(MediaStreamTrack):
    """What aiortc asks for pictures; it is given packets, so it codes nothing."""

    kind = "video"

    def __init__(self, feed: Feed, clock: Clock) -> None:
        super().__init__()
        self._feed = feed
        self._clock = clock
        self._stamps = Stamps()
        self._owed_s = 0.0
        """How long the packet before takes at that rate."""
        self.last_sent: Callable[[], int] = lambda: 0
        """RTP timestamp of the packet that was sent last."""
        self._stamp: int | None = None
        self._origin: int | None = None
        """Where aiortc's timestamps begin: at random."""

    def timestamp(self, seen: Sighting, *, by_media_time: bool) -> int | None:
        """Of RTP, of the picture in which that was seen; None: nothing was sent yet, or it is of another time."""
        if by_media_time:
            stamp = self._stamps.of_media_time(seen.media_time_s)
        else:
            age_s = (self._clock.now() - seen.captured_at).total_seconds()
            stamp = self._stamps.of_arrival(self._clock.monotonic_s() - age_s)
        if stamp is None or self._stamp is None or self._origin is None or abs(stamp - self._stamp) > _FAR:
            return None
        return stamp + self._origin & _TIMESTAMPS

    async def recv(self) -> av.Packet[Any]:
        if self._stamp is not None:
            self._origin = self.last_sent() - self._stamp
        taken = await self._feed.next()
        if self._owed_s:
            await asyncio.sleep(self._owed_s)
        self._owed_s = len(taken.data) * 8 / _CATCHING_UP_BITS_S if taken.ahead else 0.0
        packet: av.Packet[Any] = av.Packet(taken.data)
        self._stamp = self._stamps.of(taken, self._clock.monotonic_s())
        packet.pts, packet.time_base = self._stamp, _TICK
        return packet


class Peer:
    """Use it on one event loop."""

    def __init__(
        self, feed: Feed, clock: Clock, servers: Sequence[IceServer], *, here: bool, key_wanted: Callable[[], None]
    ) -> None:
        """`here`: the room is on this machine; `key_wanted`: called when it has lost too much to go on as it is."""
        wanted = [RTCIceServer(list(one.urls), one.username, one.credential) for one in servers]
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=wanted, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._packets = _Packets(feed, clock)
        self._changed = asyncio.Event()
        self._connection.on("connectionstatechange", self._changed.set)
        try:
            transceiver = self._connection.addTransceiver(self._packets, direction="sendonly")
        except ValueError as error:
            raise WhipError(f"the room names a server that cannot be used: {error}") from None
        if here:
            _offer_loopback(transceiver.sender.transport.transport.iceGatherer)
        # Before the offer: what is preferred afterwards is not heard, and VP8 would be agreed upon without a word.
        known = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in known if one.mimeType.lower() in {"video/h264", "video/rtx"}])
        self._sender = transceiver.sender
        # aiortc answers a request for a key frame only where it codes itself; its own way of hearing of one is private.
        self._sender._send_keyframe = key_wanted  # type: ignore[method-assign]  # noqa: SLF001
        self._packets.last_sent = lambda: self._sender._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]  # noqa: SLF001
        self.channel: RTCDataChannel = self._connection.createDataChannel(
            DETECTIONS_CHANNEL, ordered=False, maxRetransmits=0
        )
        """For what is seen in the pictures."""

    def timestamp(self, seen: Sighting, *, by_media_time: bool) -> int | None:
        """Of RTP, of the picture in which that was seen; None: not known."""
        return self._packets.timestamp(seen, by_media_time=by_media_time)

    @property
    def is_over(self) -> bool:
        return self._connection.connectionState in {"failed", "closed"}

    async def offer(self) -> str:
        """Raises `WhipError` where no address of this device can be found out."""
        try:
            await self._connection.setLocalDescription(await self._connection.createOffer())
        except OSError as error:
            raise WhipError(f"no way out of this device: {error.strerror or type(error).__name__}") from None
        return self._connection.localDescription.sdp

    async def connect(self, accepted: Accepted) -> None:
        """Until packets flow.

        Raises:
            WhipError: the answer cannot be used, or the room's media cannot be reached.
        """
        if "h264/90000" not in accepted.sdp.lower():
            raise WhipError("the room takes no H.264")
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(accepted.sdp, "answer"))
        except Exception as error:  # noqa: BLE001 - whatever a wrong answer makes aiortc raise
            raise WhipError(f"the room's answer cannot be used: {type(error).__name__}") from None
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                while self._connection.connectionState in {"new", "connecting"}:
                    self._changed.clear()
                    await self._changed.wait()
        if self._connection.connectionState != "connected":
            raise WhipError("no way for the pictures to the room (UDP)")

    async def heard_packets(self) -> int:
        """How many the room has sent back: its reports."""
        stats = await self._sender.getStats()
        return sum(getattr(one, "packetsReceived", 0) for one in stats.values() if one.type == "transport")

    async def close(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._connection.close(), _CLOSE_S)


def _offer_loopback(gatherer: RTCIceGatherer) -> None:
    """Also where this machine has no network at all. aioice leaves loopback out, and asks nobody whether it should."""
    connection = gatherer._connection  # noqa: SLF001 - nothing public has it
    gather = connection.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ASYNC109 - as aioice has it
        return await gather(component, [*addresses, _LOOPBACK], timeout)

    connection.get_component_candidates = with_loopback  # type: ignore[method-assign]
