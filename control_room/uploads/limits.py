"""How much one sender may send at a time, in the memory of one serving process."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import TYPE_CHECKING

from control_room import problems
from control_room.uploads.attempts import Attempts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from control_room import callers

BYTES = 256 * 1024**3
"""Of one request at most: a client may send all that is left at once, and `uploads.max_gib` is what counts."""
BEGUN_A_MINUTE = 240
PIECES_AT_ONCE = 8
PIECE_IDLE_S = 60
"""A piece of which nothing comes for so long is broken off; what came of it stays."""


class Limits:
    """Of one serving process."""

    def __init__(self) -> None:
        self._begun = Attempts(limit=BEGUN_A_MINUTE, window_s=60.0)
        self._at_once: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def begin(self, caller: callers.Caller, now: datetime) -> None:
        """Count one new upload.

        Raises:
            TooManyRequestsError: too many in the last minute.
        """
        wait_s = self._begun.take(f"{caller.kind}:{caller.name}", now)
        if wait_s:
            raise problems.TooManyRequestsError(f"at most {BEGUN_A_MINUTE} uploads a minute", retry_after_s=wait_s)

    @contextlib.contextmanager
    def one_piece(self, caller: callers.Caller) -> Iterator[None]:
        """Count a piece while it comes.

        Raises:
            TooManyRequestsError: too many come at the moment.
        """
        key = (caller.kind, caller.name)
        with self._lock:
            if self._at_once[key] >= PIECES_AT_ONCE:
                raise problems.TooManyRequestsError(f"at most {PIECES_AT_ONCE} pieces at a time", retry_after_s=1)
            self._at_once[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_once[key] -= 1
                if not self._at_once[key]:
                    del self._at_once[key]
