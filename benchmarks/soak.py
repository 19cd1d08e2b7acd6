"""The long proofs, one JSON line each: `make soak`. Exit 1 where one does not hold."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import kills
from benchmarks import town as towns

ROUNDS = int(os.environ.get("TALAIA_SOAK_ROUNDS", "10"))
SEED = int(os.environ.get("TALAIA_SOAK_SEED", "1"))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="talaia-soak-") as folder, towns.running(Path(folder) / "town") as town:
        result = kills.prove(town, Path(folder) / "busy", rounds=ROUNDS, seed=SEED)
    sys.stdout.write(json.dumps({**result, "holds": kills.holds(result)}) + "\n")
    return 0 if kills.holds(result) else 1


if __name__ == "__main__":
    sys.exit(main())
