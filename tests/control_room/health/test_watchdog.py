"""Worker and server tell systemd that they are well, over a real socket; who hangs says nothing, and is replaced."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_room.database import pool
from control_room.ingest import leading
from tests.control_room import messages, services
from tests.control_room.ingest.test_worker import publish
from tests.control_room.supervised import Supervisor, supervising
from wire import topics

ROOM = (sys.executable, "-m", "control_room.cli")
PING = "WATCHDOG=1"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with supervising(tmp_path) as listening:
        yield listening


def start(
    command: str, supervisor: Supervisor, folder: Path, settings: dict[str, str], program: tuple[str, ...] = ROOM
) -> subprocess.Popen[bytes]:
    named = {f"TALAIA_{key.upper()}": value for key, value in settings.items()}
    environment = {**os.environ, **named, "NOTIFY_SOCKET": str(supervisor.path)}
    environment["TALAIA_STORE_DIRECTORY"] = str(folder / "store")
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([*program, command], env=environment, stderr=log)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=30)


def is_silent(supervisor: Supervisor, for_s: float = 6.0, *, after_s: float = 0.0) -> bool:
    """Three times as long as it may say nothing; what was on its way is taken out first."""
    threading.Event().wait(after_s)
    supervisor.listen(0.5)
    before = supervisor.heard.count(PING)
    return supervisor.listen(for_s).count(PING) == before


@pytest.mark.system
def test_a_worker_that_hangs_says_nothing(
    database_url: str, broker: services.Broker, tmp_path: Path, supervisor: Supervisor
) -> None:
    """It hangs in the database, which somebody else has locked: its process and all its threads live."""
    with pool.connect(database_url) as connection:
        messages.add_device(connection, "hung")
    named = {"database_url": database_url, "mqtt_url": broker.url, "mqtt_client_id": tmp_path.name}
    worker = start("worker", supervisor, tmp_path, named)
    try:
        supervisor.wait_for(PING, 2)
        assert supervisor.heard[0] == "READY=1"
        supervisor.wait_for("STATUS=broker connected, database connected, 0 messages wait")
        with pool.connect(database_url) as other:
            other.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            event = messages.encoded(messages.event("hung"))
            publish(broker.url, (topics.EVENTS.of("hung"), event, {}), acked=False)
            services.wait_until(lambda: _is_waited_for(database_url), 120, "the worker to hang")
            assert is_silent(supervisor)
        supervisor.wait_for(PING, supervisor.heard.count(PING) + 2)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
        assert supervisor.listen()[-1] == "STOPPING=1"
    finally:
        stop(worker)


STUCK = """
import sys, threading
from control_room import cli
from control_room.ingest import reading, worker

def hang(delivery):
    print("it hangs", file=sys.stderr, flush=True)
    threading.Event().wait()

worker.STUCK_AFTER_S = 1.0
reading.read = hang
sys.exit(cli.main(["worker"]))
"""


@pytest.mark.system
def test_a_worker_whose_reading_hangs_says_nothing(
    database_url: str, broker: services.Broker, tmp_path: Path, supervisor: Supervisor
) -> None:
    """A reader that never comes back, in the place of the real one; the main thread comes round all the same."""
    named = {"database_url": database_url, "mqtt_url": broker.url, "mqtt_client_id": tmp_path.name}
    worker = start("worker", supervisor, tmp_path, named, (sys.executable, "-c", STUCK))
    try:
        supervisor.wait_for("STATUS=broker connected, database connected, 0 messages wait")
        publish(broker.url, (topics.EVENTS.of("stuck"), b"{}", {}), acked=False)
        services.wait_until(lambda: b"it hangs" in (tmp_path / "log").read_bytes(), 120, "the reader to hang")
        assert is_silent(supervisor, 6.0, after_s=4.0)
    finally:
        stop(worker)


WAITS = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %(lock)s::bigint::oid AND granted)
"""
"""The connection over which a worker leads, and stores."""


