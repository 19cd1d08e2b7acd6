"""The agent's disk is filled to the last byte in the midst of events, and emptied again."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks import town as towns
from benchmarks.endurance import ledger

DISK_MIB, WANTED_FREE_MIB = 96, 24
WRITTEN_BEFORE = 2
SETTLED_WITHIN_S = 300
_CHUNK = bytes(64 * 1024)


@contextmanager
def small_disk(folder: Path, mib: int = DISK_MIB) -> Iterator[Path]:
    """A file system of its own, in memory; `PermissionError` where this process may mount none."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", "-l", str(folder)], check=True)


@contextmanager
def public_small_disk(mib: int) -> Iterator[Path]:
    """One that every account of this machine can reach, also that of a database."""
    with tempfile.TemporaryDirectory(prefix="talaia-disk-") as folder:
        Path(folder).chmod(0o755)
        with small_disk(Path(folder) / "disk", mib) as disk:
            yield disk


def prove(town: towns.Town, folder: Path, *, full_s: float) -> dict[str, Any]:
    with small_disk(folder / "disk") as disk:
        extra = f"[evidence]\nfree_disk_mib = {WANTED_FREE_MIB}\n[recording]\nmax_gib = 0.03\nfree_disk_mib = 8\n"
        agent = towns.BusyAgent(town, disk, sections=extra, more="record = true\n")
        try:
            towns.wait_for(lambda: ledger.written(agent) >= WRITTEN_BEFORE, 300, "the first messages")
            pid = agent.process.pid
            ballast = disk / "ballast"
            _fill(ballast)
            with town.client() as client:

                def alarms() -> list[str]:
                    devices = client.get("/devices").raise_for_status().json()["items"]
                    mine = next(one for one in devices if one["device_id"] == agent.device_id)
                    return [alarm["code"] for alarm in mine["alarms"]]

                def is_told() -> bool:
                    _fill(ballast)  # what the agent gives back is taken at once
                    return "disk_full" in alarms()

                towns.wait_for(is_told, 300, "the alarm")
                for _ in range(round(full_s)):
                    _fill(ballast)
                    Event().wait(1.0)
                at_full = ledger.written(agent)
                ballast.unlink()
                towns.wait_for(lambda: ledger.written(agent) > at_full, 300, "events again")
                towns.wait_for(lambda: "disk_full" not in alarms(), 300, "the end of the alarm")
            same = agent.process.poll() is None and agent.process.pid == pid
            found = ledger.settle(town, agent, SETTLED_WITHIN_S)
        finally:
            agent.stop()
    disk_facts = {"disk_mib": DISK_MIB, "full_s": full_s, "alarm_came_and_went": True, "same_process": same}
    return {"proof": "full_disk", **disk_facts, **found}


def holds(result: dict[str, Any]) -> bool:
    return ledger.delivered(result) and bool(result["same_process"])


def keep_full(ballast: Path, seconds: float, once_full: Callable[[], object] = lambda: None) -> None:
    """What others give back is taken at once; at the end it is all free again."""
    _fill(ballast)
    once_full()
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        _fill(ballast)
        Event().wait(0.5)
    ballast.unlink()


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(_CHUNK)
        except OSError:
            return
