"""The agent's file while the agent runs: looked at now and then, read when it has changed and lies still."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from edge import config

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from edge.config import Settings

_Stamp = tuple[int, int, int]
"""Time of its last change, bytes, number of the file."""


class ConfigurationFile:
    """A change counts once the file is the same at two looks in a row, so that no half-written file is read."""

    def __init__(self, path: Path, hurry: Event) -> None:
        self.path = path
        self.hurry = hurry
        """Set: read it now, changed or not (secrets in other files may have)."""
        self._stamp = self._look()
        self._moving = False
        self._digest = self._read_digest()

    def changed(self) -> Settings | None:
        """New settings, None where there are none.

        Raises:
            ConfigurationError: it has changed and is wrong.
        """
        if not self._due():
            return None
        self._digest = self._read_digest()
        return config.load(self.path)

    def _due(self) -> bool:
        stamp = self._look()
        if self.hurry.is_set():
            self.hurry.clear()
            self._stamp, self._moving = stamp, False
            return True
        if stamp != self._stamp:
            self._stamp, self._moving = stamp, True
            return False
        if not self._moving:
            return False
        self._moving = False
        return self._read_digest() != self._digest

    def _look(self) -> _Stamp | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read_digest(self) -> bytes | None:
        try:
            return hashlib.sha256(self.path.read_bytes()).digest()
        except OSError:
            return None
