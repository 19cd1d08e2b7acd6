"""Uploads the evidence that waits on the disk, one file after another, for as long as it takes."""

from __future__ import annotations

import logging
import statistics
from collections import deque
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import httpx

from edge import tus
from edge.errors import OutboxError
from edge.uploaded import Limits, Uploaded

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.evidence import Folder
    from edge.health.alarms import Alarms
    from edge.health.pulse import Pulse
    from edge.outbox import EvidenceFile, Outbox

log = logging.getLogger(__name__)

Verdict = Literal["done", "later", "refused"]

_BACK_OFF_FIRST_S, _BACK_OFF_LONGEST_S = 2.0, 300.0
_LOOK_EVERY_S = 1.0
_ROUND = 100
"""Files that are looked up at once: after a month without the room there are tens of thousands."""
_AWAY_LONGEST_S = 60.0
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_CHUNK_BYTES = 64 * 1024
_CLOCK_EVERY_S = 600.0
_DATE_CUT_OFF_S = 0.5
_FAILING_S = 300.0
_RATES = 5
_TELLING_BYTES = 10_000
"""So long without a file delivered, though some wait, is an alarm."""
_FOR_EVER = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The same file will never be taken. Anything else may change: a token, an announcement on its way (409: a file of
other content came early by this id, which gives way to what is announced), a restart."""


def judge(status: int) -> Verdict:
    """What the room's answer to an upload means; 200: it has the file already."""
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return "done"
    return "refused" if status in _FOR_EVER else "later"


@dataclass(slots=True)
class _Turn:
    """When a file is tried again."""

    at_s: float
    wait_s: float


class Clips:
    """When clips of events leave the device; the others always do."""

    def __init__(self, when: Literal["always", "good_link", "asked"] = "always", good_kbit_s: float = 0.0) -> None:
        self._when = when
        self._good_kbit_s = good_kbit_s
        self._rates_kbit_s: deque[float] = deque(maxlen=_RATES)

    @property
    def may_go(self) -> bool:
        if self._when == "good_link":
            return len(self._rates_kbit_s) > 0 and statistics.median(self._rates_kbit_s) >= self._good_kbit_s
        return self._when == "always"

    def measured(self, size_bytes: int, took_s: float) -> None:
        """A file got through; a small one says nothing of the link."""
        if size_bytes >= _TELLING_BYTES:
            self._rates_kbit_s.append(size_bytes * 8 / 1000 / max(took_s, 0.001))


