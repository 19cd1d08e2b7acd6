"""Each part is killed (-9) while events flow; afterwards the room must have every event once."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from benchmarks import town as towns

PARTS = ["agent", "broker", "room", "worker", "database"]
EVENTS_BETWEEN_KILLS = 5
EVENTS_WITHIN_S = 300
STARTED_AGAIN_WITHIN_S = 240
SETTLED_WITHIN_S = 300


def prove(town: towns.Town, folder: Path, *, rounds: int, seed: int) -> dict[str, Any]:
    """Kill each part once a round, in an order by `seed`; what the outbox and `talaia-room fsck` say at the end."""
    agent = towns.BusyAgent(town, folder)
    order = random.Random(seed)
    try:
        for _ in range(rounds):
            for part in order.sample(PARTS, len(PARTS)):
                _wait_for_events(agent)
                _kill(town, agent, part)
        _wait_for_events(agent)
        outbox = agent.stop_when_settled(SETTLED_WITHIN_S)
    finally:
        agent.stop()
    return {
        "proof": "kills",
        "seed": seed,
        "kills": rounds * len(PARTS),
        "written": outbox["written"],
        "pending": outbox["pending"],
        **room_fsck(town, agent.device_id),
    }


def holds(result: dict[str, Any]) -> bool:
    """Everything that was written is stored, once, and nothing else is amiss."""
    return (
        result["pending"] == 0
        and result["stored"] == result["written"] > 0
        and result["duplicates"] == 0
        and not result["gaps"]
        and not result["violations"]
    )


def _kill(town: towns.Town, agent: towns.BusyAgent, part: str) -> None:
    if part == "agent":
        agent.kill_and_restart()
        return
    towns.kill_part(town, part, STARTED_AGAIN_WITHIN_S)


def _wait_for_events(agent: towns.BusyAgent) -> None:
    before = agent.outbox()["written"]
    towns.wait_for(lambda: agent.outbox()["written"] >= before + EVENTS_BETWEEN_KILLS, EVENTS_WITHIN_S, "new events")


def room_fsck(town: towns.Town, device_id: str) -> dict[str, Any]:
    report = json.loads(town.room("fsck", "--json").stdout)
    device = next(row for row in report["devices"] if row["device_id"] == device_id)
    return {**{key: device[key] for key in ("stored", "duplicates", "gaps")}, "violations": report["violations"]}
