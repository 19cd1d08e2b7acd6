"""Each part is killed while events flow; nothing is lost and nothing is doubled.

`make soak` runs the same for longer, by TALAIA_KILL_ROUNDS and TALAIA_KILL_SEED.
"""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest

from benchmarks import town as towns

pytestmark = [pytest.mark.system, pytest.mark.timeout(3000)]
ROUNDS = int(os.environ.get("TALAIA_KILL_ROUNDS", "1"))
SEED = int(os.environ.get("TALAIA_KILL_SEED", "20261121"))
PARTS = ["agent", "broker", "room", "worker", "database"]
EVENTS_BETWEEN_KILLS = 2
EVENTS_WITHIN_S = 120
SETTLED_WITHIN_S = 180


def kill(town: towns.Town, part: str) -> None:
    """Kill -9, and wait until whoever looks after the part has started it again."""
    pid = town.run["pids"][part]
    os.kill(pid, signal.SIGKILL)
    towns.wait_for(lambda: town.run["pids"][part] not in (None, pid), 120, f"{part} is started again")


def wait_for_events(agent: towns.BusyAgent) -> None:
    before = agent.outbox()["written"]
    towns.wait_for(lambda: agent.outbox()["written"] >= before + EVENTS_BETWEEN_KILLS, EVENTS_WITHIN_S, "new events")


def test_nothing_is_lost_when_parts_are_killed(town: towns.Town, tmp_path: Path) -> None:
    agent = towns.BusyAgent(town, tmp_path / "busy")
    order = random.Random(SEED)
    try:
        for _ in range(ROUNDS):
            for part in order.sample(PARTS, len(PARTS)):
                wait_for_events(agent)
                if part == "agent":
                    agent.kill_and_restart()
                else:
                    kill(town, part)
        wait_for_events(agent)
        outbox = agent.stop_when_settled(SETTLED_WITHIN_S)
    finally:
        agent.stop()
    assert outbox["pending"] == 0
    checked = town.room("fsck", "--json")
    report = json.loads(checked.stdout)
    device = next(row for row in report["devices"] if row["device_id"] == agent.device_id)
    assert {key: device[key] for key in ("stored", "duplicates", "gaps")} == {
        "stored": outbox["written"],
        "duplicates": 0,
        "gaps": [],
    }
    assert report["violations"] == []
    assert checked.returncode == 0
