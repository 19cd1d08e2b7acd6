"""A real media process for all tests of a file, and a room before it for each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.live import camera, parts
from control_room import config
from control_room.commands import keys
from control_room.live import media as live_media
from tests.control_room import door as doors
from tests.control_room import messages
from tests.control_room.live import watched_room
from wire import topics


@pytest.fixture(scope="session")
def media() -> Iterator[parts.Media]:
    with parts.media(silent_viewer_s="300", silent_publisher_s="300") as running:
        yield running


@pytest.fixture(autouse=True)
def _has_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a media process that stands still for a while."""
    for name in ("_QUESTION_S", "_ANSWER_S", "_PICTURE_S"):
        monkeypatch.setattr(live_media, name, watched_room.PATIENCE_S)


@pytest.fixture(scope="session")
def clip() -> list[bytes]:
    """Two seconds: one group of pictures."""
    return camera.clip(2.0, bits_s=1_000_000)


@pytest.fixture
def open_room(
    database_url: str, tmp_path: Path, media: parts.Media, clip: list[bytes]
) -> Iterator[watched_room.Opener]:
    """With these settings of [live] beside those of the media process."""
    key_file = tmp_path / "command.key"
    keys.make(config.Commands(key_file=str(key_file)))
    with contextlib.ExitStack() as stack:
        stack.callback(_forget_all, media)

        def opened(*, does_chores: bool = True, **live: Any) -> watched_room.WatchedRoom:
            more = {"live": {"builtin_url": media.url, "secret": media.secret, "start_wait_s": 60.0, **live}}
            door = stack.enter_context(
                doors.opened(database_url, tmp_path, key_file=str(key_file), more=more, does_chores=does_chores)
            )
            with door.connection() as connection:
                messages.add_device(connection)
                status = messages.status(cameras=[messages.camera_status()])
                messages.ingest(connection, messages.delivery(status, topics.STATUS))
            return watched_room.WatchedRoom(door, media, clip)

        yield opened


def _forget_all(media: parts.Media) -> None:
    """The next test's camera has the same name: nothing of this one's may seem to be its."""
    with media.client() as client:
        for each in media.streams():
            assert client.delete(f"/streams/{each['stream']}").status_code in {204, 404}
    assert media.sessions() == []


@pytest.fixture
def room(open_room: watched_room.Opener) -> watched_room.WatchedRoom:
    return open_room()
