"""Files that the room has already, kept for a room that is restored from a backup and lacks them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.evidence import Folder
    from edge.outbox import Outbox
    from edge.sections import EvidenceSection

_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of them may stay; they go before anything else has to."""

    bytes: int
    free_bytes: int
    """With less free than that none stays."""

    @classmethod
    def of(cls, settings: EvidenceSection) -> Limits:
        """Twice what clips leave free, so that these files never cost a clip."""
        return cls(settings.keep_uploaded_bytes, 2 * settings.free_disk_bytes)


class Uploaded:
    """Of one outbox; used from the uploader's thread."""

    def __init__(self, outbox: Outbox, folder: Folder, limits: Limits, clock: Clock) -> None:
        self._outbox = outbox
        self._folder = folder
        self._limits = limits
        self._clock = clock
        self._due_s = clock.monotonic_s()

    def tidy(self) -> None:
        """Remove those that are old or too many, now and then.

        Raises:
            OutboxError: the outbox cannot be read or written.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._due_s:
            return
        self._due_s = now_s + _EVERY_S
        short = self._folder.free_bytes() < self._limits.free_bytes
        for file in self._outbox.uploaded_beyond(0 if short else self._limits.bytes):
            if self._outbox.forget_uploaded(file.evidence_id):
                self._folder.path.joinpath(file.file).unlink(missing_ok=True)
