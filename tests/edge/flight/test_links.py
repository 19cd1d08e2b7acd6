"""Links to an aircraft, real ones: UDP, a serial line, KLV in a stream; and what is said of what is wrong with them."""

from __future__ import annotations

import math
import os
import pty
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect  # type: ignore[import-untyped]

from benchmarks.ports import free_port
from edge.flight.links import Datagrams, MavlinkLink, SerialLine
from tests.edge.broker import wait_until
from tests.edge.clocks import StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge.flight.links import Port
    from vision.telemetry.sample import Sample

YEAR_S = 366 * 86_400


class Heard:
    """A link that runs, with what it took."""

    def __init__(self, port: Port, system_id: int | None = None) -> None:
        self.samples: list[Sample] = []
        self._stop = threading.Event()
        self.link = MavlinkLink(port, system_id, StandingClock())
        self._thread = threading.Thread(target=self.link.run, args=(self._take, self._stop), daemon=True)
        self._thread.start()

    def _take(self, sample: Sample, _at: datetime) -> None:
        self.samples.append(sample)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def packed(*messages: Any, system: int = 1) -> bytes:
    sender = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    return b"".join(bytes(message.pack(sender)) for message in messages)


def position(lat: float = 41.1, lon: float = 1.24) -> Any:
    return dialect.MAVLink_global_position_int_message(
        1000, round(lat * 1e7), round(lon * 1e7), 123_400, 45_600, 0, 0, 0, 9000
    )


def looking(pitch_deg: float) -> Any:
    half = math.radians(pitch_deg) / 2
    return dialect.MAVLink_gimbal_device_attitude_status_message(
        0, 0, 0, 64, [math.cos(half), 0, math.sin(half), 0], 0, 0, 0, 0
    )


class Sender:
    def __init__(self) -> None:
        self.port = free_port()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, *messages: Any, system: int = 1) -> None:
        self.send_bytes(packed(*messages, system=system))

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendto(data, ("127.0.0.1", self.port))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def sender() -> Iterator[Sender]:
    opened = Sender()
    yield opened
    opened.close()


@pytest.fixture
def heard(sender: Sender) -> Iterator[Heard]:
    listening = Heard(Datagrams(f"udp://127.0.0.1:{sender.port}"))
    yield listening
    listening.close()


def test_positions_with_the_gimbal_come_over_udp(sender: Sender, heard: Heard) -> None:
    def came() -> bool:
        sender.send(looking(-60), position())
        return bool(heard.samples)

    wait_until(came, "a sample")
    sample = heard.samples[-1]
    assert (sample.lat, sample.lon, sample.rel_alt_m) == (41.1, 1.24, 45.6)
    assert sample.gimbal_pitch_deg == pytest.approx(-60, abs=0.01)
    assert (heard.link.trouble(), heard.link.remark()) == ("", "")


def test_they_come_over_a_serial_line_as_well() -> None:
    master, slave = pty.openpty()
    heard = Heard(SerialLine(os.ttyname(slave), 57_600))
    try:

        def came() -> bool:
            os.write(master, packed(looking(-45), position()))
            return bool(heard.samples)

        wait_until(came, "a sample")
        assert heard.samples[-1].rel_alt_m == 45.6
    finally:
        heard.close()
        os.close(master)
        os.close(slave)


def test_garbage_between_messages_costs_none_of_them_and_is_said(sender: Sender, heard: Heard) -> None:
    def came() -> bool:
        sender.send_bytes(bytes(range(128, 250)) + packed(position()) + b"\xfe\xff\xfd\x00")
        return len(heard.samples) >= 5

    wait_until(came, "five samples")
    assert "some of what comes is no MAVLink" in heard.link.remark()


def test_only_garbage_is_named(sender: Sender, heard: Heard) -> None:
    def said() -> bool:
        sender.send_bytes(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" * 4)
        return "what comes is no MAVLink" in heard.link.trouble()

    wait_until(said, "the word for it")
    assert heard.samples == []


def test_another_aircraft_on_the_port_is_not_taken_for_ours(sender: Sender) -> None:
    heard = Heard(Datagrams(f"udp://127.0.0.1:{sender.port}"), system_id=3)
    try:

        def said() -> bool:
            sender.send(position(), system=7)
            return "system 7" in heard.link.trouble()

        wait_until(said, "the word for it")
        assert "aircraft 3 is silent" in heard.link.trouble()
        assert heard.samples == []

        def ours() -> bool:
            sender.send(position(), system=3)
            sender.send(position(40.0), system=7)
            return len(heard.samples) >= 3

        wait_until(ours, "our own")
        assert {sample.lat for sample in heard.samples} == {41.1}
        assert "system 7" in heard.link.remark()
    finally:
        heard.close()


@pytest.mark.parametrize(("off_s", "said"), [(-YEAR_S, "366 days behind"), (YEAR_S, "366 days ahead of"), (60, "60 s")])
def test_a_clock_that_is_off_is_named_and_the_devices_is_used(
    sender: Sender, heard: Heard, off_s: float, said: str
) -> None:
    clock = StandingClock()

    def came() -> bool:
        now_us = round((clock.now().timestamp() + off_s) * 1e6)
        sender.send(dialect.MAVLink_system_time_message(now_us, 1000), position())
        return bool(heard.samples)

    wait_until(came, "a sample")
    assert said in heard.link.remark()
    at = heard.samples[-1].time_utc
    assert at is not None
    assert at == clock.now()


def test_no_fix_and_silence_and_a_taken_port_are_named(sender: Sender, heard: Heard) -> None:
    assert "nothing comes from the aircraft" in heard.link.trouble()

    def said() -> bool:
        sender.send(position(0.0, 0.0))
        return "no satellite fix yet" in heard.link.trouble()

    wait_until(said, "the word for no fix")
    second = Heard(Datagrams(f"udp://127.0.0.1:{sender.port}"))
    try:
        wait_until(lambda: "cannot be read: address already in use" in second.link.trouble(), "the word for it")
    finally:
        second.close()


@pytest.mark.parametrize(("path", "said"), [("/dev/does-not-exist", "no such file"), ("/dev/null", "no serial line")])
def test_a_serial_line_that_is_none_is_named(path: str, said: str) -> None:
    heard = Heard(SerialLine(path, 57_600))
    try:
        wait_until(lambda: said in heard.link.trouble(), "the word for it")
        assert heard.link.trouble().startswith(f"{path} at 57600 baud cannot be read: ")
        assert (heard.samples, heard.link.remark()) == ([], "")
    finally:
        heard.close()
