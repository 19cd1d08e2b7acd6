"""Devices put files: accepted once, only as announced, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_room.evidence import service
from control_room.removals import service as removals
from control_room.store.content import StoreFullError
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import messages

JPEG = b"\xff\xd8" + bytes(range(256)) * 40


def _reference(content: bytes = JPEG, **changes: Any) -> dict[str, Any]:
    return messages.evidence(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), **changes)


def _put(device: httpx.Client, evidence_id: str, content: bytes | Iterator[bytes] = JPEG) -> httpx.Response:
    return device.put(f"/api/v1/evidence/{evidence_id}", content=content)


def _kept(door: doors.Door) -> list[Path]:
    """Every file of the store, also half-received ones."""
    return [path for path in door.room.settings.store.directory.rglob("*") if path.is_file()]


def take_out(door: doors.Door) -> int:
    with door.connection() as connection:
        return removals.take_out(connection, door.room.store)


def test_an_announced_file_is_kept_and_shown_at_once(door: doors.Door) -> None:
    reference = _reference()
    door.ingest(messages.event(evidence=[reference]))
    device = door.as_device()
    answer = _put(device, reference["evidence_id"])
    assert answer.status_code == 201
    assert answer.json() == {
        "evidence_id": reference["evidence_id"],
        "sha256": reference["sha256"],
        "bytes": len(JPEG),
        "announced": True,
    }
    (path,) = _kept(door)
    assert path.name == reference["sha256"]
    assert path.read_bytes() == JPEG
    assert path.stat().st_mode & 0o777 == 0o440
    (shown,) = door.as_person("marta").get("/api/v1/alerts").json()["items"]
    assert shown["snapshot_url"] == f"/api/v1/evidence/{reference['evidence_id']}"
    published = door.rows("SELECT payload FROM stream ORDER BY id DESC LIMIT 1")[0]["payload"]
    assert published["snapshot_url"] == shown["snapshot_url"]
    audited = door.rows("SELECT actor, object_id, detail FROM audit WHERE action = 'evidence.receive'")
    detail = {"sha256": reference["sha256"], "bytes": len(JPEG)}
    assert audited == [{"actor": "quay", "object_id": reference["evidence_id"], "detail": detail}]


def test_the_same_again_is_harmless_and_another_is_refused(door: doors.Door) -> None:
    reference = _reference()
    door.ingest(messages.event(evidence=[reference]))
    device = door.as_device()
    answers = [_put(device, reference["evidence_id"]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    answer = _put(device, reference["evidence_id"], b"another")
    assert doors.problem(answer) == (422, "not-as-announced")
    assert [path.read_bytes() for path in _kept(door)] == [JPEG]


def test_a_file_that_is_not_as_announced_is_not_kept(door: doors.Door) -> None:
    reference = _reference()
    door.ingest(messages.event(evidence=[reference]))
    device = door.as_device()
    swapped = JPEG[:-1] + b"\x00"
    for content in (swapped, JPEG + b"\x00", iter([JPEG, b"\x00"]), JPEG[:-1], b""):
        answer = _put(device, reference["evidence_id"], content)
        assert doors.problem(answer) == (422, "not-as-announced")
    assert _kept(door) == []
    assert _put(device, reference["evidence_id"]).status_code == 201


def test_an_early_file_waits_unseen(door: doors.Door) -> None:
    reference = _reference()
    device = door.as_device()
    answer = _put(device, reference["evidence_id"])
    assert (answer.status_code, answer.json()["announced"]) == (201, False)
    marta = door.as_person("marta")
    assert doors.problem(marta.get(f"/api/v1/evidence/{reference['evidence_id']}")) == (404, "about:blank")
    assert _put(device, reference["evidence_id"]).status_code == 200
    assert doors.problem(_put(device, reference["evidence_id"], b"another")) == (409, "already-there")
    door.ingest(messages.event(evidence=[reference]))
    answer = marta.get(f"/api/v1/evidence/{reference['evidence_id']}")
    assert (answer.status_code, answer.content) == (200, JPEG)


def test_an_early_file_that_is_announced_otherwise_gives_way(door: doors.Door) -> None:
    reference = _reference()
    device = door.as_device()
    assert _put(device, reference["evidence_id"], b"something else").status_code == 201
    door.ingest(messages.event(evidence=[reference]))
    marta = door.as_person("marta")
    assert marta.get(f"/api/v1/evidence/{reference['evidence_id']}").status_code == 404
    assert _put(device, reference["evidence_id"]).status_code == 201
    assert marta.get(f"/api/v1/evidence/{reference['evidence_id']}").content == JPEG


def test_an_id_belongs_to_its_device(door: doors.Door) -> None:
    announced, early = _reference(), _reference()
    door.ingest(messages.event(evidence=[announced]))
    quay, port = door.as_device("quay"), door.as_device("port")
    _put(quay, early["evidence_id"])
    for reference in (announced, early):
        answer = _put(port, reference["evidence_id"])
        assert doors.problem(answer) == (403, "another-devices-evidence")
    assert _put(quay, announced["evidence_id"]).status_code == 201


def test_early_files_are_limited_and_forgotten_after_a_day(door: doors.Door) -> None:
    device = door.as_device()
    for number in range(service.EARLY_FILES):
        content = b"same" if number < 2 else b"%d" % number
        assert _put(device, str(uuid.uuid4()), content).status_code == 201
    answer = _put(device, str(uuid.uuid4()))
    assert doors.problem(answer) == (429, "too-many-requests")
    door.clock.move(hours=24)
    with door.connection() as connection, connection.transaction():
        assert service.remove_expired(connection, door.clock()) == 0
    door.clock.move(seconds=1)
    with door.connection() as connection, connection.transaction():
        service.remove_expired(connection, door.clock())
    take_out(door)
    assert door.rows("SELECT 1 FROM evidence") == []
    assert _put(device, str(uuid.uuid4())).status_code == 201
    assert [path.read_bytes() for path in _kept(door)] == [JPEG]


def test_forgetting_an_early_file_keeps_another_of_the_same_content(door: doors.Door) -> None:
    device = door.as_device()
    early, reference = str(uuid.uuid4()), _reference()
    _put(device, early)
    door.ingest(messages.event(evidence=[reference]))
    _put(device, reference["evidence_id"])
    with door.connection() as connection, connection.transaction():
        removed = service.remove_expired(connection, door.clock() + timedelta(days=2))
    assert removed == 1
    assert take_out(door) == 0
    assert door.rows("SELECT 1 FROM file_removals") == []
    assert door.as_person("marta").get(f"/api/v1/evidence/{reference['evidence_id']}").content == JPEG


def test_16_mib_are_the_limit(door: doors.Door) -> None:
    device = door.as_device()
    whole = bytes(1024 * 1024)
    assert _put(device, str(uuid.uuid4()), iter([whole] * 16)).status_code == 201
    for content in (iter([*[whole] * 16, b"\x00"]), bytes(service.LIMIT_BYTES + 1)):
        answer = _put(device, str(uuid.uuid4()), content)
        assert doors.problem(answer) == (413, "about:blank")
    assert [path.stat().st_size for path in _kept(door)] == [service.LIMIT_BYTES]


def test_an_upload_that_breaks_off_leaves_nothing(door: doors.Door) -> None:
    class BrokenOffError(Exception):
        pass

    def broken() -> Iterator[bytes]:
        yield JPEG
        raise BrokenOffError

    reference = _reference(JPEG * 2)
    door.ingest(messages.event(evidence=[reference]))
    device = door.as_device()
    with pytest.raises(BrokenOffError):
        _put(device, reference["evidence_id"], broken())
    assert _put(device, reference["evidence_id"], JPEG * 2).status_code == 201
    assert [path.name for path in _kept(door)] == [reference["sha256"]]


class _FullDisk(Incoming):
    """A file on a disk that is full; stands for the disk, not for code of ours."""

    def write(self, chunk: bytes) -> None:
        self._file.close()
        self._file = os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0)
        super().write(chunk)


def test_a_full_disk_is_a_507_and_keeps_nothing(door: doors.Door, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = _reference()
    door.ingest(messages.event(evidence=[reference]))
    device = door.as_device()
    with monkeypatch.context() as patch:
        patch.setattr("control_room.evidence.routes.Incoming", _FullDisk)
        answer = _put(device, reference["evidence_id"])
    assert doors.problem(answer) == (507, "store-full")
    assert _kept(door) == []
    assert _put(device, reference["evidence_id"]).status_code == 201


def test_the_store_takes_full_disks_only_as_such(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "a" / "b")
    with _FullDisk(store) as incoming, pytest.raises(StoreFullError) as full:
        incoming.write(b"x")
    assert isinstance(full.value.__cause__, OSError)
    assert full.value.__cause__.errno == errno.ENOSPC
    assert list(store.staging.incoming.iterdir()) == []


def test_what_a_crash_left_half_received_is_removed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (store.staging.incoming / "half").write_bytes(b"x")
    left_at = (store.staging.incoming / "half").stat().st_mtime
    assert store.staging.clear_incoming(left_at) == 0
    assert store.staging.clear_incoming(left_at + 1) == 1
    assert list(store.staging.incoming.iterdir()) == []
