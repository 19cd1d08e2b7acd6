"""What the agent wrote, and what the room made of it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from benchmarks import town as towns


def written(agent: towns.BusyAgent) -> int:
    """Messages in the agent's outbox, also while it runs and at no cost to it."""
    path = agent.folder / "data" / "outbox.sqlite3"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as outbox:
            return int(outbox.execute("select value from about where key = 'last_sequence'").fetchone()[0])
    except (sqlite3.Error, TypeError):
        return 0


def settle(town: towns.Town, agent: towns.BusyAgent, within_s: float) -> dict[str, Any]:
    """Stop the agent once the room has everything; what outbox, room and both checks say then."""
    outbox = agent.stop_when_settled(within_s)
    report = json.loads(town.room("fsck", "--json").stdout)
    device = next(row for row in report["devices"] if row["device_id"] == agent.device_id)
    on_disk = json.loads(towns.talaia("edge", "fsck", "-c", str(agent.config), "--json").stdout)
    messages = list(_messages(town, agent.device_id))
    opened = Counter(row["event_id"] for row in messages if row["phase"] == "opened")
    return {
        "written": outbox["written"],
        "pending": outbox["pending"],
        "stored": device["stored"],
        "duplicates": device["duplicates"],
        "gaps": device["gaps"],
        "violations": [*report["violations"], *on_disk["violations"]],
        "checked_on_device": on_disk["checked"],
        "events": len({row["event_id"] for row in messages}),
        "opened_twice": sum(count - 1 for count in opened.values()),
        "opened_while_open": _opened_while_open(messages),
    }


def delivered(result: dict[str, Any]) -> bool:
    """Everything that was written is stored, once, no event was opened twice, and nothing else is amiss."""
    return (
        result["pending"] == 0
        and result["stored"] == result["written"] > 0
        and result["duplicates"] == result["opened_twice"] == result["opened_while_open"] == 0
        and not result["gaps"]
        and not result["violations"]
    )


def _messages(town: towns.Town, device_id: str) -> Iterator[dict[str, Any]]:
    with town.client() as client:
        outboxes = client.get("/events/outboxes", params={"device_id": device_id}).raise_for_status().json()["items"]
        for outbox in outboxes:
            after: int | None = 0
            while after is not None:
                wanted = {"outbox_id": outbox["outbox_id"], "after_sequence": after, "limit": 1000}
                page = client.get("/events", params={"device_id": device_id, **wanted}).raise_for_status().json()
                yield from page["items"]
                after = page["next_after_sequence"]


def _opened_while_open(messages: list[dict[str, Any]]) -> int:
    """Events that a rule opened in a zone in which it had one open: a restart that forgot what was open does that."""
    found = 0
    busy: dict[tuple[str, str, str], str] = {}
    for row in messages:
        place = row["camera_id"], row["rule"], str(row["message"]["zone"])
        if row["phase"] == "opened":
            found += place in busy
            busy[place] = row["event_id"]
        elif row["phase"] == "closed" and busy.get(place) == row["event_id"]:
            del busy[place]
    return found
