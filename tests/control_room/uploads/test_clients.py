"""Real clients of others send their files: tuspy, and tus-js-client on Node."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tusclient import client as tuspy

from control_room.sessions import cookie
from tests.control_room import door as doors
from tests.control_room.uploads.test_uploads import announced

CLIENTS = Path(__file__).parent / "clients"
PIECE_BYTES = 400_000
TRACK = b"".join(f"{n}\n00:00:{n % 60:02},000 --> 00:00:{n % 60:02},900\n41.{n:06}\n\n".encode() for n in range(40_000))
SHA256 = hashlib.sha256(TRACK).hexdigest()


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tus-js-client is installed, as its lock says."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node and npm")
    folder = tmp_path_factory.mktemp("tus-js-client")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(CLIENTS / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install tus-js-client: {done.stderr[-300:]}")
    return folder


@pytest.fixture
def track(tmp_path: Path) -> Path:
    path = tmp_path / "flight.srt"
    path.write_bytes(TRACK)
    return path


def pilot_headers(door: doors.Door) -> dict[str, str]:
    token, csrf_token = door.log_in("pere")
    return {"Cookie": f"{cookie.NAME}={token}", "X-CSRF-Token": csrf_token}


def javascript(folder: Path, door: doors.Door, file: Path, **options: Any) -> dict[str, Any]:
    command = ["node", str(CLIENTS / "send.mjs"), f"{door.url}/api/v1/uploads", str(file), json.dumps(options)]
    environment = {**os.environ, "TUS_CLIENT_FOLDER": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environment)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def finished(door: doors.Door, address: str) -> dict[str, Any]:
    found: dict[str, Any] = door.as_person("pere").get(f"/api/v1/uploads/{address.rpartition('/')[2]}").json()
    return found


def test_tuspy_sends_what_a_device_announced_and_proves_each_piece(door: doors.Door, tmp_path: Path) -> None:
    content = os.urandom(PIECE_BYTES * 3 + 5)
    evidence_id, device = announced(door, content), door.as_device()
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    sender = tuspy.TusClient(f"{door.url}/api/v1/uploads", {"Authorization": device.headers["Authorization"]})
    with file.open("rb") as stream:
        uploader = sender.uploader(
            file_stream=stream, chunk_size=PIECE_BYTES, metadata={"evidence_id": evidence_id}, upload_checksum=True
        )
        uploader.upload(stop_at=PIECE_BYTES * 2)
    with file.open("rb") as stream:
        again = sender.uploader(file_stream=stream, chunk_size=PIECE_BYTES, url=uploader.url, upload_checksum=True)
        assert again.offset == PIECE_BYTES * 2
        again.upload()
    assert door.as_person("marta").get(f"/api/v1/evidence/{evidence_id}").content == content


def test_tuspy_sends_what_a_pilot_filmed(door: doors.Door, track: Path) -> None:
    sender = tuspy.TusClient(f"{door.url}/api/v1/uploads", pilot_headers(door))
    told = {"filename": track.name, "sha256": SHA256}
    with track.open("rb") as stream:
        uploader = sender.uploader(file_stream=stream, chunk_size=PIECE_BYTES, metadata=told)
        uploader.upload()
    found = finished(door, str(uploader.url))
    assert (found["state"], found["sha256"], found["found"]["media_type"]) == ("finished", SHA256, "text/plain")


def test_tus_js_client_sends_all_at_once(door: doors.Door, track: Path, node_folder: Path) -> None:
    told = javascript(
        node_folder,
        door,
        track,
        headers=pilot_headers(door),
        metadata={"filename": "flight.srt"},
        uploadDataDuringCreation=True,
    )
    assert told.get("done"), told
    assert told["sent"] == [["POST", 201]]
    assert finished(door, told["url"])["sha256"] == SHA256


def test_tus_js_client_stops_and_goes_on(door: doors.Door, track: Path, node_folder: Path) -> None:
    options = {"headers": pilot_headers(door), "metadata": {"filename": "flight.srt"}, "chunkSize": PIECE_BYTES}
    stopped = javascript(node_folder, door, track, stopAfter=PIECE_BYTES, **options)
    assert PIECE_BYTES <= stopped["stopped"] < len(TRACK)
    told = javascript(node_folder, door, track, uploadUrl=stopped["url"], **options)
    assert told.get("done"), told
    assert told["sent"][0] == ["HEAD", 200]
    assert finished(door, stopped["url"])["sha256"] == SHA256


def test_tus_js_client_sends_parts_beside_each_other_and_joins_them(
    door: doors.Door, track: Path, node_folder: Path
) -> None:
    options = {"headers": pilot_headers(door), "metadata": {"filename": "flight.srt"}, "parallelUploads": 3}
    told = javascript(node_folder, door, track, **options)
    assert told.get("done"), told
    found = finished(door, told["url"])
    assert (found["kind"], found["sha256"]) == ("final", SHA256)
    assert door.rows("SELECT kind FROM uploads") == [{"kind": "final"}]
    assert list((door.folder / "store" / "uploads").iterdir()) == []


def test_tus_js_client_takes_a_refusal_for_what_it_is(door: doors.Door, tmp_path: Path, node_folder: Path) -> None:
    file = tmp_path / "flight.srt"
    file.write_bytes(b"PK\x03\x04" + bytes(1000))
    told = javascript(
        node_folder, door, file, headers=pilot_headers(door), metadata={"filename": "flight.srt"}, retryDelays=None
    )
    assert told["status"] == 422, told
    assert door.rows("SELECT upload_id FROM uploads") == []
