"""Checks what the agent keeps: outbox, evidence that waits and recordings are sound, gapless and unchanged."""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.clock import Clock
from edge.errors import EdgeError
from edge.outbox import FILE_NAME, Outbox
from edge.recording import check as recording_check

if TYPE_CHECKING:
    from pathlib import Path

    from edge.outbox import EvidenceFile
    from edge.recording.check import Finding


@dataclass(slots=True)
class Findings:
    """What was looked at, one line for each loss, and everything about the recordings, also what was no loss."""

    checked: int = 0
    violations: list[str] = field(default_factory=list)
    recordings: list[Finding] = field(default_factory=list)


def check(data_dir: Path, recordings: Path | None = None, *, repair: bool = False) -> Findings:
    """An agent that never ran has nothing to find fault with. `repair` concerns the recordings.

    Raises:
        EdgeError: a repair was asked for while an agent is running.
    """
    found = Findings()
    if (data_dir / FILE_NAME).exists():
        _check_outbox(data_dir, found)
    if recordings is not None:
        running = _agent_runs(data_dir)
        if running and repair:
            raise EdgeError(f"{data_dir}: an agent is running on this folder; stop it before a repair")
        checked = recording_check.check(recordings, repair=repair, running=running)
        found.checked += checked.segments
        found.recordings = checked.findings
        found.violations += [f"recording {one.path}: {one.message}" for one in checked.findings if one.lost]
    return found


def _check_outbox(data_dir: Path, found: Findings) -> None:
    outbox = Outbox(data_dir / FILE_NAME, Clock())
    try:
        found.checked = outbox.counts().written
        found.violations += outbox.faults()
        for file in outbox.waiting_evidence():
            found.checked += 1
            _check_file(data_dir / "evidence" / file.file, file, found)
    finally:
        outbox.close()


def _agent_runs(data_dir: Path) -> bool:
    try:
        descriptor = os.open(data_dir / "agent.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _check_file(path: Path, file: EvidenceFile, found: Findings) -> None:
    try:
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        found.violations.append(f"evidence {file.evidence_id}: {error.strerror}")
        return
    if sha256 != file.sha256:
        found.violations.append(f"evidence {file.evidence_id}: SHA-256 is {sha256}, announced was {file.sha256}")
