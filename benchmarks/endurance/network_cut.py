"""The network between the agent and everything else is cut for minutes, in the midst of events."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from benchmarks import town as towns
from benchmarks.endurance import ledger
from benchmarks.endurance.tcp_proxy import TcpProxy

DELIVERED_BEFORE = 3
WRITTEN_WITHIN_S = 180
SETTLED_WITHIN_S = 600


def prove(town: towns.Town, folder: Path, *, cut_s: float) -> dict[str, Any]:
    room, broker = (urlsplit(url) for url in (town.run["url"], town.run["mqtt_url"]))
    with TcpProxy(("127.0.0.1", room.port or 80)) as to_room, TcpProxy(("127.0.0.1", broker.port or 1883)) as to_broker:
        login, at, _ = broker.netloc.rpartition("@")
        agent = towns.BusyAgent(
            town,
            folder,
            room_url=f"http://127.0.0.1:{to_room.port}",
            mqtt_url=f"mqtt://{login}{at}127.0.0.1:{to_broker.port}",
        )
        try:
            towns.wait_for(lambda: ledger.written(agent) >= DELIVERED_BEFORE, WRITTEN_WITHIN_S, "the first messages")
            for proxy in (to_room, to_broker):
                proxy.cut()
            before = ledger.written(agent)  # none of what comes after it can be on its way already
            Event().wait(cut_s)
            towns.wait_for(lambda: ledger.written(agent) > before, WRITTEN_WITHIN_S, "a message during the cut")
            meanwhile = ledger.written(agent) - before
            pending = agent.outbox()["pending"]
            for proxy in (to_room, to_broker):
                proxy.mend()
            mended_s = time.monotonic()
            towns.wait_for(lambda: agent.outbox()["pending"] == 0, SETTLED_WITHIN_S, "an empty outbox")
            drained_s = time.monotonic() - mended_s
            found = ledger.settle(town, agent, SETTLED_WITHIN_S)
        finally:
            agent.stop()
    cut = {
        "cut_s": cut_s,
        "written_meanwhile": meanwhile,
        "pending_at_the_end": pending,
        "empty_after_s": round(drained_s, 1),
    }
    return {"proof": "network_cut", **cut, **found}


def holds(result: dict[str, Any]) -> bool:
    return ledger.delivered(result) and result["pending_at_the_end"] >= result["written_meanwhile"] > 0
