"""The outbox loses nothing and leaves no hole, whatever is killed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uuid_utils.compat

from edge import fsck
from edge.errors import OutboxError
from edge.outbox import FILE_NAME, Counts, EvidenceFile, Occurrence, Outbox, RuleState
from tests.edge.clocks import START, HandClock
from tests.edge.written import maker
from wire import message as wire_message
from wire.event import EventMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def outbox(tmp_path: Path, clock: HandClock) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / FILE_NAME, clock)
    yield opened
    opened.close()


def test_counts_from_one_without_a_gap_over_restarts(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / FILE_NAME
    written, ids = [], set()
    for _ in range(3):
        outbox = Outbox(path, clock)
        written += [outbox.append(maker(clock)).sequence for _ in range(4)]
        ids.add(outbox.outbox_id)
        outbox.close()
    assert written == list(range(1, 13))
    assert len(ids) == 1


def test_one_that_another_is_just_making_is_waited_for(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `talaia-edge outbox` does beside an agent that starts."""
    maker_of_it = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    maker_of_it.execute("begin immediate")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            maker_of_it.close()

    monkeypatch.setattr(time, "sleep", pause)
    outbox = Outbox(tmp_path / FILE_NAME, clock)
    assert (outbox.counts().written, len(pauses)) == (0, 3)
    outbox.close()


def test_another_file_is_another_outbox(tmp_path: Path, clock: HandClock) -> None:
    one, two = Outbox(tmp_path / "1", clock), Outbox(tmp_path / "2", clock)
    assert one.outbox_id != two.outbox_id
    one.close()
    two.close()


def test_what_is_pending_is_what_was_written(outbox: Outbox, clock: HandClock) -> None:
    message = outbox.append(maker(clock))
    [pending] = outbox.pending(10)
    assert (pending.sequence, pending.message_id) == (1, message.message_id)
    assert wire_message.read(EventMessage, pending.payload) == (message, [])


def test_a_message_that_cannot_be_made_uses_no_number(outbox: Outbox, clock: HandClock) -> None:
    def fail(_: object) -> EventMessage:
        raise ValueError("no message")

    with pytest.raises(ValueError, match="no message"):
        outbox.append(fail)
    assert outbox.append(maker(clock)).sequence == 1


def test_acks_count_once_and_strangers_not_at_all(outbox: Outbox, clock: HandClock) -> None:
    messages = [outbox.append(maker(clock)) for _ in range(3)]
    clock.passed_s = 30
    ids = [messages[0].message_id, messages[2].message_id]
    assert outbox.acknowledge([*ids, uuid_utils.compat.uuid7()]) == 2
    assert outbox.acknowledge(ids) == 0
    assert [one.sequence for one in outbox.pending(10)] == [2]
    assert outbox.counts() == Counts(written=3, acked=2, pending=1, oldest_pending_s=30.0)
    outbox.acknowledge([messages[1].message_id])
    assert outbox.counts() == Counts(written=3, acked=3, pending=0, oldest_pending_s=0.0)


def test_pending_leaves_out_what_is_under_way(outbox: Outbox, clock: HandClock) -> None:
    messages = [outbox.append(maker(clock)) for _ in range(5)]
    found = outbox.pending(2, but=[messages[0].message_id, messages[1].message_id])
    assert [one.sequence for one in found] == [3, 4]


def test_delivered_messages_go_after_two_weeks_and_leave_no_hole(outbox: Outbox, clock: HandClock) -> None:
    first = [outbox.append(maker(clock)) for _ in range(4)]
    outbox.acknowledge([first[0].message_id, first[2].message_id, first[3].message_id])
    clock.passed_s = 13 * 86400
    assert outbox.forget_delivered() == 0
    clock.passed_s = 15 * 86400
    assert outbox.forget_delivered() == 1
    assert outbox.faults() == []
    outbox.acknowledge([first[1].message_id])
    clock.passed_s = 40 * 86400
    assert outbox.forget_delivered() == 3
    assert outbox.append(maker(clock)).sequence == 5
    assert outbox.faults() == []


