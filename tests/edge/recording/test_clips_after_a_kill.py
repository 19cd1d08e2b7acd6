"""A clip that was ordered before the agent was killed is cut by its next start, out of the recording."""

from __future__ import annotations

import hashlib
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from edge.evidence import ClipOrder, ClipWriter, Folder
from edge.outbox import FILE_NAME, ClipSpan, Outbox
from edge.recording import Recordings
from edge.ring import PacketRing
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.clocks import HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import at
from tests.edge.written import maker
from wire import message
from wire.event import EventMessage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAN = ClipSpan("placa", at(3.5), at(7.2))


class Device:
    """What outlives a kill of the agent: outbox, evidence and recordings; the clock stands after the clip."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.clock.passed_s = 60
        self.outbox = Outbox(folder / FILE_NAME, self.clock)
        self.folder = Folder(folder / "evidence")
        self.recordings = Recordings(folder / "recordings", packets.settings(), self.clock)

    def writer(self) -> ClipWriter:
        """As a start of the agent makes it."""
        return ClipWriter(
            outbox=self.outbox,
            folder=self.folder,
            clock=self.clock,
            free_bytes_min=0,
            announced=lambda: None,
            recordings=self.recordings,
        )

    def messages(self) -> list[EventMessage]:
        return [message.read(EventMessage, one.payload)[0] for one in self.outbox.pending(10)]

    def run(self, writer: ClipWriter) -> None:
        """Until nothing is ordered any more."""
        thread = Thread(target=writer.run, daemon=True)
        thread.start()
        self.clock.passed_s += 60
        wait_until(lambda: self.outbox.clip_orders() == [], "the clip")
        writer.stop(self.clock.monotonic_s() + 60)
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path)
    yield made
    made.outbox.close()
    made.recordings.close()


def check_clip(device: Device, video: Path) -> None:
    opened, updated = device.messages()
    assert (updated.event_id, updated.phase, [one.kind for one in updated.evidence]) == (
        opened.event_id,
        "updated",
        ["clip"],
    )
    reference = updated.evidence[0]
    path = device.folder.path / str(reference.evidence_id)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == reference.sha256
    assert (reference.captured_from, reference.captured_to) == (at(3), at(7.2))
    _, cut = packets.of(path)
    _, came = packets.of(video)
    assert packets.alike(cut) == packets.alike(came[30:73])
    assert device.outbox.clip_orders() == []


def test_it_is_cut_from_the_recording(tmp_path: Path, device: Device) -> None:
    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    device.outbox.append(maker(device.clock), clip=SPAN)
    packets.feed(device.recordings.recorder(packets.CAMERA), video)
    device.recordings.write()
    device.run(device.writer())
    check_clip(device, video)


def test_the_ring_in_memory_gives_the_same_packets(tmp_path: Path, device: Device) -> None:
    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    writer = device.writer()
    opened = device.outbox.append(maker(device.clock), clip=SPAN)
    ring = PacketRing(span_s=60, limit_bytes=packets.MIB, by_device_clock=True)
    packets.feed(ring, video)
    writer.order(ClipOrder(opened, SPAN, ring, SPAN.from_.timestamp(), SPAN.until.timestamp(), 0.0))
    device.run(writer)
    check_clip(device, video)


def test_the_recording_is_asked_where_memory_does_not_go_back_far_enough(tmp_path: Path, device: Device) -> None:
    video = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    writer = device.writer()
    opened = device.outbox.append(maker(device.clock), clip=SPAN)
    ring = PacketRing(span_s=3, limit_bytes=packets.MIB, by_device_clock=True)
    packets.feed(ring, video)
    packets.feed(device.recordings.recorder(packets.CAMERA), video)
    device.recordings.write()
    writer.order(ClipOrder(opened, SPAN, ring, SPAN.from_.timestamp(), SPAN.until.timestamp(), 0.0))
    device.run(writer)
    check_clip(device, video)


def test_what_was_never_recorded_is_given_up(device: Device) -> None:
    device.outbox.append(maker(device.clock), clip=SPAN)
    device.run(device.writer())
    assert len(device.messages()) == 1
