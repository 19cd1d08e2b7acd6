"""All is killed, delayed and cut, and the disk full, as a simulated town speaks; then nothing lacks or is twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks import town as towns
from benchmarks.endurance.full_disk import keep_full, public_small_disk
from benchmarks.endurance.tcp_proxy import TcpProxy
from control_room.database import pool

ROOM = Path(sys.executable).parent / "talaia-room"
DISK_MIB = 1500
PARTS = ("worker", "room", "broker", "database")
STARTED_AGAIN_WITHIN_S = 120
SETTLED_WITHIN_S = 200
_DELAYS_S, _TROUBLE_S = (0.05, 0.4), (2.0, 12.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much."""

    seconds: float
    full_s: float
    """How long of these the room's disk is full; database, broker and files lie on it."""
    devices: int
    rate: float
    """Events a second."""
    seed: int


def prove(town: towns.Town, folder: Path, plan: Plan) -> dict[str, Any]:
    """On a town of its own, whose disk can be filled; on the given one where no file system can be mounted.

    The towns' agents are held still meanwhile: their processor time is the others'.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(held_still(town))
        try:
            disk = stack.enter_context(public_small_disk(DISK_MIB))
        except PermissionError as error:
            return _prove(town, folder, plan, None) | {"full_disk": f"left out, no file system was mounted: {error}"}
        own = stack.enter_context(towns.running(disk / "town"))
        stack.enter_context(held_still(own))
        return _prove(own, folder, plan, disk) | {"full_disk": f"{plan.full_s:.0f} s"}


def _prove(town: towns.Town, folder: Path, plan: Plan, disk: Path | None) -> dict[str, Any]:
    settings = tomllib.loads((town.data_dir / "room.toml").read_text(encoding="utf-8"))
    ledger = folder / "ledger.jsonl"
    environment = {**os.environ, "TALAIA_ROOM_CONFIG": str(town.data_dir / "room.toml")}
    command = [
        *("--devices", str(plan.devices), "--rate", str(plan.rate)),
        *("--seconds", str(plan.seconds), "--seed", str(plan.seed)),
    ]
    with _second_worker(environment, folder) as kill_second, TcpProxy(_address(settings["mqtt"]["url"])) as network:
        simulation = subprocess.Popen(
            [str(ROOM), "simulate", *command, "--ledger", str(ledger), "--json"],
            env={**environment, "TALAIA_MQTT_URL": through(settings["mqtt"]["url"], network)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        towns.wait_for(lambda: has_begun(ledger, simulation), STARTED_AGAIN_WITHIN_S, "the simulated town speaks")
        troubles = {part: _killer(town, part) for part in PARTS} | {"second worker": kill_second}
        chance, done = random.Random(plan.seed), Counter[str]()
        around_s = (plan.seconds - (plan.full_s if disk else 0.0)) / 2
        for is_first in (True, False):
            done += trouble(troubles, network, chance, lambda: simulation.poll() is not None, seconds=around_s)
            if is_first and disk is not None:
                keep_full(disk / "ballast", plan.full_s)
                done["full disk"] += 1
        said, complaint = simulation.communicate(timeout=plan.seconds + SETTLED_WITHIN_S)
    if simulation.returncode not in {0, 1} or not said:
        raise towns.NotInTimeError(f"talaia-room simulate: {complaint.strip()[-300:]}")
    report = json.loads(town.room("fsck", "--json").stdout)
    return {
        "proof": "chaos",
        "seed": plan.seed,
        "seconds": plan.seconds,
        "devices": plan.devices,
        "troubles": dict(sorted(done.items())),
        **json.loads(said),
        **compare(ledger, str(settings["database"].get("url") or town.run["database_url"]), report),
    }


def holds(result: dict[str, Any]) -> bool:
    return bool(
        result["unacked"] == 0
        and result["sent"] == result["acked"] == result["stored"] > 0
        and result["missing"] == result["twice"] == result["unknown"] == result["duplicates"] == 0
        and not result["gaps"]
        and not result["violations"]
    )


def has_begun(ledger: Path, simulation: subprocess.Popen[str]) -> bool:
    """Its devices are registered, which needs the database; or it has failed, and says why itself."""
    return simulation.poll() is not None or (ledger.exists() and ledger.stat().st_size > 0)


def trouble(
    kills: Mapping[str, Callable[[], None]],
    network: TcpProxy,
    chance: random.Random,
    is_over: Callable[[], bool],
    *,
    seconds: float,
    at_least: int = 0,
    pause_s: tuple[float, float] = (3.0, 12.0),
    trouble_s: tuple[float, float] = _TROUBLE_S,
) -> Counter[str]:
    """Kill, delay and cut for so long, one after another, and `at_least` so often; how often each was done."""
    done: Counter[str] = Counter()
    until_s = time.monotonic() + seconds
    names = [*kills, "delay", "cut"]
    round_of: list[str] = []
    while done.total() < at_least or (time.monotonic() < until_s and not is_over()):
        Event().wait(chance.uniform(*pause_s))
        round_of = round_of or chance.sample(names, len(names))
        name = round_of.pop()
        if name == "delay":
            network.delay(chance.uniform(*_DELAYS_S))
            Event().wait(chance.uniform(*trouble_s))
            network.delay(0.0)
        elif name == "cut":
            network.cut()
            Event().wait(chance.uniform(*trouble_s))
            network.mend()
        else:
            kills[name]()
        done[name] += 1
    return done


def compare(ledger: Path, database_url: str, report: dict[str, Any]) -> dict[str, Any]:
    """What was sent, what is stored, and what fsck says of the simulated devices."""
    rows = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    sent = Counter((row["device_id"], row["event_id"], row["outbox_id"], row["sequence"]) for row in rows)
    outboxes = sorted({row["outbox_id"] for row in rows})
    with pool.connect(database_url) as connection:
        found = connection.execute(
            "SELECT device_id, event_id::text, outbox_id::text, sequence FROM events WHERE outbox_id = ANY(%s::uuid[])",
            (outboxes,),
        ).fetchall()
    stored = Counter(map(tuple, found))
    ours = [device for device in report["devices"] if device["device_id"].startswith("simulated-")]
    return {
        "stored": len(found),
        "missing": (sent - stored).total(),
        "unknown": len(stored.keys() - sent.keys()),
        "twice": sum(count - 1 for count in stored.values()),
        "duplicates": sum(device["duplicates"] for device in ours),
        "gaps": [device["device_id"] for device in ours if device["gaps"]],
        # What the mutations proof left is wrong on purpose.
        "violations": [each for each in report["violations"] if "mutant-" not in each["object"]],
    }


def through(url: str, network: TcpProxy) -> str:
    """The same, by that network."""
    parts = urllib.parse.urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{who}{at}127.0.0.1:{network.port}").geturl()


def _address(url: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 1883


def _killer(town: towns.Town, part: str) -> Callable[[], None]:
    """Kills a part of the town and waits until that has started it again."""
    return lambda: towns.kill_part(town, part, STARTED_AGAIN_WITHIN_S)


@contextmanager
def held_still(town: towns.Town) -> Iterator[None]:
    agent = town.run["pids"]["edge"]
    os.kill(agent, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(agent, signal.SIGCONT)


@contextmanager
def _second_worker(environment: Mapping[str, str], folder: Path) -> Iterator[Callable[[], None]]:
    """A worker beside the town's; what it gives kills it and starts another."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        with (folder / "second-worker.log").open("ab") as log:
            running.append(subprocess.Popen([str(ROOM), "worker", "--number", "2"], env=environment, stderr=log))

    def kill() -> None:
        running[-1].kill()
        running[-1].wait(timeout=STARTED_AGAIN_WITHIN_S)
        start()

    start()
    try:
        yield kill
    finally:
        running[-1].terminate()
        running[-1].wait(timeout=STARTED_AGAIN_WITHIN_S)
