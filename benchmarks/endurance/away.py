"""The database is away while the town goes on, until as much waits as in an hour; then it drains, and nothing lacks.

Time is compressed: an hour of the usual rate comes in minutes. The simulated devices repeat themselves sooner than
real ones, so that what waits at the broker is repeated as often as in an hour.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg

from benchmarks import ingest_over_mqtt
from benchmarks import town as towns
from benchmarks.endurance.chaos import ROOM, compare, held_still
from control_room.database import pool
from control_room.ingest.waiting import MOST_BYTES
from launch import postgres, settings

EVENTS_A_CAMERA_HOUR = 5
"""`docs/design/scale.md`, "What a town says"."""
BEFORE_S = 10.0
ANSWERS_WITHIN_S = 120
SETTLED_WITHIN_S = 300
BROKER_QUEUE_BYTES = 256 * 1024 * 1024
"""`max_queued_bytes` of a session."""
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written while the database is away, and how long that is."""

    away_s: float
    messages: int
    devices: int
    seed: int

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.messages / self.away_s


def prove(town: towns.Town, folder: Path, plan: Plan) -> dict[str, Any]:
    """The town's supervisor is held still while its database is away, or it would start it again."""
    folder.mkdir(parents=True, exist_ok=True)
    room = tomllib.loads((town.data_dir / "room.toml").read_text(encoding="utf-8"))
    url = str(room["database"].get("url") or town.run["database_url"])
    environment = {**os.environ, "TALAIA_ROOM_CONFIG": str(town.data_dir / "room.toml")}
    ledger = folder / "ledger.jsonl"
    pids = {"worker": town.run["pids"]["worker"], "broker": town.run["pids"]["broker"]}

    def stop() -> None:
        os.kill(town.process.pid, signal.SIGSTOP)
        os.kill(town.run["pids"]["database"], signal.SIGINT)

    with held_still(town):
        with _simulation(environment, plan, ledger) as simulation:
            found = outage(
                url,
                pids,
                plan,
                stop=stop,
                start=lambda: os.kill(town.process.pid, signal.SIGCONT),
                written=lambda: len(ledger.read_bytes().splitlines()),
            )
            said, complaint = simulation.communicate(timeout=SETTLED_WITHIN_S)
        if not said:
            raise towns.NotInTimeError(f"talaia-room simulate: {complaint.strip()[-300:]}")
        report = json.loads(town.room("fsck", "--json").stdout)
        steady = _steady(town, folder, found["waited"])
    return {
        "proof": "database_away",
        "seed": plan.seed,
        "devices": plan.devices,
        "as_an_hour_of_cameras": round(found["waited"] / EVENTS_A_CAMERA_HOUR),
        **found,
        "steady_per_s": round(steady),
        "drained_to_steady": round(found["with_repetitions_per_s"] / steady, 2),
        **json.loads(said),
        **compare(ledger, url, report),
    }


def holds(result: dict[str, Any]) -> bool:
    return bool(
        result["unacked"] == 0
        and result["sent"] == result["stored"] > 0
        and result["missing"] == result["twice"] == result["unknown"] == result["duplicates"] == 0
        and not result["gaps"]
        and not result["violations"]
        and is_bounded(result["grew_bytes"])
    )


def is_bounded(grew_bytes: Mapping[str, int]) -> bool:
    """What the programs hold beside the payloads they may keep is less than as much again."""
    return grew_bytes["worker"] < 2 * MOST_BYTES and grew_bytes["broker"] < 2 * BROKER_QUEUE_BYTES


def outage(
    database_url: str,
    pids: Mapping[str, int],
    plan: Plan,
    *,
    stop: Callable[[], None],
    start: Callable[[], None],
    written: Callable[[], int],
) -> dict[str, Any]:
    """Stop the database once events are stored, start it again when so much waits, and wait until all is stored.

    Args:
        database_url: of the room.
        pids: of `worker` and `broker`, whose memory is watched.
        plan: how much, how long.
        stop: the database, at once.
        start: the same again; it need not wait for it.
        written: messages that the devices have written so far.
    """
    towns.wait_for(lambda: _stored(database_url) > 0, ANSWERS_WITHIN_S, "the first events")
    with _watched(pids) as most_bytes:
        kept = _stored(database_url)
        stop()
        began_s = time.monotonic()
        at_first = {name: _resident_bytes(pid) for name, pid in pids.items()}
        towns.wait_for(lambda: written() - kept >= plan.messages, 10 * plan.away_s + 60, "an hour's messages")
        away_s, waited = time.monotonic() - began_s, written() - kept
        start()
        towns.wait_for(lambda: _stored(database_url) >= 0, ANSWERS_WITHIN_S, "the database")
        began_s = time.monotonic()
        handled = _handled(database_url)
        towns.wait_for(lambda: _stored(database_url) >= written(), SETTLED_WITHIN_S, "all of it is stored")
        drained_s = time.monotonic() - began_s
        handled = _handled(database_url) - handled
    return {
        "away_s": round(away_s),
        "waited": waited,
        "drained_s": round(drained_s, 1),
        "drained_per_s": round(waited / drained_s),
        "with_repetitions_per_s": round(handled / drained_s),
        "grew_bytes": {name: most_bytes[name] - at_first[name] for name in pids},
    }


@contextmanager
def _simulation(environment: Mapping[str, str], plan: Plan, ledger: Path) -> Iterator[subprocess.Popen[str]]:
    """Ends by itself; killed where what is around it fails."""
    command = ["--devices", str(plan.devices), "--rate", str(plan.rate), "--seed", str(plan.seed)]
    process = subprocess.Popen(
        [str(ROOM), "simulate", *command, "--seconds", str(BEFORE_S + plan.away_s), "--ledger", str(ledger), "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


@contextmanager
def _watched(pids: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """The most memory that each of them had."""
    most = dict.fromkeys(pids, 0)
    ended = Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            for name, pid in pids.items():
                most[name] = max(most[name], _resident_bytes(pid))

    watching = Thread(target=look, name="memory", daemon=True)
    watching.start()
    try:
        yield most
    finally:
        ended.set()
        watching.join()


def _resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def _stored(database_url: str) -> int:
    """-1: the database is away."""
    try:
        with pool.connect(database_url) as connection:
            rows = connection.execute("SELECT count(*) FROM events WHERE device_id LIKE 'simulated-%'").fetchall()
            return int(rows[0][0])
    except (pool.UnreachableError, psycopg.Error):
        return -1


def _handled(database_url: str) -> int:
    """Messages that were stored, or found to be stored already."""
    with pool.connect(database_url) as connection:
        counted = "SELECT coalesce(sum(messages), 0) FROM ingest_counts WHERE outcome IN ('stored', 'duplicate')"
        return int(connection.execute(counted).fetchall()[0][0])


def _steady(town: towns.Town, folder: Path, events: int) -> float:
    """Events a second of one worker that finds as many in a queue, on the same server."""
    remembered = settings.Remembered.load(town.data_dir)
    url = postgres.url(
        postgres.SUPERUSER, remembered.database_superuser_password, remembered.database_port, postgres.SUPERUSER
    )
    with ingest_over_mqtt.mosquitto(folder) as broker_url:
        return ingest_over_mqtt.drain(url, broker_url, folder, workers=1, events=events).per_s
