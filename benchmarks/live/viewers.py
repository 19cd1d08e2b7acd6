"""How many viewers a core serves, and what one costs, beside the same bytes over plain TCP and beside transcoding."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import town as towns
from benchmarks.live import camera, parts

_SETTLES_S = 2.0
_PACE = 0.9
_LEAVE_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """One run."""

    viewers: int
    seconds: float
    server_share: float
    """Of one core."""
    clients_share: float
    pictures_least: int
    """Of the viewer that got fewest."""
    pictures_due: int
    missing_packets: int
    bits_s: float

    @property
    def is_whole(self) -> bool:
        """No viewer missed a picture of a source at full pace; two at the ends of the time are not counted."""
        is_paced = self.pictures_s >= _PACE * camera.FPS
        return is_paced and self.missing_packets == 0 and self.pictures_least >= self.pictures_due - 2

    @property
    def pictures_s(self) -> float:
        """That came in; on a busy machine the publisher itself may not keep its pace."""
        return self.pictures_due / self.seconds


@contextmanager
def _started(module: str, running: parts.Media, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", module, running.url, *words]
    started = subprocess.Popen(command, cwd=towns.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with parts.ended(started) as process:
        _write(process, running.secret)
        yield process


def _write(process: subprocess.Popen[bytes], line: str) -> None:
    if process.stdin is None:
        raise towns.NotInTimeError("no pipe")
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()


def _read(process: subprocess.Popen[bytes], what: str) -> bytes:
    line = b"" if process.stdout is None else process.stdout.readline()
    if not line:
        raise towns.NotInTimeError(what)
    return line


@contextmanager
def street(
    running: parts.Media, stream: str = parts.CAMERA, *, bits_s: int = 3_000_000
) -> Iterator[Callable[[], None]]:
    """A publisher of 720p25; what is given begins it anew."""
    with _started("benchmarks.live.street", running, stream, str(bits_s)) as process:
        _read(process, "the clip is published")
        parts.wait_for_pictures(running, stream)

        def again() -> None:
            _write(process, "again")
            _read(process, "the clip is published again")

        yield again


def watched(running: parts.Media, viewers: int, seconds: float, stream: str = parts.CAMERA) -> Crowd:
    """So many viewers, for so long."""
    with _started("benchmarks.live.crowd", running, stream, str(viewers)) as process:
        _read(process, "every viewer sees pictures")
        time.sleep(_SETTLES_S)
        before, before_s = _now(process), time.monotonic()
        cpu_s = parts.cpu_s(running.process.pid), parts.cpu_s(process.pid)
        frames = _frames(running, stream)
        time.sleep(seconds)
        after_cpu_s = parts.cpu_s(running.process.pid), parts.cpu_s(process.pid)
        due = _frames(running, stream) - frames
        after, took_s = _now(process), time.monotonic() - before_s
        bits_s = next(each["bits_s"] for each in running.streams() if each["stream"] == stream)
        if process.stdin is not None:
            process.stdin.close()
        process.wait(_LEAVE_WITHIN_S)  # they say goodbye, or the next crowd would share the process with their ghosts
    got = [now - then for then, now in zip(before["pictures"], after["pictures"], strict=True)]
    return Crowd(
        viewers=viewers,
        seconds=took_s,
        server_share=(after_cpu_s[0] - cpu_s[0]) / took_s,
        clients_share=(after_cpu_s[1] - cpu_s[1]) / took_s,
        pictures_least=min(got),
        pictures_due=due,
        missing_packets=after["missing"] - before["missing"],
        bits_s=bits_s,
    )


def _frames(running: parts.Media, stream: str) -> int:
    found = [each for each in running.sessions() if each["stream"] == stream and each["role"] == "publisher"]
    if not found:
        raise towns.NotInTimeError("the publisher goes on")
    return int(found[0]["frames"])


def _now(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    _write(process, "now")
    found: dict[str, Any] = json.loads(_read(process, "the viewers answer"))
    return found
