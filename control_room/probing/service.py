"""Has a file looked at by a process of its own, which has no network, no files and little of anything."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from pydantic import ValidationError

from control_room.probing.result import Outcome, Refused

if TYPE_CHECKING:
    from pathlib import Path

WALL_S = 60.0
_OUTPUT_BYTES = 64 * 1024
_AT_ONCE = threading.BoundedSemaphore(2)
"""Of one serving process: each may take a gigabyte."""
_OVER_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL}
_log = logging.getLogger(__name__)


def probe(path: Path, *, name: str = "", media_type: str = "", wall_s: float = WALL_S) -> Outcome:
    """What the file is; `name` and `media_type` are what its sender calls it, and must agree with that."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    command = [sys.executable, "-I", "-m", "control_room.probing.child", extension, media_type.lower()]
    with _AT_ONCE, path.open("rb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own program; the two words are only compared there
            command,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        timer = threading.Timer(wall_s, process.kill)
        timer.start()
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
            with process.stdout as answer:
                said = answer.read(_OUTPUT_BYTES + 1)
            if len(said) > _OUTPUT_BYTES:
                process.kill()
            status = process.wait()
        finally:
            timer.cancel()
    return _judged(said, status)


def _judged(said: bytes, status: int) -> Outcome:
    if status in _OVER_LIMIT:
        return _refused("limits", "looking at it takes more time than a file may")
    try:
        outcome = Outcome.model_validate_json(said)
    except ValidationError:
        _log.warning("a probe ended with status %d and no answer", status)
        return _refused("damaged", f"looking at it ended the process that did so (status {status})")
    if outcome.refused is not None and outcome.refused.reason == "sandbox":
        _log.error("uploads are refused: %s", outcome.refused.message)
    return outcome


def _refused(reason: str, message: str) -> Outcome:
    return Outcome(refused=Refused.model_validate({"reason": reason, "message": message}))
