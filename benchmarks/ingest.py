"""Events a second into the database, and how soon browsers have them: `python -m benchmarks.ingest`.

On the embedded database as `make run` has it, while its agent is held still; each figure beside plain binary COPY of
the same rows into the same table.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import fan_out, ingest_over_mqtt, ingest_steps
from benchmarks import town as towns
from benchmarks.figures import Figure, record
from control_room.ingest import bench
from launch import postgres, settings

EVENTS, ROUNDS = 20_000, 3
WORKERS = (1, 2, 4)
AIM_PER_S, AIM_RATIO, AIM_LATE_MS, AIM_STOPPED_S = 2000, 0.5, 250, 5
BROWSERS, CHANGES_PER_S, FAN_OUT_S = 500, 200, 30.0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder, towns.running(Path(folder) / "town") as town:
        agent = town.run["pids"]["edge"]
        os.kill(agent, signal.SIGSTOP)
        try:
            url = _superuser_url(town)
            record(_from_memory(bench.measure(url, EVENTS, ROUNDS)))
            record(_in_steps(ingest_steps.measure(url)))
            broker_folder = Path(folder) / "broker"
            broker_folder.mkdir()
            with ingest_over_mqtt.mosquitto(broker_folder) as broker_url:
                for workers in WORKERS:
                    drained = ingest_over_mqtt.drain(url, broker_url, broker_folder, workers=workers, events=EVENTS)
                    record([_over_mqtt(drained)])
            for processes in (1, 2):
                run = fan_out.measure(url, clients=BROWSERS, processes=processes, rate=CHANGES_PER_S, seconds=FAN_OUT_S)
                record(_fanned_out(run))
        finally:
            os.kill(agent, signal.SIGCONT)
    return 0


def _from_memory(found: dict[str, Any]) -> list[Figure]:
    return [
        Figure(
            f"ingest: events a second into {found['database']}",
            found["events_per_s"],
            "events/s",
            baseline=f"plain binary COPY into the same table ({found['copy_rows_per_s']} rows/s)",
            ratio=found["ratio"],
            n=found["events"] * found["rounds"],
            aim=f"{AIM_RATIO} of COPY",
            met=found["ratio"] >= AIM_RATIO,
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


def _in_steps(steps: list[ingest_steps.Step]) -> list[Figure]:
    """What each one costs beyond the one before."""
    copy_us = steps[0].us(steps[0].wall_s, ingest_steps.EVENTS)
    found = []
    for number, step in enumerate(steps, 1):
        wall, own, backend = (step.us(of, ingest_steps.EVENTS) for of in (step.wall_s, step.own_s, step.backend_s))
        found.append(
            Figure(
                f"ingest, step {number}: {step.name}",
                round(wall, 1),
                f"us a message (processor: own {own:.0f}, backend's {backend:.0f})",
                baseline=f"plain binary COPY of the same rows ({copy_us:.1f} us a row)",
                ratio=round(copy_us / wall, 3),
                n=ingest_steps.EVENTS * ingest_steps.ROUNDS,
            )
        )
    return found


def _over_mqtt(drained: ingest_over_mqtt.Drained) -> Figure:
    copy_per_s = drained.events / drained.copy_s
    return Figure(
        f"ingest: MQTT QoS 1 to database and acked, {drained.workers} worker{'s' if drained.workers > 1 else ''}",
        round(drained.per_s),
        f"events/s ({drained.cpu_us:.0f} us of worker CPU each)",
        baseline=f"plain binary COPY into the same table ({copy_per_s:.0f} rows/s)",
        ratio=round(drained.ratio, 3),
        n=drained.events,
        aim=f"{AIM_PER_S} a second",
        met=drained.per_s >= AIM_PER_S,
    )


def _fanned_out(run: fan_out.FannedOut) -> list[Figure]:
    where = f"{run.clients} browsers, {run.per_s:.0f} events a second, {run.processes} serving"
    return [
        Figure(
            f"stream: commit -> browser, {where}",
            round(run.p50_ms, 1),
            f"ms ({run.frames_a_client_s:.1f} frames a second each)",
            baseline=f"CPU of a core: server {run.server_cpu_share:.2f}, browsers {run.clients_cpu_share:.2f}",
            p50=round(run.p50_ms, 1),
            p99=round(run.p99_ms, 1),
            n=run.received,
            aim=f"p99 under {AIM_LATE_MS} ms, all received",
            met=run.p99_ms < AIM_LATE_MS and run.received == run.expected,
        ),
        Figure(
            f"stream: SIGTERM -> ended, {where}",
            round(run.stopped_s, 2),
            "s",
            aim=f"under {AIM_STOPPED_S} s",
            met=run.stopped_s < AIM_STOPPED_S,
        ),
    ]


def _superuser_url(town: towns.Town) -> str:
    remembered = settings.Remembered.load(town.data_dir)
    return postgres.url(
        postgres.SUPERUSER, remembered.database_superuser_password, remembered.database_port, postgres.SUPERUSER
    )


if __name__ == "__main__":
    sys.exit(main())
