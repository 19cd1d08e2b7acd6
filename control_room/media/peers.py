"""One WebRTC connection each: a publisher's, out of which pictures come, and a viewer's, into which they go.

What is used of aiortc and aioice beyond their public interface is named in docs/adr/0017, pinned, and tested.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters
from aiortc.sdp import candidate_from_sdp

from control_room.media import offers
from control_room.media.detections import FromPublisher, ToViewer
from control_room.media.gathering import gathered
from control_room.media.receiving import PassingReceiver
from control_room.media.sending import PLAYOUT_DELAY, PassingSender
from control_room.media.viewing import Feed
from wire.live import DETECTIONS_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aioice import Candidate, Connection
    from aiortc import RTCDataChannel, RTCDtlsTransport, RTCRtpTransceiver

    from control_room.media.detections import Passing
    from control_room.media.gathering import Addresses
    from control_room.media.reassembly import Picture
    from control_room.media.ring import Frame
    from control_room.media.streams import Clock, Stream

log = logging.getLogger(__name__)

_CANDIDATES_MAX = 64
_TELEMETRY_BYTES_MAX = 64 * 1024


async def _gather(
    ice: Connection,
    ours: Addresses,
    theirs: Callable[..., Awaitable[list[Candidate]]],
    *,
    component: int,
    addresses: list[str],  # noqa: ARG001 - aioice's signature
) -> list[Candidate]:
    """Our own, and those that STUN and TURN servers lend."""
    found = await gathered(ice, ours)
    lent = ice.stun_server is not None or ice.turn_server is not None
    return [*found, *(await theirs(component=component, addresses=[]) if lent else [])]


def gather_at(transport: RTCDtlsTransport, addresses: Addresses) -> None:
    """Have a connection offer these in the place of what it would find; before its local description is set."""
    ice = transport.transport._connection
    theirs = ice.get_component_candidates
    ice.get_component_candidates = partial(_gather, ice, addresses, theirs)  # type: ignore[method-assign]


class RefusedError(Exception):
    """aiortc cannot answer this offer; one line."""


class Peer:
    """What publishers and viewers have in common."""

    def __init__(self, addresses: Addresses, ice_servers: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._addresses = addresses
        configuration = RTCConfiguration(iceServers=[RTCIceServer(urls=url) for url in ice_servers])
        self.connection = RTCPeerConnection(configuration)
        self.begun_s = clock.now_s()
        self._candidates = 0

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`."""
        return self.connection.connectionState

    def when_over(self, over: Callable[[], None]) -> None:
        """Called when the connection has failed or was ended by the other side."""

        @self.connection.on("connectionstatechange")
        def _changed() -> None:
            if self.connection.connectionState in {"failed", "closed"}:
                over()

    async def answer(self, offer: offers.Offer) -> str:
        """The answer with all candidates.

        Raises:
            RefusedError: aiortc cannot.
        """
        for kind in offer.kinds:
            if kind == "video":
                self._add_video(self.connection.addTransceiver("video", self._direction))
            elif kind == "audio":
                self.connection.addTransceiver("audio", "inactive")  # sound is neither kept nor passed on
        try:
            await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._extend(offer)
            answer = await self.connection.createAnswer()
            self._offer_own_addresses()
            await self.connection.setLocalDescription(answer)
        except (ValueError, OperationError, InternalError, InvalidAccessError, InvalidStateError) as error:
            raise RefusedError(" ".join(str(error).split())) from None
        return offer.answer(self.connection.localDescription.sdp)

    _direction = "inactive"

    def _add_video(self, transceiver: RTCRtpTransceiver) -> None:
        raise NotImplementedError

    def _extend(self, offer: offers.Offer) -> None:
        """Agree to more than aiortc would."""

    def _offer_own_addresses(self) -> None:
        """Those of the settings in the place of all that the machine has."""
        for transport in self._transports():
            gather_at(transport, self._addresses)

    def _transports(self) -> set[RTCDtlsTransport]:
        found = {each.receiver.transport for each in self.connection.getTransceivers()}
        if self.connection.sctp is not None:
            found.add(self.connection.sctp.transport)
        return found

    async def add_candidates(self, candidates: Sequence[str]) -> int:
        """Of the other side, as they become known to it; returns how many were of use."""
        used = 0
        for text in candidates:
            if not offers.is_plain(text) or self._candidates >= _CANDIDATES_MAX:
                continue
            self._candidates += 1
            used += 1
            candidate = candidate_from_sdp(text)
            candidate.sdpMLineIndex = 0
            await self.connection.addIceCandidate(candidate)
        return used

    async def close(self) -> None:
        await self.connection.close()


