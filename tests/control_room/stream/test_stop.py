"""`talaia-room serve` stops at once, open streams or not."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from control_room import room as rooms
from control_room.database import pool
from control_room.sessions import cookie
from control_room.sessions import service as sessions
from control_room.stream import publish
from control_room.users import service as users
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.listener import ENDED, STREAM, Event, begun

WITHIN_S = 120


@contextmanager
def _serving(database_url: str, folder: Path, processes: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = services.free_port()
    environment = {
        **os.environ,
        "TALAIA_DATABASE_URL": database_url,
        "TALAIA_HTTP_LISTEN": f"127.0.0.1:{port}",
        "TALAIA_STORE_DIRECTORY": str(folder / "store"),
        "TALAIA_HTTP_PROCESSES": str(processes),
    }
    command = [sys.executable, "-m", "control_room.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        services.wait_until(lambda: _answers(url), WITHIN_S, "the service")
        yield process, url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold its stderr open
        process.communicate(timeout=60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=WITHIN_S).status_code == 200
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
        with httpx.Client(base_url=url, headers=headers, timeout=WITHIN_S) as client, begun(client) as listener:
            assert listener.next().name == "snapshot"
            silent = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
            silent.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: room\r\nCookie: {headers['Cookie']}\r\n\r\n".encode())
            process.send_signal(number)
            assert listener.next() == Event(ENDED)
            process.wait(timeout=60)
            silent.close()
        log = process.communicate(timeout=60)[1].decode()
        assert "Traceback" not in log


def _children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()))


def _both(parent: subprocess.Popen[bytes]) -> set[int]:
    """One may already answer before the other is there."""
    services.wait_until(lambda: len(_children(parent.pid)) == 2, WITHIN_S, "both processes")
    return _children(parent.pid)


def test_a_stream_goes_on_at_another_process_and_a_dead_one_is_replaced(database_url: str, tmp_path: Path) -> None:
    with _serving(database_url, tmp_path, processes=2) as (parent, url), contextlib.ExitStack() as stack:
        client = stack.enter_context(
            httpx.Client(base_url=url, headers={"Cookie": _cookie(database_url)}, timeout=WITHIN_S)
        )
        first = _both(parent)
        listeners = [stack.enter_context(begun(client)) for _ in range(16)]
        assert {listener.next().name for listener in listeners} == {"snapshot"}
        with pool.connect(database_url) as connection:
            publish.publish(connection, "device", {"device_id": "quay", "number": 1})
        seen = [listener.next() for listener in listeners]
        assert {event.data["number"] for event in seen} == {1}
        os.kill(min(first), signal.SIGKILL)
        services.wait_until(lambda: len(_children(parent.pid) - {min(first)}) == 2, WITHIN_S, "another takes its place")
        with pool.connect(database_url) as connection:
            publish.publish(connection, "device", {"device_id": "quay", "number": 2})
        gone_on = [listener.next() for listener in listeners]
        assert {event.name for event in gone_on} == {ENDED, "device"}, "both processes had some"
        resumed = [stack.enter_context(begun(client, seen[0].stream_id)) for _ in range(8)]
        assert {listener.next().data["number"] for listener in resumed} == {2}
        parent.send_signal(signal.SIGTERM)
        parent.wait(timeout=60)
        assert {listener.next().name for listener in resumed} == {ENDED}


def test_processes_end_with_a_parent_that_is_killed(database_url: str, tmp_path: Path) -> None:
    with _serving(database_url, tmp_path, processes=2) as (parent, url):
        _both(parent)
        port = int(url.rpartition(":")[2])
        assert services.answers(port)
        parent.kill()
        services.wait_until(lambda: not services.answers(port), WITHIN_S, "the end of its processes")


def _figure(text: str, line: str) -> float:
    return sum(float(each.rpartition(" ")[2]) for each in text.splitlines() if each.startswith(line))


def test_whichever_process_is_asked_tells_what_all_counted(database_url: str, tmp_path: Path) -> None:
    answered = 'talaia_http_requests_total{method="GET",route="/healthz",status="200"}'
    with _serving(database_url, tmp_path, processes=2) as (parent, url), contextlib.ExitStack() as stack:
        for _ in range(24):
            httpx.get(f"{url}/healthz", timeout=WITHIN_S).raise_for_status()
        seen = [httpx.get(f"{url}/metrics", timeout=WITHIN_S).text for _ in range(12)]
        assert {_figure(text, answered) for text in seen} == {24}
        watching = httpx.Client(base_url=url, headers={"Cookie": _cookie(database_url)}, timeout=WITHIN_S)
        client = stack.enter_context(watching)
        listeners = [stack.enter_context(begun(client)) for _ in range(16)]
        assert {listener.next().name for listener in listeners} == {"snapshot"}
        assert {
            _figure(httpx.get(f"{url}/metrics", timeout=WITHIN_S).text, "talaia_stream_clients ") for _ in range(8)
        } == {16}
        first = _both(parent)
        os.kill(min(first), signal.SIGKILL)
        services.wait_until(lambda: len(_children(parent.pid) - {min(first)}) == 2, WITHIN_S, "another takes its place")
        services.wait_until(lambda: _answers(url), WITHIN_S, "the service")
        after = [httpx.get(f"{url}/metrics", timeout=WITHIN_S).text for _ in range(8)]
        assert {_figure(text, answered) for text in after} == {24}, "what a dead one counted stays"
        assert max(_figure(text, "talaia_stream_clients ") for text in after) < 16, "its browsers are gone"
        parent.send_signal(signal.SIGTERM)
        parent.wait(timeout=60)


def test_attempts_to_log_in_count_in_all_processes_together(database_url: str, tmp_path: Path) -> None:
    with pool.connect(database_url) as connection:
        doors.add_user(connection, "marta", rooms.utc_now(), doors.PASSWORD)
    with _serving(database_url, tmp_path, processes=2) as (parent, url):
        wrong = {"user": "marta", "password": "wrong password"}
        answers = [httpx.post(f"{url}/api/v1/session", json=wrong, timeout=WITHIN_S).status_code for _ in range(12)]
        assert answers == [401] * 10 + [429] * 2, "each on a connection of its own, so at either process"
        parent.send_signal(signal.SIGTERM)
        parent.wait(timeout=60)
