"""fsck says of a sound room that it is, and finds each thing that is not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from control_room.database import pool
from control_room.fsck import report
from control_room.store.content import Content
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import messages

CONTENT = b"a picture"


def check(url: str, store: Path) -> report.Report:
    with pool.connect(url) as connection:
        return report.check(connection, LocalStore(store))


def codes(found: report.Report) -> list[str]:
    return [violation.code for violation in found.violations]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def evidence_id(connection: pool.Connection, store: Path) -> str:
    """A sound room: one device, four messages of one event, one file."""
    messages.add_device(connection)
    announced = messages.evidence(sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT))
    event_id = announced["evidence_id"]
    for sequence, phase in enumerate(("opened", "updated", "updated", "closed"), start=1):
        named = [announced] if sequence == 1 else []
        sent = messages.event(event_id=event_id, phase=phase, sequence=sequence, evidence=named)
        messages.ingest(connection, messages.delivery(sent))
    with Incoming(LocalStore(store)) as incoming:
        incoming.write(CONTENT)
        incoming.keep()
    connection.execute("UPDATE evidence SET received_at = now()")
    return str(event_id)


def test_a_sound_room(database_url: str, evidence_id: str, store: Path) -> None:
    found = check(database_url, store)
    assert found.is_sound, evidence_id
    assert found.as_json() == {
        "devices": [{"device_id": "quay", "stored": 4, "duplicates": 0, "gaps": [], "dead_letters": 0, "removed": 0}],
        "violations": [],
    }
    assert list(found.lines()) == ["quay: 4 stored, 0 duplicates, 0 dead letters", "sound"]


def test_gaps_are_named_from_the_first_sequence_on(database_url: str, connection: pool.Connection, store: Path) -> None:
    messages.add_device(connection)
    sent = [messages.event(sequence=number) for number in (3, 4, 9)]
    messages.ingest(connection, *(messages.delivery(each) for each in sent))
    found = check(database_url, store)
    (device,) = found.devices
    assert [(gap.first, gap.last) for gap in device.gaps] == [(1, 2), (5, 8)]
    assert not found.is_sound
    assert "quay: gap: 5 to 8 of outbox 00000000-0000-0000-0000-000000000001" in list(found.lines())


def test_a_dead_letter_is_no_gap(database_url: str, connection: pool.Connection, store: Path) -> None:
    messages.add_device(connection)
    bad = messages.event(sequence=2, severity="dreadful")
    sent = [messages.event(sequence=1), bad, messages.event(sequence=3)]
    messages.ingest(connection, *(messages.delivery(each) for each in sent))
    (device,) = check(database_url, store).devices
    assert (device.stored, device.dead_letters, device.gaps) == (2, 1, [])


SAME_SEQUENCE = (
    "INSERT INTO events SELECT gen_random_uuid(), outbox_id, sequence, occurred_at, message_id, device_id,"
    " camera_id, rule, phase, severity, sent_at, received_at, message, device_time, time_fault FROM events"
    " WHERE sequence = 1"
)
UNSOUND: dict[str, tuple[list[str], list[str]]] = {
    "an event without its alert": (
        ["DELETE FROM alert_history", "DELETE FROM alerts"],
        ["event_without_alert"],
    ),
    "an alert without its event": (
        ["DELETE FROM events"],
        ["alert_without_event", "evidence_without_event", "wrong_end"],
    ),
    "an end that was not told": (["UPDATE alerts SET over_since = NULL"], ["wrong_end"]),
    "a state without history": (["UPDATE alerts SET state = 'acknowledged', version = 2"], ["wrong_history"]),
    "the same sequence twice": (
        [SAME_SEQUENCE],
        ["doubled_sequence", "event_without_alert"],
    ),
    "an event of nobody": (
        ["UPDATE events SET device_id = 'ghost' WHERE sequence = 2"],
        ["event_of_unknown_device", "event_without_alert"],
    ),
}


@pytest.mark.parametrize(("statements", "expected"), UNSOUND.values(), ids=UNSOUND.keys())
@pytest.mark.usefixtures("evidence_id")
def test_rows_that_contradict_each_other(
    database_url: str, connection: pool.Connection, store: Path, statements: list[str], expected: list[str]
) -> None:
    connection.execute("ALTER TABLE alert_history DISABLE TRIGGER alert_history_only_grows")
    for statement in statements:
        connection.execute(statement)
    found = check(database_url, store)
    assert codes(found) == expected
    assert not found.is_sound


def _removed(path: Path) -> None:
    path.unlink()


def _changed(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(CONTENT[::-1])


@pytest.mark.parametrize(
    ("spoil", "expected"), [(_removed, "evidence_file_missing"), (_changed, "evidence_file_differs")]
)
def test_files_that_are_not_what_their_rows_say(
    database_url: str, evidence_id: str, store: Path, spoil: Any, expected: str
) -> None:
    spoil(LocalStore(store).path(hashlib.sha256(CONTENT).hexdigest()))
    (violation,) = check(database_url, store).violations
    assert (violation.code, violation.object) == (expected, evidence_id)


class _Busy(LocalStore):
    """A file comes while its files are listed."""

    def __init__(self, directory: Path, come: Callable[[], object]) -> None:
        super().__init__(directory)
        self._come = come

    def contents(self) -> Iterator[Content]:
        yield from list(super().contents())
        self._come()


def test_what_comes_while_a_running_room_is_checked_is_not_missing(
    connection: pool.Connection, evidence_id: str, store: Path
) -> None:
    path = LocalStore(store).path(hashlib.sha256(CONTENT).hexdigest())
    path.rename(store / "on its way")
    connection.execute("UPDATE evidence SET received_at = NULL")

    def come() -> None:
        (store / "on its way").rename(path)
        connection.execute("UPDATE evidence SET received_at = now()")

    with pool.connect(connection.info.dsn) as checking:
        assert report.check(checking, _Busy(store, come)).is_sound, evidence_id


@pytest.mark.usefixtures("evidence_id")
def test_a_file_that_nobody_names(database_url: str, connection: pool.Connection, store: Path) -> None:
    connection.execute("DELETE FROM evidence")
    assert codes(check(database_url, store)) == [], "it may still be waiting for its row"
    path = LocalStore(store).path(hashlib.sha256(CONTENT).hexdigest())
    os.utime(path, (0, 0))
    assert codes(check(database_url, store)) == ["orphan_file"]
