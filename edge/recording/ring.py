"""Keeps the recording within its days, its bytes and the disk's free space, and what a hold protects in any case."""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.recording.facts import RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge.clock import Clock
    from edge.recording.facts import RecordingSettings
    from edge.recording.holds import Holds
    from edge.recording.index import Index
    from edge.recording.segment import Segment

log = logging.getLogger(__name__)

_AT_ONCE = 200
_SAID_FOR = timedelta(minutes=10)
_SEGMENTS_FREE = 4
"""What is kept free once the disk was found full: so many of the largest segment."""
_FULL = {
    "bytes": "recording has stopped: the space for recordings is full of what is held",
    "disk": "recording has stopped: the disk is nearly full, and of the recordings only what is held is left",
}


class Ring:
    """Erases the oldest segments that no hold protects. `trouble` and `full` are for the status."""

    def __init__(
        self,
        root: Path,
        settings: RecordingSettings,
        *,
        index: Index,
        holds: Holds,
        clock: Clock,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        self.full = ""
        """Why nothing more can be recorded: only what is held is left. Empty while there is room."""
        self.used_bytes = index.total_bytes()
        self._root = root
        self.settings = settings
        """May be replaced while it works."""
        self._index = index
        self._holds = holds
        self._clock = clock
        self._free_bytes = free_bytes or _free_bytes
        self._largest_bytes = 0
        self._needed_bytes = 0
        """Free on the disk, since it was found full."""
        self._early: tuple[datetime, str] | None = None

    @property
    def trouble(self) -> str:
        if self.full:
            return self.full
        if self._early is not None and self._clock.now() - self._early[0] < _SAID_FOR:
            return self._early[1]
        return ""

    def grown(self, segment: Segment) -> None:
        self.used_bytes += segment.bytes
        self._largest_bytes = max(self._largest_bytes, segment.bytes)

    def turn(self) -> None:
        """Erase what is too old, then what is too much."""
        now = self._clock.now()
        oldest_kept = now - timedelta(seconds=self.settings.kept_s)
        unprotected = self._unprotected(now)
        waiting = next(unprotected, None)
        while waiting is not None and waiting.captured_to < oldest_kept:
            self.erase([waiting])
            waiting = next(unprotected, None)
        while waiting is not None and (low := self._too_much()):
            self.erase([waiting])
            if low == "disk":
                self._say(now, waiting)
            waiting = next(unprotected, None)
        full = _FULL.get(self._too_much(), "") if waiting is None else ""
        if full and not self.full:
            log.error("%s", full)
        self.full = full

    def make_room(self) -> bool:
        """The disk took no more: keep more of it free from now on, and erase as much; false where nothing is left."""
        now = self._clock.now()
        self._needed_bytes = _SEGMENTS_FREE * self._largest_bytes
        made = False
        for oldest in self._unprotected(now):
            self.erase([oldest])
            self._say(now, oldest)
            made = True
            if not self._is_disk_low():
                break
        return made

    def erase(self, segments: list[Segment]) -> None:
        """Also where the disk is so full that the index cannot be written before there is room again."""
        paths = [one.path for one in segments]
        with suppress(RecordingError):
            self._index.doom(paths)
        remove_files(self._root, paths)
        self._index.forget(paths)
        self.used_bytes -= sum(one.bytes for one in segments)

    def finish_erasing(self) -> None:
        """What a crash interrupted."""
        paths = self._index.doomed()
        remove_files(self._root, paths)
        self._index.forget(paths)

    def _too_much(self) -> str:
        """Which limit is passed: `bytes`, `disk` or none."""
        if self.used_bytes > self.settings.limit_bytes:
            return "bytes"
        return "disk" if self._is_disk_low() else ""

    def _is_disk_low(self) -> bool:
        return self._free_bytes(self._root) < max(self._needed_bytes, self.settings.free_disk_bytes)

    def _unprotected(self, now: datetime) -> Iterator[Segment]:
        after: tuple[datetime, str] | None = None
        while page := self._index.oldest(after, _AT_ONCE):
            for segment in page:
                if not self._holds.protects(segment, now):
                    yield segment
            after = page[-1].captured_from, page[-1].path

    def _say(self, now: datetime, erased: Segment) -> None:
        text = f"the disk is nearly full: recordings up to {erased.captured_to:%Y-%m-%d %H:%M} UTC were erased early"
        if self._early is None or now - self._early[0] > _SAID_FOR:
            log.error("%s", text)
        self._early = now, text


def remove_files(root: Path, paths: Iterable[str]) -> None:
    for name in paths:
        path = root / name
        path.unlink(missing_ok=True)
        with suppress(OSError):  # other segments lie there
            path.parent.rmdir()


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free
