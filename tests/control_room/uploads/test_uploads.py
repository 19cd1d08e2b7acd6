"""Large files come in pieces, go on after an interruption, and are taken only as they were announced."""

from __future__ import annotations

import base64
import hashlib
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from control_room.store.local import LocalStore
from control_room.uploads.partial import LockedError, Partial, Uploads
from edge import tus
from edge.outbox import EvidenceFile
from tests.control_room import door as doors
from tests.control_room import messages

CONTENT = bytes(range(256)) * 4096  # 1 MiB
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


def announced(door: doors.Door, content: bytes = CONTENT) -> str:
    reference = messages.evidence(
        "clip", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), media_type="video/mp4"
    )
    door.ingest(messages.event(evidence=[reference]))
    evidence_id: str = reference["evidence_id"]
    return evidence_id


def begin(device: httpx.Client, evidence_id: str, length: int = len(CONTENT)) -> httpx.Response:
    name = base64.b64encode(evidence_id.encode()).decode()
    headers = {"Upload-Length": str(length), "Upload-Metadata": f"evidence_id {name},filename YQ=="}
    return device.post("/api/v1/uploads", headers=TUS | headers)


def add(device: httpx.Client, evidence_id: str, offset: int, content: bytes) -> httpx.Response:
    return device.patch(
        f"/api/v1/uploads/{evidence_id}", headers=PIECE | {"Upload-Offset": str(offset)}, content=content
    )


def offset(device: httpx.Client, evidence_id: str) -> int:
    answer = device.head(f"/api/v1/uploads/{evidence_id}", headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def test_a_file_comes_in_pieces_and_is_evidence_then(door: doors.Door) -> None:
    evidence_id, device, marta = announced(door), door.as_device(), door.as_person("marta")
    begun = begin(device, evidence_id)
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    assert begun.headers["Location"] == f"/api/v1/uploads/{evidence_id}"
    half = len(CONTENT) // 2
    assert add(device, evidence_id, 0, CONTENT[:half]).headers["Upload-Offset"] == str(half)
    assert offset(device, evidence_id) == half
    assert marta.get(f"/api/v1/evidence/{evidence_id}").status_code == 404
    assert add(device, evidence_id, half, CONTENT[half:]).status_code == 204
    assert marta.get(f"/api/v1/evidence/{evidence_id}").content == CONTENT
    assert offset(device, evidence_id) == len(CONTENT)
    (kept,) = [path for path in (door.folder / "store").rglob("*") if path.is_file()]
    assert (kept.name, kept.stat().st_mode & 0o777) == (hashlib.sha256(CONTENT).hexdigest(), 0o440)
    assert begin(device, evidence_id).headers["Upload-Offset"] == str(len(CONTENT)), "again is harmless"
    assert add(device, evidence_id, len(CONTENT), b"").status_code == 204


def test_a_torn_piece_is_gone_on_with(door: doors.Door) -> None:
    evidence_id, device = announced(door), door.as_device()
    begin(device, evidence_id)

    def torn() -> Iterator[bytes]:
        yield CONTENT[:300_000]
        raise ConnectionError("the van drove into a tunnel")

    with pytest.raises(ConnectionError):
        device.patch(f"/api/v1/uploads/{evidence_id}", headers=PIECE | {"Upload-Offset": "0"}, content=torn())
    again = door.as_device()
    at = int(begin(again, evidence_id).headers["Upload-Offset"])
    assert 0 <= at <= 300_000
    while (answer := add(again, evidence_id, at, CONTENT[at:])).status_code in {409, 423}:
        at = offset(again, evidence_id)  # the room still writes what came before the tear
    assert answer.status_code == 204
    assert door.as_person("marta").get(f"/api/v1/evidence/{evidence_id}").content == CONTENT


def test_other_content_is_thrown_away(door: doors.Door) -> None:
    evidence_id, device = announced(door), door.as_device()
    begin(device, evidence_id)
    assert doors.problem(add(device, evidence_id, 0, b"x" * len(CONTENT))) == (422, "not-as-announced")
    assert [path for path in (door.folder / "store").rglob("*") if path.is_file()] == []
    assert begin(device, evidence_id).headers["Upload-Offset"] == "0"
    assert add(device, evidence_id, 0, CONTENT).status_code == 204


def test_what_is_not_in_its_place_is_refused(door: doors.Door) -> None:
    evidence_id, device = announced(door), door.as_device()
    assert doors.problem(add(device, evidence_id, 0, b"x")) == (404, "no-such-upload")
    begin(device, evidence_id)
    misplaced = add(device, evidence_id, 7, b"x")
    assert doors.problem(misplaced) == (409, "other-offset")
    assert misplaced.headers["Upload-Offset"] == "0"
    assert add(device, evidence_id, 0, CONTENT + b"x").status_code == 413
    no_place = device.patch(f"/api/v1/uploads/{evidence_id}", headers=PIECE, content=b"x")
    assert no_place.status_code == 422
    no_type = device.patch(f"/api/v1/uploads/{evidence_id}", headers=TUS | {"Upload-Offset": "0"}, content=b"x")
    assert no_type.status_code == 415
    ended = device.delete(f"/api/v1/uploads/{evidence_id}", headers=TUS)
    assert ended.status_code == 204
    assert device.head(f"/api/v1/uploads/{evidence_id}", headers=TUS).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": str(32 * 1024**3 + 1)}, 413),
        ({"Upload-Length": "5"}, 422),
        ({"Upload-Metadata": ""}, 422),
        ({"Upload-Metadata": "evidence_id"}, 422),
        ({"Upload-Metadata": "evidence_id %%%"}, 422),
        ({"Upload-Metadata": f"evidence_id {base64.b64encode(str(uuid.uuid4()).encode()).decode()}"}, 404),
    ],
)
def test_what_is_not_announced_so_is_not_begun(lasting_door: doors.Door, headers: dict[str, Any], status: int) -> None:
    evidence_id = announced(lasting_door)
    name = base64.b64encode(evidence_id.encode()).decode()
    right = TUS | {"Upload-Length": str(len(CONTENT)), "Upload-Metadata": f"evidence_id {name}"}
    answer = lasting_door.as_device().post("/api/v1/uploads", headers=right | headers)
    assert answer.status_code == status, answer.text


