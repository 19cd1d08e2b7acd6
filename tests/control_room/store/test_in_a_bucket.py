"""The whole room with its files in a bucket: evidence, uploads, ranges, removal."""

from __future__ import annotations

import hashlib
from pathlib import Path

from control_room.uploads import expiry
from tests.control_room import door as doors
from tests.control_room.store.conftest import s3_settings
from tests.control_room.uploads.sender import ROOT, TRACK, add, kept, metadata, send
from tests.control_room.uploads.test_uploads import CONTENT, announced
from tests.control_room.uploads.test_uploads import begin as begin_announced


def test_evidence_and_uploads_in_a_bucket(database_url: str, tmp_path: Path, s3_endpoint: str) -> None:
    bucket = s3_settings(s3_endpoint, tmp_path / "store", tmp_path.name).model_dump()
    with doors.opened(database_url, tmp_path, more={"store": bucket}, does_chores=False) as door:
        evidence_id, device, marta = announced(door), door.as_device(), door.as_person("marta")
        begin_announced(device, evidence_id)
        assert add(device, f"{ROOT}/{evidence_id}", 0, CONTENT).status_code == 204
        assert send(door.as_person("pere"), TRACK, metadata(filename="flight.srt")).status_code == 204
        assert kept(door) == [], "nothing is left on the disk"
        address = f"/api/v1/evidence/{evidence_id}"
        assert marta.get(address).content == CONTENT
        part = marta.get(address, headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
        assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENT)}"
        stored = {content.sha256 for content in door.room.store.contents()}
        assert stored == {hashlib.sha256(content).hexdigest() for content in (CONTENT, TRACK)}
        door.clock.move(hours=door.room.settings.uploads.keep_hours + 1)
        expiry.remove(door.room, door.clock())
        assert {content.sha256 for content in door.room.store.contents()} == {hashlib.sha256(CONTENT).hexdigest()}
