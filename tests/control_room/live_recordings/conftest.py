"""A room with a media process of its own, which writes into the room's store and takes RTMP."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.live import parts
from control_room import config
from control_room.commands import keys
from control_room.fsck import report
from control_room.live import media as live_media
from tests.control_room import door as doors
from tests.control_room import messages, services
from wire import topics

SECRET = "a secret of tests, long enough"  # noqa: S105 - of tests
PATIENCE_S = 120


@dataclass
class Recorded:
    """The room, and where its sources send."""

    door: doors.Door
    media_url: str
    media: subprocess.Popen[bytes]

    def add_source(self, client: httpx.Client, **more: Any) -> dict[str, Any]:
        answer = client.post("/api/v1/live/sources", json={"name": "the drone", "kind": "drone", **more})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        item: dict[str, Any] = answer.json()
        self.until(lambda: f"source/{item['source_id']}" in self.inputs(), "the media process knows the source")
        return item

    def inputs(self) -> dict[str, Any]:
        found = self.ask("/inputs")["items"]
        return {each["stream"]: each for each in found}

    def ask(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(
            f"{self.media_url}{path}", headers={"Authorization": f"Bearer {SECRET}"}, timeout=PATIENCE_S
        ).json()
        return answer

    def frames_of(self, stream: str) -> float:
        """Pictures a second."""
        return float(self._stream(stream).get("fps", 0))

    def seconds_held(self, stream: str) -> float:
        """From the first picture in memory to the last."""
        found = self._stream(stream)
        if found.get("held_from") is None:
            return 0.0
        since = datetime.now(UTC) - datetime.fromisoformat(found["held_from"])
        return since.total_seconds() - float(found["last_packet_age_s"])

    def held_from(self, stream: str) -> datetime:
        return datetime.fromisoformat(self._stream(stream)["held_from"])

    def bytes_held(self, stream: str) -> int:
        """More with each picture, until memory is full."""
        return int(self._stream(stream).get("held_bytes", 0))

    def _stream(self, name: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = httpx.get(f"{self.media_url}/streams/{name}", headers=headers, timeout=PATIENCE_S)
        found: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
        return found

    def being_recorded(self) -> set[str]:
        return {stream for stream, each in self.inputs().items() if each["recording_id"]}

    def violations(self) -> list[report.Violation]:
        """But for files of tests before, whose database is gone."""
        with self.door.connection() as connection:
            found = report.check(connection, self.door.room.store).violations
        return [each for each in found if each.code != "orphan_file"]

    @staticmethod
    def rtmp(source: dict[str, Any]) -> str:
        """Where it may send, as its registration said."""
        url: str = next(each["url"] for each in source["addresses"] if each["kind"] == "rtmp")
        assert url.endswith(f"/live/{source['token']}")
        return url

    @contextlib.contextmanager
    def sending(self, address: str) -> Iterator[subprocess.Popen[bytes]]:
        """A drone's remote control, as FFmpeg stands for it."""
        words = "-v error -re -f lavfi -i testsrc=size=320x240:rate=25 -pix_fmt yuv420p -c:v libx264 -g 25"
        words += f" -preset ultrafast -threads 1 -f flv {address}"
        process = subprocess.Popen(["ffmpeg", *words.split()], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def until(self, condition: Any, what: str) -> None:
        def moved() -> bool:
            self.door.clock.now = datetime.now(UTC)
            return bool(condition())

        services.wait_until(moved, PATIENCE_S, what)


@dataclass
class MediaProcess:
    """With the folder in which it and its rooms have their store."""

    url: str
    rtmp_port: int
    folder: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def media_process(folder: Path, segment_s: int = 5) -> Iterator[MediaProcess]:
    port, rtmp_port = services.free_port(), services.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "TALAIA_LIVE_BUILTIN_URL": url,
        "TALAIA_LIVE_SECRET": SECRET,
        "TALAIA_MEDIA_ADDRESSES": "127.0.0.1",
        "TALAIA_MEDIA_RTMP_LISTEN": f"127.0.0.1:{rtmp_port}",
        "TALAIA_MEDIA_SEGMENT_S": str(segment_s),
        "TALAIA_MEDIA_SILENT_PUBLISHER_S": "300",
        "TALAIA_STORE_DIRECTORY": str(folder / "store"),
    }
    with parts.ended(subprocess.Popen([str(parts.ROOM), "media"], env=environment)) as process:
        services.wait_until(lambda: _answers(url), PATIENCE_S, "the media process")
        yield MediaProcess(url, rtmp_port, folder, process)


@contextlib.contextmanager
def room_before(media: MediaProcess, database_url: str, keys_in: Path) -> Iterator[Recorded]:
    key_file = keys_in / "command.key"
    keys.make(config.Commands(key_file=str(key_file)))
    more = {
        "live": {"builtin_url": media.url, "secret": SECRET},
        "media": {"rtmp_listen": f"127.0.0.1:{media.rtmp_port}"},
        "http": {"public_url": "http://127.0.0.1:8080"},
    }
    with doors.opened(database_url, media.folder, key_file=str(key_file), more=more) as door:
        door.clock.now = datetime.now(UTC)
        with door.connection() as connection:
            messages.add_device(connection)
            status = messages.status(cameras=[messages.camera_status()])
            messages.ingest(connection, messages.delivery(status, topics.STATUS))
        yield Recorded(door, media.url, media.process)


@pytest.fixture(autouse=True)
def _has_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a media process that stands still for a while."""
    for name in ("_QUESTION_S", "_ANSWER_S", "_PICTURE_S"):
        monkeypatch.setattr(live_media, name, PATIENCE_S)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaProcess]:
    with media_process(tmp_path_factory.mktemp("media")) as running:
        yield running


@pytest.fixture
def recorded(database_url: str, media: MediaProcess, tmp_path: Path) -> Iterator[Recorded]:
    with room_before(media, database_url, tmp_path) as made:
        yield made


@pytest.fixture
def mortal(database_url: str, tmp_path: Path) -> Iterator[Recorded]:
    """Whose media process may be killed, and writes one file."""
    with media_process(tmp_path, segment_s=3600) as media, room_before(media, database_url, tmp_path) as made:
        yield made


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