def _is_waited_for(database_url: str) -> bool:
    with pool.connect(database_url) as connection:
        row = connection.execute(WAITS, {"lock": leading._LOCK}).fetchone()
    return row is not None and row[0] > 0


@pytest.mark.system
def test_a_worker_without_broker_and_database_is_well(tmp_path: Path, supervisor: Supervisor) -> None:
    port = services.free_port()
    named = {"database_url": f"postgresql://x@127.0.0.1:{port}/x", "mqtt_url": f"mqtt://127.0.0.1:{port}"}
    worker = start("worker", supervisor, tmp_path, named)
    try:
        supervisor.wait_for(PING, 2)
        assert "STATUS=broker away, database away, 0 messages wait" in supervisor.heard
    finally:
        stop(worker)


@pytest.mark.system
@pytest.mark.parametrize("processes", [1, 2])
def test_a_server_says_when_it_serves_and_that_it_is_well(
    database_url: str, tmp_path: Path, supervisor: Supervisor, processes: int
) -> None:
    port = services.free_port()
    named = {"database_url": database_url, "http_listen": f"127.0.0.1:{port}", "http_processes": str(processes)}
    server = start("serve", supervisor, tmp_path, named)
    try:
        supervisor.wait_for("READY=1")
        assert services.answers(port)
        supervisor.wait_for(PING, 2)
        if processes == 1:
            server.send_signal(signal.SIGSTOP)
            assert is_silent(supervisor)
            server.send_signal(signal.SIGCONT)
            supervisor.wait_for(PING, supervisor.heard.count(PING) + 1)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
        assert supervisor.listen()[-1] == "STOPPING=1"
        assert supervisor.heard.count("READY=1") == 1
    finally:
        stop(server)


HANGING = """
import os, sys, time
from pathlib import Path
from control_room import processes
from running.watchdog import Watchdog

def serve(listener, beat):
    mark = Path(sys.argv[1]) / str(os.getpid())
    mark.touch()
    hung = Path(sys.argv[1]) / "hung"
    while True:
        try:
            with hung.open("x") as file:  # the first to come here hangs
                file.write(str(os.getpid()))
        except FileExistsError:
            while True:
                beat()
                time.sleep(0.05)
        beat()
        time.sleep(3600)

class Listener:
    def close(self):
        pass

import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
processes.run([Listener(), Listener()], serve, Watchdog(), ended=lambda pid: None, hangs_after_s=2.0)
"""


HANGS = "a serving process hangs, it is ended"
REPLACED = "a serving process ended by itself (SIGKILL), another takes its place"


def test_a_serving_process_that_hangs_is_replaced(tmp_path: Path, supervisor: Supervisor) -> None:
    log = tmp_path / "log"
    environment = {**os.environ, "NOTIFY_SOCKET": str(supervisor.path)}
    with log.open("wb") as into:
        parent = subprocess.Popen([sys.executable, "-c", HANGING, str(tmp_path)], env=environment, stderr=into)
    try:
        supervisor.wait_for("STATUS=2 processes serve")
        services.wait_until(lambda: bool(supervisor.listen()) and _is_replaced(tmp_path), 120, "another took its place")
        said = log.read_text(encoding="utf-8").splitlines()
        # Another one that the machine let stand still for two seconds is ended as well.
        assert said[:2] == [HANGS, REPLACED]
        assert set(said) == {HANGS, REPLACED}
        assert supervisor.heard[0] == "READY=1"
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(timeout=60) == 0
    finally:
        stop(parent)


def _is_replaced(folder: Path) -> bool:
    hung = (folder / "hung").read_text(encoding="utf-8") if (folder / "hung").exists() else ""
    return bool(hung) and not Path(f"/proc/{hung}").exists() and len(_started(folder)) > 2


def _started(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if re.fullmatch(r"\d+", path.name)}
