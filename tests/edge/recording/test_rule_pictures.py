"""The pictures that a rule chose are announced with its message, as files of their kind."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.evidence import ClipWriter, Folder, Reporter
from edge.messages import Sender
from edge.outbox import FILE_NAME, Outbox
from edge.ring import PacketRing
from edge.sections import EvidenceSection
from tests.edge.clocks import HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import at
from tests.edge.written import MODEL
from vision.frame import Frame
from vision.rules.base import Rule, RuleEvent, RulePicture, Scene
from wire import message
from wire.event import EventMessage

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


class Quiet(Rule):
    """Has nothing to say by itself."""

    name = "illegal_dumping"

    def update(self, scene: Scene) -> list[RuleEvent]:  # noqa: ARG002 - a rule's
        return []

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        """Nothing is open."""


def test_they_are_files_of_their_kind_with_their_moment(tmp_path: Path) -> None:
    clock = HandClock()
    clock.passed_s = 30
    outbox, folder = Outbox(tmp_path / FILE_NAME, clock), Folder(tmp_path / "evidence")
    writer = ClipWriter(outbox=outbox, folder=folder, clock=clock, free_bytes_min=0, announced=lambda: None)
    reporter = Reporter(
        sender=Sender(device_id="dev-1", camera_id="placa", model=MODEL, location=None, staged=False),
        outbox=outbox,
        folder=folder,
        clips=writer,
        ring=PacketRing(span_s=60, limit_bytes=packets.MIB),
        settings=EvidenceSection(),
        clock=clock,
        stop=Event(),
        written=lambda: None,
    )
    image = np.full((90, 120, 3), 60, np.uint8)
    frame = Frame(image=image, index=300, media_time_s=30.0, captured_at=clock.now())
    pictures = [
        RulePicture("before", np.full((40, 50, 3), 20, np.uint8), 12.0),
        RulePicture("actor", np.full((60, 30, 3), 200, np.uint8), 15.5),
    ]
    opened = RuleEvent("illegal_dumping", 1, "opened", 30.0, "high", 0.9, [], began_s=16.0, pictures=pictures)
    after = RulePicture("after", np.full((40, 50, 3), 90, np.uint8), 30.0)
    reporter(opened, frame, Quiet())
    reporter(replace(opened, phase="updated", pictures=[after]), frame, Quiet())
    told = [message.read(EventMessage, one.payload)[0] for one in outbox.pending(10)]
    assert [[one.kind for one in each.evidence] for each in told] == [
        ["snapshot", "snapshot_annotated", "before", "actor"],
        ["after"],
    ]
    assert [one.captured_from for one in told[0].evidence[2:]] == [at(12), at(15.5)]
    actor = cv2.imread(str(folder.path / str(told[0].evidence[3].evidence_id)))
    assert actor is not None
    assert (actor.shape, round(float(actor.mean()))) == ((60, 30, 3), 200)
    assert {one.evidence_id for one in outbox.waiting_evidence()} == {
        one.evidence_id for each in told for one in each.evidence
    }
    assert [span.from_ for _, span in outbox.clip_orders()] == [at(11)]
    outbox.close()
