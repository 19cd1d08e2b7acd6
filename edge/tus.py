"""Sends a large file in pieces by tus 1.0, and goes on where it was interrupted, also by a restart of either side."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from edge.outbox import EvidenceFile

WHOLE_LIMIT_BYTES = 16 * 1024 * 1024
"""What the room takes in one piece by PUT."""
PIECE_BYTES = 4 * 1024 * 1024
_ADDRESS = "/api/v1/uploads"
_TUS = {"Tus-Resumable": "1.0.0"}
_MISPLACED_MAX = 3
_CHECKSUM_MISMATCH = 460
_AGAIN = {HTTPStatus.CONFLICT, HTTPStatus.LOCKED, _CHECKSUM_MISMATCH}
"""The room has more or less than was thought, still writes what came before a tear, or had the piece damaged."""


def send(
    client: httpx.Client, waiting: EvidenceFile, path: Path, going_on: Callable[[], bool]
) -> httpx.Response | None:
    """The room's last answer; its success means that the room has the whole. None: `going_on` said to stop.

    Raises:
        httpx.HTTPError: the room cannot be reached; what it has it keeps.
    """
    misplaced = 0
    answer = _begin(client, waiting)
    with path.open("rb") as file:
        while answer.is_success:
            if not going_on():
                return None
            offset = int(answer.headers["Upload-Offset"])
            file.seek(offset)
            answer = _add(client, waiting, offset, file.read(PIECE_BYTES))
            if answer.status_code in _AGAIN and misplaced < _MISPLACED_MAX:
                misplaced += 1
                answer = _begin(client, waiting)
            elif answer.is_success and int(answer.headers["Upload-Offset"]) >= waiting.bytes:
                return answer
    return answer


def _add(client: httpx.Client, waiting: EvidenceFile, offset: int, piece: bytes) -> httpx.Response:
    """Proven by its checksum, so that a damaged one is sent again at once and not the whole file at the end."""
    digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(
        f"{_ADDRESS}/{waiting.evidence_id}",
        content=piece,
        headers=_TUS | headers | {"Upload-Checksum": f"sha256 {digest}"},
    )


def _begin(client: httpx.Client, waiting: EvidenceFile) -> httpx.Response:
    """Begin it, or hear how much of it is there; the file's name is what it is announced by."""
    name = base64.b64encode(str(waiting.evidence_id).encode()).decode()
    headers = _TUS | {"Upload-Length": str(waiting.bytes), "Upload-Metadata": f"evidence_id {name}"}
    return client.post(_ADDRESS, headers=headers)
