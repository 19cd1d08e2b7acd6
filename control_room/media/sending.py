"""aiortc's sender to a viewer, for pictures that are coded already: the same payloads go to all, only headers differ.

aiortc's own makes new packets of every picture for every viewer, in a task of each; this writes the header, ciphers and
hands over to the socket. What it uses of aiortc is not public (docs/adr/0017).
"""

from __future__ import annotations

import random
import struct
from collections import deque
from typing import TYPE_CHECKING

from aiortc import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from control_room.media.receiving import now_ntp

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpSendParameters
    from aiortc.rtp import AnyRtcpPacket
    from pylibsrtp import Session

    from control_room.media.ring import Frame
    from control_room.media.streams import Clock

PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
"""An extension by which browsers show a picture as soon as it is there."""
_PLAYOUT_MAX_10_MS = 40
_HISTORY_PACKETS = 1024
_REPEATS_S_MAX = 400
_VERSION, _VERSION_WITH_EXTENSION, _MARKER = 0x80, 0x90, 0x80
_CONNECTED = "connected"
_HEADER = struct.Struct("!BBHLL")


class PassingSender(RTCRtpSender):
    """To one viewer."""

    def __init__(
        self,
        transport: RTCDtlsTransport,
        *,
        started: Callable[[], None],
        lost_picture: Callable[[], None],
        media_clock: Clock,
    ) -> None:
        super().__init__("video", transport)
        self._started, self._lost_picture, self._clock = started, lost_picture, media_clock
        self._payload_type = 0
        self._extension = b""
        self._number = random.randrange(0x8000)
        self._first_timestamp = random.randrange(0xFFFFFFFF)
        self._history: deque[tuple[int, int, int, bytes]] = deque(maxlen=_HISTORY_PACKETS)
        """Number, timestamp, second octet, payload."""
        self._is_registered = False
        self._cname = ""
        self._repeats_left = float(_REPEATS_S_MAX)
        self._last_timestamp = 0
        self.packets = self.bytes = self.repeated = 0
        self.heard_s = media_clock.now_s()
        """When the viewer last told anything."""
        self.loss = 0.0
        """Share of the packets that the viewer says it missed lately."""

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        if self._is_registered:
            return
        self._is_registered = True
        self._payload_type = parameters.codecs[0].payloadType or 0
        self._cname = parameters.rtcp.cname or ""
        for extension in parameters.headerExtensions:
            if extension.uri == PLAYOUT_DELAY:
                delay = _PLAYOUT_MAX_10_MS.to_bytes(3, "big")  # at least 0, at most this
                self._extension = struct.pack("!HHB", 0xBEDE, 1, extension.id << 4 | 2) + delay
        self.transport._register_rtp_sender(self, parameters)
        self.heard_s = self._clock.now_s()
        self._started()

    async def stop(self) -> None:
        if self._is_registered:
            self._is_registered = False
            self._control(bytes(RtcpByePacket(sources=[self._ssrc])))
            self.transport._unregister_rtp_sender(self)
            self._history.clear()

    @property
    def waiting_bytes(self) -> int:
        pair = self.transport.transport._connection._nominated.get(1)
        size = None if pair is None else getattr(pair.protocol.transport, "get_write_buffer_size", None)
        return 0 if size is None else int(size())  # of a TURN server's it is not known

    def timestamp_of(self, timestamp: int) -> int:
        """As this viewer gets it."""
        return timestamp + self._first_timestamp & 0xFFFFFFFF

    def pass_on(self, frame: Frame, timestamp: int, begin: int, end: int) -> None:
        """Send the picture's payloads `begin` to `end`."""
        way = self._way()
        if way is None:
            return
        cipher, send, address = way
        self._last_timestamp = timestamp = self.timestamp_of(timestamp)
        last = len(frame.payloads) - 1
        extension = self._extension if frame.is_key else b""
        version = _VERSION_WITH_EXTENSION if extension else _VERSION
        for index in range(begin, end):  # some thousands a second of all viewers together: nothing is looked up twice
            payload = frame.payloads[index]
            kind = (_MARKER if index == last else 0) | self._payload_type
            header = _HEADER.pack(version, kind, self._number, timestamp, self._ssrc)
            self._history.append((self._number, timestamp, kind, payload))
            send(cipher.protect(header + extension + payload), address)
            self._number = self._number + 1 & 0xFFFF
            self.packets += 1
            self.bytes += len(payload)

    def _way(self) -> tuple[Session, Callable[[bytes, tuple[str, int]], None], tuple[str, int]] | None:
        """Cipher, socket and address; None: the connection does not stand."""
        dtls = self.transport
        pair = dtls.transport._connection._nominated.get(1)
        if pair is None or dtls.state != _CONNECTED:
            return None
        return dtls._tx_srtp, pair.protocol.transport.sendto, pair.remote_addr

    def _control(self, packet: bytes) -> None:
        way = self._way()
        if way is not None:
            cipher, send, address = way
            send(cipher.protect_rtcp(packet), address)

    def report(self, passed_s: float) -> None:
        """To be called about once a second: what has been sent."""
        self._repeats_left = min(_REPEATS_S_MAX, self._repeats_left + passed_s * _REPEATS_S_MAX)
        if not self._is_registered or not self.packets:
            return
        about = RtcpSenderInfo(
            ntp_timestamp=now_ntp(),
            rtp_timestamp=self._last_timestamp,
            packet_count=self.packets & 0xFFFFFFFF,
            octet_count=self.bytes & 0xFFFFFFFF,
        )
        name = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])])
        self._control(bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=about)) + bytes(name))

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        self.heard_s = self._clock.now_s()
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self.loss = report.fraction_lost / 256
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            self._repeat(packet.lost)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in {RTCP_PSFB_FIR, RTCP_PSFB_PLI}:
            self._lost_picture()

    def _repeat(self, numbers: list[int]) -> None:
        """What the viewer missed, as far as it is still at hand and does not cost the others."""
        way = self._way()
        if not self._history or way is None:
            return
        cipher, send, address = way
        first = self._history[0][0]
        for number in numbers:
            at = number - first & 0xFFFF
            if at < len(self._history) and self._repeats_left >= 1:
                self._repeats_left -= 1
                self.repeated += 1
                _, timestamp, kind, payload = self._history[at]
                send(cipher.protect(_HEADER.pack(_VERSION, kind, number, timestamp, self._ssrc) + payload), address)
