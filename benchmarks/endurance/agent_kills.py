"""The agent is killed (-9) at random moments while its rule opens and closes events."""

from __future__ import annotations

import random
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks import town as towns
from benchmarks.endurance import ledger

LONGEST_S = 4.0
"""From a new message to the kill, at most: within an event, its evidence, its clip or its delivery."""
NEW_WITHIN_S = 300
SETTLED_WITHIN_S = 300


def prove(town: towns.Town, folder: Path, *, kills: int, seed: int) -> dict[str, Any]:
    agent = towns.BusyAgent(town, folder, more="record = true\n")
    chance = random.Random(seed)
    try:
        for _ in range(kills):
            _wait_for_news(agent)
            Event().wait(chance.uniform(0.0, LONGEST_S))
            agent.kill_and_restart()
        _wait_for_news(agent)
        found = ledger.settle(town, agent, SETTLED_WITHIN_S)
    finally:
        agent.stop()
    return {"proof": "agent_kills", "seed": seed, "kills": kills, **found}


def holds(result: dict[str, Any]) -> bool:
    return ledger.delivered(result)


def _wait_for_news(agent: towns.BusyAgent) -> None:
    before = ledger.written(agent)
    towns.wait_for(lambda: ledger.written(agent) > before, NEW_WITHIN_S, "a new message")
