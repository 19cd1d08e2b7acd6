"""Processes that a start has left behind: known by number and start time, so that no other program is ever stopped."""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from launch import places

FILE = "processes.json"
LEAVE_S = 15.0
POLL_S = 0.1
STATE_FIELD, START_TIME_FIELD = 0, 19  # counted after the program's name in /proc/PID/stat


class Process(NamedTuple):
    pid: int
    started: int  # clock ticks after the machine's start


def started(pid: int) -> int | None:
    """When the process began, or None where there is none (or only its remains, waiting for their parent)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[STATE_FIELD] == "Z" else int(fields[START_TIME_FIELD])


def remember(data_directory: Path, pids: Mapping[str, int]) -> None:
    lines = {name: [pid, begun] for name, pid in pids.items() if (begun := started(pid)) is not None}
    places.write_private(data_directory / FILE, json.dumps(lines) + "\n")


def left_behind(data_directory: Path) -> dict[str, Process]:
    """Those of the last start that still run."""
    try:
        stored = json.loads((data_directory / FILE).read_text(encoding="utf-8"))
        known = {name: Process(int(pid), int(begun)) for name, (pid, begun) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {name: process for name, process in known.items() if started(process.pid) == process.started}


def stop_left_behind(data_directory: Path, leave_s: float = LEAVE_S) -> list[str]:
    """Stop what a killed supervisor left; returns the names."""
    found = left_behind(data_directory)
    for process in found.values():
        _signal(process, signal.SIGTERM)
    deadline_s = time.monotonic() + leave_s
    while left_behind(data_directory) and time.monotonic() < deadline_s:
        time.sleep(POLL_S)
    for process in left_behind(data_directory).values():
        _signal(process, signal.SIGKILL)
    return sorted(found)


def _signal(process: Process, number: signal.Signals) -> None:
    if started(process.pid) == process.started:
        os.kill(process.pid, number)
