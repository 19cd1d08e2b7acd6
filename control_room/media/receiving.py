"""aiortc's receiver of a publisher's video, without its decoder: whole coded pictures go to the stream as they came.

aiortc decodes every picture in a thread of its own (`decoder_worker`), and gives a picture out only when the next one
has begun. This takes the place of all that; what it uses of aiortc is not public (docs/adr/0017).
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

from aiortc import RTCRtpReceiver, clock
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from control_room.media import h264
from control_room.media.reassembly import Reassembly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiortc import RTCDtlsTransport
    from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
    from aiortc.rtp import AnyRtcpPacket

    from control_room.media.reassembly import Picture
    from control_room.media.streams import Clock

_REPORT_EVERY_S = 1.0
_NTP_MIDDLE = 16


class PassingReceiver(RTCRtpReceiver):
    """Of one publisher. `tend` is to be called some twenty times a second."""

    def __init__(
        self,
        transport: RTCDtlsTransport,
        *,
        take: Callable[[Picture], None],
        ended: Callable[[], None],
        media_clock: Clock,
    ) -> None:
        super().__init__("video", transport)
        self._take, self._ended, self._clock = take, ended, media_clock
        self._reassembly = Reassembly()
        self._estimator = RemoteBitrateEstimator()
        self._statistics: StreamStatistics | None = None
        self._payload_types: frozenset[int] = frozenset()
        self._ssrc: int | None = None
        """The publisher's."""
        self._own_ssrc = 0
        self._sender_report: tuple[int, float] | None = None
        self._report_s = 0.0
        self._is_registered = False
        self.packets = 0

    @property
    def lost_packets(self) -> int:
        return self._reassembly.lost_packets

    @property
    def dropped_pictures(self) -> int:
        return self._reassembly.dropped_pictures

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._own_ssrc = ssrc

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        if not self._is_registered:
            self._is_registered = True
            self._payload_types = frozenset(
                each.payloadType for each in parameters.codecs if each.payloadType is not None
            )
            self.transport._register_rtp_receiver(self, parameters)

    async def stop(self) -> None:
        if self._is_registered:
            self.transport._unregister_rtp_receiver(self)
            self._is_registered = False

    def _handle_disconnect(self) -> None:
        self._ended()

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            middle = packet.sender_info.ntp_timestamp >> _NTP_MIDDLE & 0xFFFFFFFF
            self._sender_report = (middle, time.monotonic())
        elif isinstance(packet, RtcpByePacket):
            self._ended()

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if packet.payload_type not in self._payload_types:
            return
        if packet.ssrc != self._ssrc:
            self._begin(packet.ssrc)
        self.packets += 1
        if self._statistics is not None:
            self._statistics.add(packet)
        if packet.extensions.abs_send_time is not None:
            await self._estimate(packet, arrival_time_ms)
        now_s = self._clock.now_s()
        self._give(
            self._reassembly.add(
                packet.sequence_number, packet.timestamp, packet.payload, now_s, is_last=bool(packet.marker)
            )
        )
        if self._reassembly.has_new_gap:
            await self._ask_again(now_s)

    def _begin(self, ssrc: int) -> None:
        """Another sender, or the same begun anew: nothing of what was belongs to it."""
        self._ssrc = ssrc
        self._reassembly = Reassembly()
        self._statistics = StreamStatistics(h264.CLOCK_HZ)
        self._sender_report = None

    def _give(self, pictures: Iterator[Picture]) -> None:
        for picture in pictures:
            self._take(picture)

    async def tend(self) -> None:
        now_s = self._clock.now_s()
        self._give(self._reassembly.overdue(now_s))
        await self._ask_again(now_s)
        if now_s - self._report_s >= _REPORT_EVERY_S:
            self._report_s = now_s
            await self._report()

    async def ask_for_key(self) -> None:
        if self._ssrc is not None:
            await self._send_rtcp(RtcpPsfbPacket(fmt=1, ssrc=self._own_ssrc, media_ssrc=self._ssrc))

    @property
    def is_broken(self) -> bool:
        """Waits for a key picture."""
        return self._reassembly.is_broken

    async def _ask_again(self, now_s: float) -> None:
        missing = self._reassembly.to_ask_for(now_s)
        if missing and self._ssrc is not None:
            await self._send_rtcp(_Nack(self._own_ssrc, self._ssrc, missing))

    async def _estimate(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Browsers send more only when they are told that there is room (REMB)."""
        if packet.extensions.abs_send_time is None:
            return
        found = self._estimator.add(
            abs_send_time=packet.extensions.abs_send_time,
            arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        if found is not None:
            content = pack_remb_fci(*found)
            await self._send_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._own_ssrc, media_ssrc=0, fci=content))

    async def _report(self) -> None:
        statistics = self._statistics
        if statistics is None or statistics.max_seq is None or self._ssrc is None:
            return
        last, delay = 0, 0
        if self._sender_report is not None:
            last, at_s = self._sender_report
            delay = min(0xFFFFFFFF, round(65536 * (time.monotonic() - at_s)))
        about = RtcpReceiverInfo(
            ssrc=self._ssrc,
            fraction_lost=statistics.fraction_lost,
            packets_lost=statistics.packets_lost,
            highest_sequence=(statistics.cycles + statistics.max_seq) & 0xFFFFFFFF,
            jitter=min(0xFFFFFFFF, statistics.jitter),
            lsr=last,
            dlsr=delay,
        )
        await self._send_rtcp(RtcpRrPacket(ssrc=self._own_ssrc, reports=[about]))

    async def _send_rtcp(self, packet: Any) -> None:
        try:
            await self.transport._send_rtp(bytes(packet))
        except ConnectionError:
            return


class _Nack:
    """RFC 4585, 6.2.1: the numbers of packets that are missing."""

    def __init__(self, ssrc: int, media_ssrc: int, missing: list[int]) -> None:
        self._head = struct.pack("!LL", ssrc, media_ssrc)
        self._missing = missing

    def __bytes__(self) -> bytes:
        pairs: list[tuple[int, int]] = []
        for number in self._missing:
            if pairs and 0 < (number - pairs[-1][0] & 0xFFFF) <= 16:  # noqa: PLR2004 - a mask of the 16 that follow
                first, mask = pairs[-1]
                pairs[-1] = (first, mask | 1 << (number - first & 0xFFFF) - 1)
            else:
                pairs.append((number, 0))
        body = self._head + b"".join(struct.pack("!HH", *pair) for pair in pairs[:60])
        return struct.pack("!BBH", 0x81, 205, len(body) // 4) + body


def now_ntp() -> int:
    """The time as RTCP writes it."""
    return clock.current_ntp_time()
