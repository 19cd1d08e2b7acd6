"""Has a file looked at by a process of its own, which has no network, no files and little of anything."""

from __future__ import annotations

import atexit
import logging
import queue
import signal
from typing import TYPE_CHECKING

from pydantic import ValidationError

from control_room.probing.result import Outcome, Refused, Request
from control_room.probing.standby import NotBegunError, Standby

if TYPE_CHECKING:
    from pathlib import Path

WALL_S = 60.0
_AT_ONCE = 2
"""Of one serving process: each may take a gigabyte."""
_WORD_LENGTH = 16
_TYPE_LENGTH = 100
_OVER_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL}
_log = logging.getLogger(__name__)

_standing_by: queue.LifoQueue[Standby] = queue.LifoQueue()
for _ in range(_AT_ONCE):
    _standing_by.put(Standby())


def probe(path: Path, *, name: str = "", media_type: str = "", wall_s: float = WALL_S) -> Outcome:
    """What the file is; `name` and `media_type` are what its sender calls it, and must agree with that."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    request = Request(extension=extension[:_WORD_LENGTH], media_type=media_type.lower()[:_TYPE_LENGTH], wall_s=wall_s)
    standby = _standing_by.get()
    try:
        with path.open("rb") as file:
            return _judged(*standby.look(file, request))
    except NotBegunError as error:
        return _told(_refused("sandbox", str(error)))
    finally:
        _standing_by.put(standby)


@atexit.register
def _end() -> None:
    """Those that wait for a file end with us; one at work ends when it finds that nobody asks any more."""
    while not _standing_by.empty():
        _standing_by.get_nowait().close()


def _judged(said: bytes, status: int) -> Outcome:
    if status in _OVER_LIMIT:
        return _refused("limits", "looking at it takes more time than a file may")
    try:
        outcome = Outcome.model_validate_json(said)
    except ValidationError:
        _log.warning("a probe ended with status %d and no answer", status)
        return _refused("damaged", f"looking at it ended the process that did so (status {status})")
    return _told(outcome)


def _told(outcome: Outcome) -> Outcome:
    if outcome.refused is not None and outcome.refused.reason == "sandbox":
        _log.error("uploads are refused: %s", outcome.refused.message)
    return outcome


def _refused(reason: str, message: str) -> Outcome:
    return Outcome(refused=Refused.model_validate({"reason": reason, "message": message}))
