"""What the ring may not overwrite: one small file a hold, so that a lost index loses none."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge.recording.boxes import sync_folder
from wire.commands import HoldRecording

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from edge.recording.segment import Segment

FOLDER = "holds"
_SUFFIX = ".json"


class Holds:
    """May be used from several threads."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = Lock()
        self._holds: dict[UUID, HoldRecording] = {}
        self.unreadable: list[Path] = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                hold = HoldRecording.model_validate_json(path.read_bytes())
            except ValidationError:
                self.unreadable.append(path)
            else:
                self._holds[hold.hold_id] = hold

    def add(self, hold: HoldRecording) -> None:
        path = self._path(hold.hold_id)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(hold.model_dump_json(by_alias=True).encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        sync_folder(self._folder)
        with self._lock:
            self._holds[hold.hold_id] = hold

    def remove(self, hold_id: UUID) -> HoldRecording | None:
        with self._lock:
            hold = self._holds.pop(hold_id, None)
        if hold is not None:
            self._path(hold_id).unlink(missing_ok=True)
            sync_folder(self._folder)
        return hold

    def protects(self, segment: Segment, now: datetime) -> bool:
        with self._lock:
            return any(
                hold.camera_id == segment.camera_id
                and hold.from_ <= segment.captured_to
                and hold.to >= segment.captured_from
                and (hold.until is None or hold.until > now)
                for hold in self._holds.values()
            )

    def all(self) -> list[HoldRecording]:
        with self._lock:
            return list(self._holds.values())

    def _path(self, hold_id: UUID) -> Path:
        return self._folder / f"{hold_id}{_SUFFIX}"
