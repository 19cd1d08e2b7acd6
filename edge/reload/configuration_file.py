"""The agent's file while the agent runs: looked at now and then, read when it has changed and lies still.

So are the files of secrets that it names: a device that is enrolled anew gets the same file with another token beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edge import config
from edge.reload import secret_files

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from threading import Event

    from edge.config import Settings

_Stamp = tuple[int, int, int]
"""Time of its last change, bytes, number of the file."""


class Secrets(NamedTuple):
    """What holds another secret than it did."""

    of_senders: bool
    of_cameras: Collection[str]


class ConfigurationFile:
    """A change counts once the file is the same at two looks in a row, so that no half-written file is read."""

    def __init__(self, path: Path, hurry: Event) -> None:
        self.path = path
        self.hurry = hurry
        """Set: read it now, changed or not."""
        self._watched = [path]
        self._secrets: secret_files.Digests = {}
        self._stamps = self._look()
        self._moving = False
        self._digests = self._read_digests()

    def watch(self, settings: Settings) -> Secrets:
        """Look at the files of secrets of these settings from now on; which of them hold something else than before."""
        beside = secret_files.of(settings)
        had, self._secrets = self._secrets, secret_files.digests(beside)
        self._watched = [self.path, *beside.values()]
        self._stamps = {**self._look(), **self._stamps}  # of those known already what was seen when they were read
        self._digests = {**self._read_digests(), **self._digests}
        return Secrets(secret_files.of_senders(had, self._secrets), secret_files.of_cameras(had, self._secrets))

    def changed(self) -> Settings | None:
        """New settings, None where there are none.

        Raises:
            ConfigurationError: it has changed and is wrong.
        """
        if not self._due():
            return None
        self._digests.update(self._read_digests())
        return config.load(self.path)

    def _due(self) -> bool:
        found = self._look()
        still = all(self._stamps.get(path) == stamp for path, stamp in found.items())
        self._stamps.update(found)
        if self.hurry.is_set():
            self.hurry.clear()
            self._moving = False
            return True
        if not still:
            self._moving = True
            return False
        if not self._moving:
            return False
        self._moving = False
        return any(self._digests.get(path) != digest for path, digest in self._read_digests().items())

    def _look(self) -> dict[Path, _Stamp | None]:
        return {path: _stamp(path) for path in self._watched}

    def _read_digests(self) -> dict[Path, bytes | None]:
        return {path: secret_files.digest(path) for path in self._watched}


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
