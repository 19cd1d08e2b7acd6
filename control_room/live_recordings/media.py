"""Asks the media process for what only the built-in one has: inputs of sources, clips, what is in memory."""

from __future__ import annotations

import http
import http.client
import json
import urllib.parse
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from control_room.live import media as live
from control_room.live.media import LiveOffError, MediaAwayError, NoSuchStreamError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from control_room import config

_JSON = "application/json"
_SPAN_S = 20.0
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """What came of the memory."""

    captured_from: datetime
    """Server's clock."""
    captured_to: datetime


class Memory:
    """`talaia-room media`. Everything raises MediaAwayError."""

    def __init__(self, settings: config.Live) -> None:
        """Raises LiveOffError: there is none, or MediaMTX is in its place."""
        secret = settings.secret.get_secret_value()
        if not secret or settings.backend != "builtin":
            raise LiveOffError("this needs the room's own process for live video (live.backend, live.secret_file)")
        self._url = settings.builtin_url
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._caller = live.Caller(settings.builtin_url, self._headers)

    def inputs(self) -> dict[str, dict[str, Any]]:
        """What it knows of each source, by stream."""
        return {each["stream"]: each for each in self._read("/inputs")["items"]}

    def want(self, stream: str, wanted: dict[str, Any]) -> None:
        self._put(f"/inputs/{stream}", wanted)

    def forget(self, stream: str) -> None:
        self._caller.ask("DELETE", f"/inputs/{stream}")

    def telemetry(self) -> list[dict[str, Any]]:
        """Lines that publishers told beside their video, until they are said to be taken."""
        lines: list[dict[str, Any]] = self._read("/telemetry")["lines"]
        return lines

    def telemetry_taken(self, through: int, useless: dict[str, int]) -> None:
        self._caller.ask(
            "POST", "/telemetry", json.dumps({"through": through, "useless": useless}).encode(), media_type=_JSON
        )

    def keep_clip(self, clip_id: uuid.UUID, stream: str, begin: datetime, end: datetime) -> None:
        """Raises NoSuchStreamError, RefusedError."""
        self._put(f"/clips/{clip_id}", {"stream": stream, "begin": begin.isoformat(), "end": end.isoformat()})

    def span(self, stream: str, seconds: float, write: Callable[[bytes], object]) -> Span:
        """The last seconds, in pieces. Raises NoSuchStreamError."""
        parts = urllib.parse.urlsplit(self._url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SPAN_S)
        try:
            connection.request("GET", f"/streams/{stream}/span.mp4?seconds={seconds:g}", headers=self._headers)
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise NoSuchStreamError
            while piece := answer.read(_PIECE_BYTES):
                write(piece)
            return Span(*(datetime.fromisoformat(answer.headers[name]) for name in ("X-Span-From", "X-Span-To")))
        except (OSError, http.client.HTTPException, TypeError) as error:
            raise MediaAwayError(f"live video cannot be reached: {type(error).__name__}") from None
        finally:
            connection.close()

    def _read(self, path: str) -> dict[str, Any]:
        answer = self._caller.ask("GET", path)
        if answer.status != http.HTTPStatus.OK:
            raise live.refused(answer)
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def _put(self, path: str, content: dict[str, Any]) -> None:
        answer = self._caller.ask("PUT", path, json.dumps(content).encode(), media_type=_JSON)
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise live.refused(answer)
