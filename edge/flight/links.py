"""From whom an aircraft's positions come while it flies: MAVLink over UDP or a serial line, or KLV in a stream.

Nothing is ever sent to the aircraft.
"""

from __future__ import annotations

import os
import select
import socket
import termios
import tty
from contextlib import closing
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import av
import av.error

from edge.source import shown, video
from vision.telemetry import klv
from vision.telemetry.mavlink_live import MavlinkReceiver
from vision.telemetry.reading import TelemetryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from threading import Event

    from edge.clock import Clock
    from edge.flight.section import DroneSection
    from vision.telemetry.sample import Sample

    Take = Callable[[Sample, datetime], None]

_AGAIN_S = 2.0
_WAIT_S = 0.5
_SILENT_S = 3.0
_DATAGRAM_BYTES = 65_535
_SERIAL_BYTES = 4096
_KLV_TIMEOUT_S = 5.0
_CLOCK_OFF_S = 5.0
_DAY_S = 86_400.0
_GARBAGE_BYTES_MIN = 200
"""Of what is no message, before it is taken for a wrong port or rate rather than noise."""


class Link(Protocol):
    """Hears one aircraft until it is told to stop."""

    def run(self, take: Take, stop: Event) -> None: ...

    def trouble(self) -> str:
        """Why no position comes, in a few words; empty while they come."""
        ...

    def remark(self) -> str:
        """What is odd although positions come."""
        ...


def link_to(section: DroneSection, stream: str, clock: Clock) -> Link:
    """`stream`: the address of the camera's own stream. A replayed log has none."""
    kind, _, rest = section.telemetry.partition(":")
    if kind == "klv":
        return KlvLink(rest or stream, clock)
    opened = Datagrams(section.telemetry) if kind == "udp" else SerialLine(rest, section.baud)
    return MavlinkLink(opened, section.system_id, clock)


class Port(Protocol):
    """Where bytes come in."""

    name: str

    def pieces(self, stop: Event) -> Iterator[bytes]:
        """As they come, and nothing (b"") now and then while none do. Raise OSError."""
        ...