def test_an_upload_belongs_to_its_device(lasting_door: doors.Door) -> None:
    evidence_id = announced(lasting_door)
    begin(lasting_door.as_device(), evidence_id)
    port = lasting_door.as_device("port")
    assert doors.problem(begin(port, evidence_id)) == (403, "another-devices-evidence")
    assert doors.problem(add(port, evidence_id, 0, CONTENT)) == (403, "anothers-upload")
    assert port.delete(f"/api/v1/uploads/{evidence_id}", headers=TUS).status_code == 403
    assert lasting_door.as_person("marta").post("/api/v1/uploads", headers=TUS).status_code == 403


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    evidence_id = uuid.uuid4()
    uploads = Uploads(store)
    uploads.begin(evidence_id)
    with Partial(uploads.path(evidence_id), store):
        outcome: list[type[Exception]] = []

        def second() -> None:
            try:
                Partial(uploads.path(evidence_id), store)
            except LockedError as error:
                outcome.append(type(error))

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
        assert outcome == [LockedError]
    Partial(uploads.path(evidence_id), store).close()


def test_the_device_sends_its_large_file_and_goes_on_after_a_stop(door: doors.Door, tmp_path: Path) -> None:
    content = CONTENT * 9 + b"the end"
    evidence_id, device = announced(door, content), door.as_device()
    path = tmp_path / "clip"
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    waiting = EvidenceFile(uuid.UUID(evidence_id), path.name, "video/mp4", sha256, len(content))
    steps = iter([True, False])
    assert tus.send(device, waiting, path, lambda: next(steps)) is None
    assert offset(device, evidence_id) == tus.PIECE_BYTES
    answer = tus.send(device, waiting, path, lambda: True)
    assert answer is not None
    assert answer.status_code == 204
    assert door.as_person("marta").get(f"/api/v1/evidence/{evidence_id}").content == content
    again = tus.send(device, waiting, path, lambda: True)
    assert again is not None
    assert again.is_success