class PublisherPeer(Peer):
    """Sends a stream to us."""

    _direction = "recvonly"

    def __init__(
        self,
        addresses: Addresses,
        ice_servers: Sequence[str],
        clock: Clock,
        *,
        take: Callable[[Picture], None],
        ended: Callable[[], None],
        told: Callable[[bytes], None],
        detections: Passing | None = None,
    ) -> None:
        """`told` is given what comes by a data channel beside the video: telemetry.

        `detections`: takes what is seen in the pictures; None: nobody looks at them where they come from.
        """
        super().__init__(addresses, ice_servers, clock)
        self._take, self._ended, self._told, self._detections = take, ended, told, detections
        self._lines: FromPublisher | None = None
        self._receiver: PassingReceiver | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection.on("datachannel", self._channel)

    def _add_video(self, transceiver: RTCRtpTransceiver) -> None:
        transport = transceiver.receiver.transport
        receiver = PassingReceiver(transport, take=self._take, ended=self._ended, media_clock=self._clock)
        receiver._set_rtcp_ssrc(transceiver.sender._ssrc)
        transceiver._RTCRtpTransceiver__receiver = receiver  # type: ignore[attr-defined]
        self._receiver = receiver

    def _channel(self, channel: RTCDataChannel) -> None:
        if channel.label == DETECTIONS_CHANNEL:
            if self._detections is not None and self._lines is None:
                self._lines = FromPublisher(channel, self._detections)
            return

        @channel.on("message")
        def _message(content: str | bytes) -> None:
            octets = content.encode() if isinstance(content, str) else content
            if len(octets) <= _TELEMETRY_BYTES_MAX:
                self._told(octets)

    async def close(self) -> None:
        if self._lines is not None:
            self._lines.end()
        await super().close()

    async def tend(self) -> None:
        if self._receiver is not None:
            await self._receiver.tend()

    def ask_for_key(self) -> None:
        if self._receiver is not None:
            task = asyncio.ensure_future(self._receiver.ask_for_key())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def is_broken(self) -> bool:
        return self._receiver is not None and self._receiver.is_broken

    @property
    def packets(self) -> int:
        return 0 if self._receiver is None else self._receiver.packets

    @property
    def lost_packets(self) -> int:
        return 0 if self._receiver is None else self._receiver.lost_packets

    @property
    def dropped_pictures(self) -> int:
        return 0 if self._receiver is None else self._receiver.dropped_pictures


class ViewerPeer(Peer):
    """Is sent a stream."""

    _direction = "sendonly"

    def __init__(self, addresses: Addresses, ice_servers: Sequence[str], clock: Clock, stream: Stream) -> None:
        super().__init__(addresses, ice_servers, clock)
        self.stream = stream
        self._sender: PassingSender | None = None
        self._feed = Feed(stream, self, clock, asyncio.get_running_loop().call_later)
        self._lines: ToViewer | None = None
        self.connection.on("datachannel", self._channel)

    def _add_video(self, transceiver: RTCRtpTransceiver) -> None:
        sender = PassingSender(
            transceiver.sender.transport,
            started=self._start,
            lost_picture=self._feed.lost_picture,
            media_clock=self._clock,
        )
        sender._stream_id = transceiver.sender._stream_id
        transceiver._RTCRtpTransceiver__sender = sender  # type: ignore[attr-defined]
        self._sender = sender

    def _channel(self, channel: RTCDataChannel) -> None:
        sender = self._sender
        if channel.label == DETECTIONS_CHANNEL and self._lines is None and sender is not None:
            self._lines = ToViewer(channel, self.stream.detections, sender.timestamp_of, self._clock.now_s)

    def _extend(self, offer: offers.Offer) -> None:
        number = offer.extensions.get(PLAYOUT_DELAY)
        if number is not None and number <= 14:  # noqa: PLR2004 - RFC 8285's short form
            for transceiver in self.connection.getTransceivers():
                if transceiver.kind == "video":
                    transceiver._headerExtensions.append(RTCRtpHeaderExtensionParameters(id=number, uri=PLAYOUT_DELAY))

    def _start(self) -> None:
        self.stream.watchers.add(self._feed)
        self._feed.start()

    async def close(self) -> None:
        self.stream.watchers.discard(self._feed)
        self._feed.stop()
        if self._lines is not None:
            self._lines.end()
        await super().close()

    @property
    def waiting_bytes(self) -> int:
        return 0 if self._sender is None else self._sender.waiting_bytes

    def send(self, frame: Frame, timestamp: int, begin: int, end: int) -> None:
        if self._sender is not None:
            self._sender.pass_on(frame, timestamp, begin, end)

    def report(self, passed_s: float) -> None:
        if self._sender is not None:
            self._sender.report(passed_s)

    @property
    def heard_s(self) -> float:
        """When it last told anything."""
        return self.begun_s if self._sender is None else self._sender.heard_s

    @property
    def frames(self) -> int:
        return self._feed.frames

    @property
    def dropped(self) -> int:
        return self._feed.dropped

    @property
    def loss(self) -> float:
        return 0.0 if self._sender is None else self._sender.loss
