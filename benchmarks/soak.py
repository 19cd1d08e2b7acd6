"""The long proofs, one JSON line each: `make soak`. Exit 1 where one does not hold.

`TALAIA_SOAK_PROOFS=day,full_disk` chooses among them, the other variables make them shorter or longer.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks import kills
from benchmarks import town as towns
from benchmarks.endurance import (
    agent_kills,
    away,
    camera_kills,
    chaos,
    day,
    full_disk,
    month,
    mutations,
    network_cut,
    uploads,
)

SEED = int(os.environ.get("TALAIA_SOAK_SEED", "1"))
ROUNDS = int(os.environ.get("TALAIA_SOAK_ROUNDS", "10"))
AGENT_KILLS = int(os.environ.get("TALAIA_SOAK_AGENT_KILLS", "50"))
CAMERA_KILLS = int(os.environ.get("TALAIA_SOAK_CAMERA_KILLS", "20"))
CUT_S = float(os.environ.get("TALAIA_SOAK_CUT_S", "600"))
FULL_S = float(os.environ.get("TALAIA_SOAK_FULL_S", "60"))
DAYS, EVENTS_A_DAY = int(os.environ.get("TALAIA_SOAK_DAYS", "30")), 200
AT_ONCE = int(os.environ.get("TALAIA_SOAK_AT_ONCE", "1"))
"""Proofs beside each other on one system, each with an agent of its own; those that kill the system run alone."""
UPLOAD_BYTES = int(os.environ.get("TALAIA_SOAK_UPLOAD_BYTES", str(2 * 1000**3)))
UPLOAD_CUTS = int(os.environ.get("TALAIA_SOAK_UPLOAD_CUTS", "20"))
UPLOAD_KILLS = int(os.environ.get("TALAIA_SOAK_UPLOAD_KILLS", "5"))
CHAOS_S = float(os.environ.get("TALAIA_SOAK_CHAOS_S", "600"))
CHAOS_DEVICES, CHAOS_RATE = 200, 20.0
AWAY_S = float(os.environ.get("TALAIA_SOAK_AWAY_S", "120"))
AWAY_MESSAGES = int(os.environ.get("TALAIA_SOAK_AWAY_MESSAGES", "5000"))
MUTATIONS = int(os.environ.get("TALAIA_SOAK_MUTATIONS", "20000"))
HOURS = float(os.environ.get("TALAIA_SOAK_HOURS", "24"))


class Proof(NamedTuple):
    prove: Callable[[towns.Town, Path], dict[str, Any]]
    holds: Callable[[dict[str, Any]], bool]


PROOFS: Mapping[str, Proof] = {
    "kills": Proof(lambda town, folder: kills.prove(town, folder, rounds=ROUNDS, seed=SEED), kills.holds),
    "agent_kills": Proof(
        lambda town, folder: agent_kills.prove(town, folder, kills=AGENT_KILLS, seed=SEED), agent_kills.holds
    ),
    "camera_kills": Proof(
        lambda town, folder: camera_kills.prove(town, folder, kills=CAMERA_KILLS), camera_kills.holds
    ),
    "network_cut": Proof(lambda town, folder: network_cut.prove(town, folder, cut_s=CUT_S), network_cut.holds),
    "chaos": Proof(
        lambda town, folder: chaos.prove(
            town, folder, chaos.Plan(seconds=CHAOS_S, full_s=FULL_S, devices=CHAOS_DEVICES, rate=CHAOS_RATE, seed=SEED)
        ),
        chaos.holds,
    ),
    "database_away": Proof(
        lambda town, folder: away.prove(
            town, folder, away.Plan(away_s=AWAY_S, messages=AWAY_MESSAGES, devices=CHAOS_DEVICES, seed=SEED)
        ),
        away.holds,
    ),
    "mutations": Proof(
        lambda town, folder: mutations.prove(town, folder, messages=MUTATIONS, seed=SEED), mutations.holds
    ),
    "full_disk": Proof(lambda town, folder: full_disk.prove(town, folder, full_s=FULL_S), full_disk.holds),
    "month": Proof(lambda _, folder: month.prove(folder, days=DAYS, events_a_day=EVENTS_A_DAY), month.holds),
    "uploads": Proof(
        lambda town, folder: uploads.prove(
            town, folder, size_bytes=UPLOAD_BYTES, cuts=UPLOAD_CUTS, kills=UPLOAD_KILLS, seed=SEED
        ),
        uploads.holds,
    ),
    "day": Proof(lambda town, folder: day.prove(town, folder, hours=HOURS), day.holds),
}


def main() -> int:
    wanted = [name for name in os.environ.get("TALAIA_SOAK_PROOFS", "").split(",") if name] or list(PROOFS)
    unknown = [name for name in wanted if name not in PROOFS]
    if unknown:
        sys.stderr.write(f"TALAIA_SOAK_PROOFS: got {unknown[0]!r}; allowed: {', '.join(PROOFS)}\n")
        return 2
    at_once = 1 if {"kills", "uploads"} & set(wanted) else AT_ONCE
    with (
        tempfile.TemporaryDirectory(prefix="talaia-soak-") as folder,
        towns.running(Path(folder) / "town") as town,
        ThreadPoolExecutor(at_once) as pool,
    ):
        held = list(pool.map(lambda name: _show(name, town, Path(folder) / name), wanted))
    return 0 if all(held) else 1


def _show(name: str, town: towns.Town, folder: Path) -> bool:
    """One line; a proof that could not be made does not hold, and the next is made all the same."""
    proof = PROOFS[name]
    try:
        result = proof.prove(town, folder)
    except (towns.NotInTimeError, OSError, httpx.HTTPError) as error:
        result = {"proof": name, "holds": False, "fault": " ".join(str(error).split())}
    else:
        result["holds"] = proof.holds(result)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    return bool(result["holds"])


if __name__ == "__main__":
    sys.exit(main())
