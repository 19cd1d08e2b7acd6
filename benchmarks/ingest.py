"""Events a second into the database, beside plain binary COPY into the same table: `python -m benchmarks.ingest`.

On the embedded database as `make run` has it, while its agent is held still.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import town as towns
from benchmarks.figures import Figure, record
from launch import postgres, settings


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder, towns.running(Path(folder) / "town") as town:
        agent = town.run["pids"]["edge"]
        os.kill(agent, signal.SIGSTOP)
        try:
            measured = subprocess.run(
                [sys.executable, "-m", "control_room.ingest.bench", "--database-url", _superuser_url(town)],
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            os.kill(agent, signal.SIGCONT)
    found = json.loads(measured.stdout)
    record(
        [
            Figure(
                f"ingest: events a second into {found['database']}",
                found["events_per_s"],
                "events/s",
                baseline=f"plain binary COPY into the same table ({found['copy_rows_per_s']} rows/s)",
                ratio=found["ratio"],
                n=found["events"] * found["rounds"],
            ),
            Figure(
                "ingest: one batch of 500",
                found["batch_ms_p50"],
                "ms",
                p50=found["batch_ms_p50"],
                p99=found["batch_ms_p99"],
                n=found["events"] * found["rounds"] // 500,
            ),
        ]
    )
    return 0


def _superuser_url(town: towns.Town) -> str:
    remembered = settings.Remembered.load(town.data_dir)
    return postgres.url(
        postgres.SUPERUSER, remembered.database_superuser_password, remembered.database_port, postgres.SUPERUSER
    )


if __name__ == "__main__":
    sys.exit(main())
