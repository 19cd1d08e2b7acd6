"""Checks what the agent keeps: the outbox is sound and gapless, and the evidence it lists lies there unchanged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.clock import Clock
from edge.outbox import FILE_NAME, Outbox

if TYPE_CHECKING:
    from pathlib import Path

    from edge.outbox import EvidenceFile


@dataclass(slots=True)
class Findings:
    """Messages and files that were looked at, and one line for each fault."""

    checked: int = 0
    violations: list[str] = field(default_factory=list)


def check(data_dir: Path) -> Findings:
    """An agent that never ran has nothing to find fault with."""
    found = Findings()
    path = data_dir / FILE_NAME
    if not path.exists():
        return found
    outbox = Outbox(path, Clock())
    try:
        found.checked = outbox.counts().written
        found.violations += outbox.faults()
        for file in outbox.waiting_evidence():
            found.checked += 1
            _check_file(data_dir / "evidence" / file.file, file, found)
    finally:
        outbox.close()
    return found


def _check_file(path: Path, file: EvidenceFile, found: Findings) -> None:
    try:
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        found.violations.append(f"evidence {file.evidence_id}: {error.strerror}")
        return
    if sha256 != file.sha256:
        found.violations.append(f"evidence {file.evidence_id}: SHA-256 is {sha256}, announced was {file.sha256}")