def test_an_occurrence_keeps_its_event_over_a_restart(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / FILE_NAME
    outbox = Outbox(path, clock)
    message = outbox.append(
        maker(clock),
        occurrence=Occurrence("placa", "illegal_dumping", 7, open=True, began_at=START),
        rule_state=RuleState("placa", "illegal_dumping", {"open": [7]}),
    )
    outbox.close()
    outbox = Outbox(path, clock)
    known = outbox.event_of("placa", "illegal_dumping", 7)
    assert known is not None
    assert (known.event_id, known.began_at) == (message.event_id, START)
    saved = outbox.rule_state("placa", "illegal_dumping")
    assert saved is not None
    assert saved.state == {"open": [7]}
    assert outbox.event_of("other", "illegal_dumping", 7) is None
    closed = maker(clock, event_id=message.event_id, phase="closed")
    outbox.append(closed, occurrence=Occurrence("placa", "illegal_dumping", 7, open=False))
    assert outbox.event_of("placa", "illegal_dumping", 7) is None
    outbox.close()


def test_evidence_waits_pictures_first_and_is_uploaded_or_refused(outbox: Outbox, clock: HandClock) -> None:
    def file(media_type: str) -> EvidenceFile:
        evidence_id = uuid_utils.compat.uuid7()
        return EvidenceFile(evidence_id, str(evidence_id), media_type, "0" * 64, 10)

    old_clip, old_picture, new_picture = file("video/mp4"), file("image/jpeg"), file("image/jpeg")
    for one in (old_clip, old_picture, new_picture):
        clock.passed_s += 1
        outbox.append(maker(clock), evidence=[one])
    assert outbox.waiting_evidence() == [new_picture, old_picture, old_clip]
    outbox.uploaded(new_picture.evidence_id)
    outbox.refused(old_picture.evidence_id, "422 wrong hash")
    assert outbox.waiting_evidence() == [old_clip]
    assert outbox.evidence_files() == [old_clip, old_picture, new_picture]
    assert outbox.evidence_count() == 1


def test_killed_at_any_moment_nothing_that_was_written_is_lost(tmp_path: Path) -> None:
    """Three writers are killed in mid-write, one after the other, on one file."""
    path = tmp_path / FILE_NAME
    last = 0
    for round_number in range(3):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.edge.written", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(20 + 7 * round_number)]
            writer.kill()
            said += [int(line) for line in writer.stdout if line.endswith("\n")]
        assert said == list(range(last + 1, last + 1 + len(said)))
        outbox = Outbox(path, HandClock())
        last = outbox.counts().written
        outbox.close()
        assert last - said[-1] in {0, 1}  # the last one may be written and not yet said
    assert fsck.check(tmp_path).violations == []


def test_a_copy_taken_while_it_is_written_is_sound(outbox: Outbox, tmp_path: Path, clock: HandClock) -> None:
    """What a power cut leaves: the file and its log, as they are on the disk."""
    for _ in range(50):
        outbox.append(maker(clock))
    cut = tmp_path / "cut"
    cut.mkdir()
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        shutil.copy(tmp_path / name, cut / name)
    found = fsck.check(cut)
    assert (found.checked, found.violations) == (50, [])


def test_fsck_finds_holes_and_changed_files(outbox: Outbox, tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "a").write_bytes(b"changed")
    ids = [uuid_utils.compat.uuid7(), uuid_utils.compat.uuid7()]
    files = [EvidenceFile(ids[0], "a", "image/jpeg", "0" * 64, 7), EvidenceFile(ids[1], "b", "image/jpeg", "0" * 64, 7)]
    for _ in range(3):
        outbox.append(maker(clock), evidence=files)
        files = []
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("delete from messages where sequence = 2")
    connection.close()
    violations = fsck.check(tmp_path).violations
    assert violations[0] == "sequence has gaps: 2 messages from 1 to 3"
    assert sorted(line.split(": ")[1].split(" ")[0] for line in violations[1:]) == ["No", "SHA-256"]


def test_a_file_that_is_no_outbox(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database, though long enough to look at" * 30)
    with pytest.raises(OutboxError, match="not a database"):
        Outbox(tmp_path / FILE_NAME, clock)
