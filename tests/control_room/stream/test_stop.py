"""`talaia-room serve` stops at once, open streams or not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from control_room import room as rooms
from control_room.database import pool
from control_room.sessions import cookie
from control_room.sessions import service as sessions
from control_room.users import service as users
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.listener import ENDED, STREAM, Event, Listener


@contextmanager
def _serving(database_url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = services.free_port()
    environment = {
        **os.environ,
        "TALAIA_DATABASE_URL": database_url,
        "TALAIA_HTTP_LISTEN": f"127.0.0.1:{port}",
        "TALAIA_STORE_DIRECTORY": str(folder / "store"),
    }
    command = [sys.executable, "-m", "control_room.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        services.wait_until(lambda: _answers(url), 30, "the service")
        yield process, url
    finally:
        process.kill()
        process.communicate(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _cookie(database_url: str) -> str:
    now = rooms.utc_now()
    with pool.connect(database_url) as connection:
        doors.add_user(connection, "marta", now)
        user = users.get(connection, "marta")
        begun = sessions.begin(connection, user, doors.BROWSER, doors.LASTS, now)
    return f"{cookie.NAME}={begun.token}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_streams_and_service_within_seconds(
    database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    with _serving(database_url, tmp_path) as (process, url):
        headers = {"Cookie": _cookie(database_url)}
        with httpx.Client(base_url=url, headers=headers) as client, Listener(client, None) as listener:
            assert listener.next().name == "snapshot"
            silent = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
            silent.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: room\r\nCookie: {headers['Cookie']}\r\n\r\n".encode())
            begun = time.monotonic()
            process.send_signal(number)
            assert listener.next() == Event(ENDED)
            process.wait(timeout=20)
            silent.close()
        assert time.monotonic() - begun < 8
        log = process.communicate(timeout=10)[1].decode()
        assert "Traceback" not in log
