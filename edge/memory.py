"""What rules have learned of their scenes, kept over a restart: `memory/<camera>/<rule>.bin` in the data folder.

A rule gives it on its camera's thread; a thread of its own writes it, so that no camera waits for a slow card.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from contextlib import suppress
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from edge.clock import Clock
    from vision.rules.base import Rule

log = logging.getLogger(__name__)

_MAGIC = b"TALAIA-MEMORY-1\n"
_HEAD = struct.Struct(">d32s32s")
"""When it was saved (POSIX seconds), of which scene it is, SHA-256 of what follows."""
_SUFFIX = ".bin"


def scene_of(location: str) -> bytes:
    """Names what a camera looks at: what was learned of one street is of no use at another."""
    return hashlib.sha256(location.encode()).digest()


class Memory:
    """May be used from several threads; of each rule only the newest waits to be written."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._waiting: dict[tuple[str, str], bytes] = {}
        self._ended = False
        self._changed = Condition()

    def keep(self, camera_id: str, scene: bytes, rules: Collection[Rule]) -> None:
        """Take what the rules know now; on the camera's own thread."""
        for rule in rules:
            learned = rule.memory()
            if learned is None:
                continue
            head = _HEAD.pack(self._clock.now().timestamp(), scene, hashlib.sha256(learned).digest())
            with self._changed:
                self._waiting[camera_id, rule.name] = _MAGIC + head + learned
                self._changed.notify()

    def give_back(self, camera_id: str, scene: bytes, rule: Rule) -> None:
        """Before the rule's first frame. Whatever is wrong with the file, the rule begins afresh."""
        path = self._path(camera_id, rule.name)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("%s: %s begins afresh: %s", camera_id, rule.name, error.strerror)
            return
        try:
            saved_s, learned = _read(content, scene)
            rule.recall(learned, max(0.0, self._clock.now().timestamp() - saved_s))
        except ValueError as error:
            log.warning("%s: %s begins afresh: %s", camera_id, rule.name, error)

    def run(self) -> None:
        """Write what comes until `end`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                (camera_id, rule), content = self._waiting.popitem()
            self._write(self._path(camera_id, rule), content)

    def end(self) -> None:
        """What waits is written, then `run` returns."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _path(self, camera_id: str, rule: str) -> Path:
        return self._folder / camera_id / f"{rule}{_SUFFIX}"

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            log.warning("%s is not saved: %s", path.name, error.strerror)
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _read(content: bytes, scene: bytes) -> tuple[float, bytes]:
    """When it was saved, and what."""
    head_ends = len(_MAGIC) + _HEAD.size
    if not content.startswith(_MAGIC) or len(content) < head_ends:
        raise ValueError("its file is damaged or of another version")
    saved_s, of, sha256 = _HEAD.unpack_from(content, len(_MAGIC))
    learned = content[head_ends:]
    if hashlib.sha256(learned).digest() != sha256:
        raise ValueError("its file is damaged")
    if of != scene:
        raise ValueError("it was learned of another source")
    return saved_s, learned
