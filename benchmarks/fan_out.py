"""From a commit in the database to the browsers: how long, with how many of them, at whose expense."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import numpy.typing as npt

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.ingest_over_mqtt import ROOM, cpu_s
from control_room import callers
from control_room.database import pool
from control_room.ingest import bench, reading, storing
from control_room.sessions import cookie
from control_room.sessions import service as sessions
from control_room.users import service as users

READY_WITHIN_S = 180
_BATCH_S = 0.05
"""As often as the worker writes a batch under a steady rate."""
_AFTERWARDS_S = 3.0


@dataclass(frozen=True, slots=True)
class FannedOut:
    """One run."""

    clients: int
    processes: int
    per_s: float
    """Events a second that were stored."""
    expected: int
    """Changes times clients."""
    received: int
    p50_ms: float
    p99_ms: float
    frames_a_client_s: float
    server_cpu_share: float
    """Of one core."""
    clients_cpu_share: float
    stopped_s: float
    """From SIGTERM to its end, all streams open."""


def measure(database_url: str, *, clients: int, processes: int, rate: int, seconds: float) -> FannedOut:
    """The database is made on that server and dropped."""
    with (
        bench.scratch_database(database_url) as url,
        pool.connect(url, autocommit=True) as connection,
        tempfile.TemporaryDirectory(prefix="talaia-fan-out-") as folder,
        _serving(url, Path(folder), processes) as (server, port),
    ):
        out = Path(folder) / "received.npz"
        with _browsers(port, _cookies(connection, clients), seconds + _AFTERWARDS_S, out) as browsers:
            pids = _family(server.pid)
            before_s, began_s = (sum(map(cpu_s, pids)), cpu_s(browsers.pid)), time.monotonic()
            committed = _store(connection, rate, seconds)
            after_s, took_s = (sum(map(cpu_s, pids)), cpu_s(browsers.pid)), time.monotonic() - began_s
            if browsers.wait(timeout=READY_WITHIN_S) != 0:
                raise towns.NotInTimeError("the browsers lost their streams")
        with _browsers(port, _cookies(connection, clients), READY_WITHIN_S, out.with_name("again.npz")) as again:
            began_stop_s = time.monotonic()
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=READY_WITHIN_S)
            stopped_s = time.monotonic() - began_stop_s
            again.kill()
        received = np.load(out)
    late_ms = _late_ms(committed, received["ids"], received["times"])
    return FannedOut(
        clients=clients,
        processes=processes,
        per_s=rate,
        expected=len(committed) * clients,
        received=len(late_ms),
        p50_ms=float(np.percentile(late_ms, 50)),
        p99_ms=float(np.percentile(late_ms, 99)),
        frames_a_client_s=float(received["reads"][0]) / clients / seconds,
        server_cpu_share=(after_s[0] - before_s[0]) / took_s,
        clients_cpu_share=(after_s[1] - before_s[1]) / took_s,
        stopped_s=stopped_s,
    )


def _late_ms(
    committed: dict[int, float], ids: npt.NDArray[np.int64], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of each change at each client."""
    first = min(committed)
    at = np.full(max(committed) - first + 1, np.nan)
    for stream_id, committed_s in committed.items():
        at[stream_id - first] = committed_s
    ours = (ids >= first) & (ids < first + len(at))
    late: npt.NDArray[np.float64] = 1000 * (times[ours] - at[ids[ours] - first])
    return late[~np.isnan(late)]


def _store(connection: pool.Connection, rate: int, seconds: float) -> dict[int, float]:
    """Store events as the worker does; when each change was committed, by its id in the stream."""
    sent = bench.deliveries_of(connection, round(rate * seconds), seed=1)
    storing.prepare(connection)
    newest = _newest(connection)
    committed: dict[int, float] = {}
    began_s, done = time.monotonic(), 0
    while done < len(sent):
        time.sleep(_BATCH_S)
        due = min(len(sent), round((time.monotonic() - began_s) * rate))
        storing.store(connection, [reading.read(each) for each in sent[done:due]], datetime.now(UTC))
        now_s, before, newest = time.time(), newest, _newest(connection)
        committed |= dict.fromkeys(range(before + 1, newest + 1), now_s)
        done = due
    return committed


def _newest(connection: pool.Connection) -> int:
    row = connection.execute("SELECT coalesce(max(id), 0) FROM stream").fetchone()
    return 0 if row is None else int(row[0])


def _cookies(connection: pool.Connection, number: int) -> list[str]:
    now = datetime.now(UTC)
    browser, lasts = sessions.Browser("127.0.0.1", "a benchmark"), timedelta(hours=1)
    with connection.transaction():
        if users.find(connection, "marta") is None:
            users.add(connection, "marta", "operator", password=None, by=callers.command(), now=now)
        user = users.get(connection, "marta")
        return [f"{cookie.NAME}={sessions.begin(connection, user, browser, lasts, now).token}" for _ in range(number)]


@contextmanager
def _serving(database_url: str, folder: Path, processes: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = ports.free_port()
    environment = {
        **os.environ,
        "TALAIA_DATABASE_URL": database_url,
        "TALAIA_HTTP_LISTEN": f"127.0.0.1:{port}",
        "TALAIA_HTTP_PROCESSES": str(processes),
        "TALAIA_STORE_DIRECTORY": str(folder / "store"),
    }
    with (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen([str(ROOM), "serve"], env=environment, stderr=log)
    try:
        towns.wait_for(lambda: _answers(port), READY_WITHIN_S, "the room serves")
        yield server, port
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(timeout=READY_WITHIN_S)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def _browsers(port: int, cookies: list[str], seconds: float, out: Path) -> Iterator[subprocess.Popen[str]]:
    """All of them have begun."""
    command = [sys.executable, "-m", "benchmarks.fan_out_clients", str(port), str(seconds), str(out)]
    process = subprocess.Popen(
        command, cwd=towns.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise towns.NotInTimeError("no pipe to the browsers")
        process.stdin.write("\n".join(cookies))
        process.stdin.close()
        if process.stdout.readline() != "ready\n":
            raise towns.NotInTimeError("not every stream began")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def _family(pid: int) -> list[int]:
    """The process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return [pid, *map(int, children)]