class Uploader:
    """One thread."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        trust: ssl.SSLContext,
        outbox: Outbox,
        folder: Folder,
        alarms: Alarms,
        clock: Clock,
        stop: Event,
        pulse: Pulse,
        limits: Limits,
        clips: Clips | None = None,
    ) -> None:
        """`limits`: of files that the room has and that stay here; `clips`: when clips go, None: always."""
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            verify=trust,
            timeout=_TIMEOUT,
            trust_env=False,
        )
        self._outbox = outbox
        self._folder = folder
        self._uploaded = Uploaded(outbox, folder, limits, clock)
        self._clips = clips or Clips()
        self._alarms = alarms
        self._clock = clock
        self._stop = stop
        self._pulse = pulse
        self.clock_offset_s: float | None = None
        """Device minus room, to about a second; None until the room has answered."""
        self._asked_s: float | None = None
        self._well_s = clock.monotonic_s()
        self._turns: dict[UUID, _Turn] = {}

    def run(self) -> None:
        away_s = _LOOK_EVERY_S
        with self._client:
            while not self._stop.is_set():
                wait_s = _LOOK_EVERY_S
                self._pulse.beat()
                try:
                    self.round()
                    self._compare_clocks()
                    away_s = _LOOK_EVERY_S
                except httpx.HTTPError as error:
                    wait_s = away_s = min(away_s * 2, _AWAY_LONGEST_S)
                    log.warning("the room cannot be reached: %s; again in %.0f s", error, wait_s)
                    self._failed(f"the room cannot be reached: {type(error).__name__}")
                except OutboxError as error:
                    log.warning("%s", error)
                self._clock.wait(self._stop, wait_s)

    def round(self) -> None:
        """Try each waiting file whose turn it is.

        Raises:
            httpx.HTTPError: the room cannot be reached, so there is no sense in trying the next.
        """
        self._uploaded.tidy()
        now_s = self._clock.monotonic_s()
        not_yet = [evidence_id for evidence_id, turn in self._turns.items() if turn.at_s > now_s]
        files = self._outbox.waiting_evidence(_ROUND, but=not_yet, clips=self._clips.may_go)
        if not files and not not_yet:
            self._well()
        for waiting in files:
            self._pulse.beat()
            if self._stop.is_set():
                return
            self._try(waiting)

    def _try(self, waiting: EvidenceFile) -> None:
        path = self._folder.path / waiting.file
        if not path.exists():
            self._refuse(waiting, path, "the file is no longer on the device")
            return
        began_s = self._clock.monotonic_s()
        answer = self._send(waiting, path)
        if answer is None:
            return
        match judge(answer.status_code):
            case "done":
                self._clips.measured(waiting.bytes, self._clock.monotonic_s() - began_s)
                if not self._outbox.uploaded(waiting.evidence_id):
                    path.unlink(missing_ok=True)
                self._well()
                self._turns.pop(waiting.evidence_id, None)
            case "later":
                self._later(waiting, _reason(answer))
                self._failed(_reason(answer))
            case "refused":
                self._refuse(waiting, path, _reason(answer))

    def _send(self, waiting: EvidenceFile, path: Path) -> httpx.Response | None:
        """None: the agent stops; the rest follows when it is back."""
        if waiting.bytes > tus.WHOLE_LIMIT_BYTES:
            return tus.send(self._client, waiting, path, self._goes_on)
        return self._put(waiting, path)

    def _goes_on(self) -> bool:
        self._pulse.beat()
        return not self._stop.is_set()

    def _put(self, waiting: EvidenceFile, path: Path) -> httpx.Response:
        return self._client.put(
            f"/api/v1/evidence/{waiting.evidence_id}",
            content=self._chunks(path),
            headers={"Content-Type": waiting.media_type, "Content-Length": str(waiting.bytes)},
        )

    def _chunks(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                self._pulse.beat()
                yield chunk

    def _compare_clocks(self) -> None:
        """By the room's `Date`, now and then."""
        asked_s = self._clock.monotonic_s()
        if self._asked_s is not None and asked_s - self._asked_s < _CLOCK_EVERY_S:
            return
        self._asked_s = asked_s
        answer = self._client.get("/healthz")
        took_s = self._clock.monotonic_s() - asked_s
        offset_s = clock_offset_s(answer.headers.get("Date", ""), self._clock.now(), took_s)
        if offset_s is not None:
            self.clock_offset_s = offset_s

    def _well(self) -> None:
        self._well_s = self._clock.monotonic_s()
        self._alarms.set("upload_failing", None)

    def _failed(self, reason: str) -> None:
        if self._clock.monotonic_s() - self._well_s > _FAILING_S and self._outbox.evidence_count():
            self._alarms.set("upload_failing", {"reason": reason})

    def _later(self, waiting: EvidenceFile, reason: str) -> None:
        last = self._turns.get(waiting.evidence_id)
        wait_s = _BACK_OFF_FIRST_S if last is None else min(last.wait_s * 2, _BACK_OFF_LONGEST_S)
        self._turns[waiting.evidence_id] = _Turn(self._clock.monotonic_s() + wait_s, wait_s)
        log.warning("evidence %s is not uploaded yet: %s; again in %.0f s", waiting.evidence_id, reason, wait_s)

    def _refuse(self, waiting: EvidenceFile, path: Path, reason: str) -> None:
        """The room will never take it: say so once, keep its record, give the disk back."""
        log.error("evidence %s is refused: %s", waiting.evidence_id, reason)
        self._outbox.refused(waiting.evidence_id, reason)
        self._turns.pop(waiting.evidence_id, None)
        path.unlink(missing_ok=True)


def _reason(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:200]}".replace("\n", " ")


def clock_offset_s(date: str, now: datetime, took_s: float) -> float | None:
    """Device minus room by an answer's `Date`, a whole second cut off, that took so long; None where it has none."""
    try:
        said = parsedate_to_datetime(date)
    except ValueError:
        return None
    if said.tzinfo is None:
        return None
    return round((now - said).total_seconds() - took_s / 2 - _DATE_CUT_OFF_S, 1)
