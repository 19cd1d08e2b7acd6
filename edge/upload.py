"""Uploads the evidence that waits on the disk, one file after another, for as long as it takes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import httpx

from edge.errors import OutboxError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path
    from threading import Event
    from uuid import UUID

    from edge.clock import Clock
    from edge.evidence import Folder
    from edge.outbox import EvidenceFile, Outbox

log = logging.getLogger(__name__)

Verdict = Literal["done", "later", "refused"]

_BACK_OFF_FIRST_S, _BACK_OFF_LONGEST_S = 2.0, 300.0
_LOOK_EVERY_S = 1.0
_AWAY_LONGEST_S = 60.0
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_CHUNK_BYTES = 64 * 1024
_FOR_EVER = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The same file will never be taken. Anything else may change: a token, an announcement on its way, a restart."""


def judge(status: int) -> Verdict:
    """What the room's answer to an upload means; 200: it has the file already, 409: another one by this id."""
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return "done"
    return "refused" if status in _FOR_EVER else "later"


@dataclass(slots=True)
class _Turn:
    """When a file is tried again."""

    at_s: float
    wait_s: float


class Uploader:
    """One thread."""

    def __init__(
        self, *, url: str, token: str, trust: ssl.SSLContext, outbox: Outbox, folder: Folder, clock: Clock, stop: Event
    ) -> None:
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            verify=trust,
            timeout=_TIMEOUT,
            trust_env=False,
        )
        self._outbox = outbox
        self._folder = folder
        self._clock = clock
        self._stop = stop
        self._turns: dict[UUID, _Turn] = {}

    def run(self) -> None:
        away_s = _LOOK_EVERY_S
        with self._client:
            while not self._stop.is_set():
                wait_s = _LOOK_EVERY_S
                try:
                    self.round()
                    away_s = _LOOK_EVERY_S
                except httpx.HTTPError as error:
                    wait_s = away_s = min(away_s * 2, _AWAY_LONGEST_S)
                    log.warning("the room cannot be reached: %s; again in %.0f s", error, wait_s)
                except OutboxError as error:
                    log.warning("%s", error)
                self._clock.wait(self._stop, wait_s)

    def round(self) -> None:
        """Try each waiting file whose turn it is.

        Raises:
            httpx.HTTPError: the room cannot be reached, so there is no sense in trying the next.
        """
        for waiting in self._outbox.waiting_evidence():
            if self._stop.is_set():
                return
            turn = self._turns.get(waiting.evidence_id)
            if turn is None or turn.at_s <= self._clock.monotonic_s():
                self._try(waiting)

    def _try(self, waiting: EvidenceFile) -> None:
        path = self._folder.path / waiting.file
        if not path.exists():
            self._refuse(waiting, path, "the file is no longer on the device")
            return
        answer = self._put(waiting, path)
        match judge(answer.status_code):
            case "done":
                self._outbox.uploaded(waiting.evidence_id)
                path.unlink(missing_ok=True)
                self._turns.pop(waiting.evidence_id, None)
            case "later":
                self._later(waiting, _reason(answer))
            case "refused":
                self._refuse(waiting, path, _reason(answer))

    def _put(self, waiting: EvidenceFile, path: Path) -> httpx.Response:
        return self._client.put(
            f"/api/v1/evidence/{waiting.evidence_id}",
            content=_chunks(path),
            headers={"Content-Type": waiting.media_type, "Content-Length": str(waiting.bytes)},
        )

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


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _reason(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:200]}".replace("\n", " ")