class Datagrams:
    """A UDP port that ground stations and radios send to."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.name = address
        self._at = (parts.hostname or "", parts.port or 0)

    def pieces(self, stop: Event) -> Iterator[bytes]:
        family = socket.AF_INET6 if ":" in self._at[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as port:
            port.bind(self._at)
            port.settimeout(_WAIT_S)
            while not stop.is_set():
                try:
                    yield port.recv(_DATAGRAM_BYTES)
                except TimeoutError:
                    yield b""


class SerialLine:
    """A radio modem or the autopilot itself."""

    def __init__(self, path: str, baud: int) -> None:
        self.name = f"{path} at {baud} baud"
        self._path = path
        self._baud = baud

    def pieces(self, stop: Event) -> Iterator[bytes]:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            self._set_up(descriptor)
            while not stop.is_set():
                readable, _, _ = select.select([descriptor], [], [], _WAIT_S)
                if not readable:
                    yield b""
                    continue
                data = os.read(descriptor, _SERIAL_BYTES)
                if not data:
                    raise OSError(None, "the line was closed")
                yield data
        finally:
            os.close(descriptor)

    def _set_up(self, descriptor: int) -> None:
        speed = getattr(termios, f"B{self._baud}", None)
        if speed is None:
            raise OSError(None, f"this machine's serial lines know no {self._baud} baud")
        try:
            tty.setraw(descriptor, termios.TCSANOW)
            settings = termios.tcgetattr(descriptor)
            settings[4] = settings[5] = speed
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        except termios.error as error:
            raise OSError(None, f"is no serial line ({error.args[-1]})") from None


class MavlinkLink:
    """MAVLink that comes in at a port."""

    def __init__(self, port: Port, system_id: int | None, clock: Clock) -> None:
        self._port = port
        self._wanted = system_id
        self._clock = clock
        self._receiver = MavlinkReceiver(system_id)
        self._clocks = _Clocks()
        self._fault = ""
        self._heard_s: float | None = None
        self._placed_s: float | None = None

    def run(self, take: Take, stop: Event) -> None:
        while not stop.is_set():
            try:
                with closing(self._port.pieces(stop)) as pieces:  # type: ignore[type-var] # generators have a close
                    for data in pieces:
                        self._fault = ""
                        self._hear(data, take)
            except OSError as error:
                self._fault = f"{self._port.name} cannot be read: {(error.strerror or str(error)).lower()}"
            self._clock.wait(stop, _AGAIN_S)

    def _hear(self, data: bytes, take: Take) -> None:
        if not data:
            return
        at = self._clock.now()
        self._heard_s = self._clock.monotonic_s()
        for sample in self._receiver.feed(data, at):
            self._placed_s = self._heard_s
            take(sample, at)

    def trouble(self) -> str:
        now_s = self._clock.monotonic_s()
        if self._fault:
            return self._fault
        if self._heard_s is None or now_s - self._heard_s > _SILENT_S:
            return f"nothing comes from the aircraft ({self._port.name})"
        if self._placed_s is not None and now_s - self._placed_s <= _SILENT_S:
            return ""
        receiver = self._receiver
        if receiver.messages == 0:
            return f"what comes is no MAVLink ({self._port.name})"
        if receiver.others:
            heard = ", ".join(str(system) for system in sorted(receiver.others))
            return f"the aircraft {self._wanted or receiver.system} is silent; another speaks: system {heard}"
        return f"the aircraft tells no position: {receiver.fault or 'no such message has come'}"

    def remark(self) -> str:
        said = [self._clocks.differ(self._receiver.clock_ahead)]
        if self._receiver.others:
            heard = ", ".join(str(system) for system in sorted(self._receiver.others))
            said.append(f"another aircraft or station speaks here too: system {heard}")
        if self._receiver.garbage_bytes >= _GARBAGE_BYTES_MIN:
            said.append("some of what comes is no MAVLink")
        return "; ".join(one for one in said if one)


class KlvLink:
    """KLV that a camera sends beside its picture; a connection of its own, without the picture where it can be."""

    def __init__(self, address: str, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._fault = "no telemetry has come yet"
        self._placed_s: float | None = None
        self._ahead: timedelta | None = None
        self._clocks = _Clocks()

    def run(self, take: Take, stop: Event) -> None:
        while not stop.is_set():
            try:
                self._listen(take, stop)
                self._fault = "the telemetry's stream ended"
            except av.error.FFmpegError as error:
                self._fault = f"the telemetry's stream cannot be read: {video.explain(error)}"
            except OSError as error:
                self._fault = f"the telemetry's stream cannot be read: {(error.strerror or str(error)).lower()}"
            self._clock.wait(stop, _AGAIN_S)

    def _listen(self, take: Take, stop: Event) -> None:
        rtsp = self._address.startswith(("rtsp://", "rtsps://"))
        options = {"rtsp_transport": "tcp", "allowed_media_types": "data"} if rtsp else {}
        wanted = "mpegts" if self._address.startswith("udp://") else None
        timeout = (2 * _KLV_TIMEOUT_S, _KLV_TIMEOUT_S)
        with av.open(self._address, format=wanted, options=options, timeout=timeout) as container:
            streams = [stream for stream in container.streams if stream.type == "data"]
            if not streams:
                raise OSError(None, f"{shown(self._address)} carries no data beside its picture")
            for packet in container.demux(streams):
                if stop.is_set():
                    return
                self._hear(bytes(packet), take)

    def _hear(self, data: bytes, take: Take) -> None:
        at = self._clock.now()
        try:
            told = klv.read_chunks([(data, None)]) if data else None
        except TelemetryError as error:
            self._fault = str(error)
            return
        for sample in () if told is None else told.samples:
            if sample.time_utc is not None:
                self._ahead = sample.time_utc - at
            self._placed_s, self._fault = self._clock.monotonic_s(), ""
            take(sample, at)

    def trouble(self) -> str:
        if self._placed_s is not None and self._clock.monotonic_s() - self._placed_s <= _SILENT_S:
            return ""
        return self._fault or "the telemetry's stream has fallen silent"

    def remark(self) -> str:
        return self._clocks.differ(self._ahead)


class _Clocks:
    """Says how far the aircraft's clock is off, in words that do not change with each message."""

    def __init__(self) -> None:
        self._said_s = 0.0

    def differ(self, ahead: timedelta | None) -> str:
        """Which of both is wrong cannot be told from here: both are named, and which is used."""
        if ahead is None or abs(ahead.total_seconds()) <= _CLOCK_OFF_S:
            return ""
        if abs(ahead.total_seconds() - self._said_s) > _CLOCK_OFF_S:
            self._said_s = ahead.total_seconds()
        off_s = self._said_s
        size = f"{abs(off_s) / _DAY_S:.0f} days" if abs(off_s) >= _DAY_S else f"{abs(off_s):.0f} s"
        return f"the aircraft's clock is {size} {'ahead of' if off_s > 0 else 'behind'} this device's, which is used"
