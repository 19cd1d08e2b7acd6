"""Speaks to the process that has the streams: signalling and questions over loopback HTTP; no picture passes here."""

from __future__ import annotations

import http
import http.client
import json
import urllib.parse
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from control_room import problems
from control_room.media import fairness
from wire.message import UtcTime

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["whip", "whep"]
T = TypeVar("T")
SDP = "application/sdp"
TRICKLE = "application/trickle-ice-sdpfrag"
_ANSWER_S = 15.0
"""An answer is there once its addresses are gathered; where a STUN server is away that takes 5 s."""
_PICTURE_S = 35.0
"""It is made in a process of its own, which a busy machine takes some seconds to begin."""
_QUESTION_S = 3.0
FRESH_S = 3.0
"""A stream whose last packet is older is not live."""
_LARGEST_BYTES = 8 * 1024 * 1024


class LiveOffError(problems.UnavailableError):
    """This room has no live video: see [live] in its settings."""

    name = "live-off"


class MediaAwayError(problems.UnavailableError):
    """The process that has the streams of live video cannot be reached."""

    name = "live-away"


class NoSuchStreamError(problems.NotFoundError):
    """Nothing is sent of it now."""

    name = "no-such-stream"


class NoSuchLiveSessionError(problems.NotFoundError):
    """There is no such live session, or it has ended."""

    name = "no-such-session"


class RefusedError(problems.ProblemError):
    """The process that has the streams refuses; it says why."""

    def __init__(self, status: int, name: str, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail or type(self).__doc__ or "", headers=headers)
        self.status = http.HTTPStatus(status)
        self.name = name  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answered offer."""

    session: str
    """As that process names it."""
    sdp: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a stream."""

    jpeg: bytes
    taken_at: datetime | None
    """When it came (server's clock)."""


class StreamState(BaseModel):
    """What the process says of a stream; what it does not know is None."""

    model_config = ConfigDict(extra="ignore")

    stream: str
    published_since: UtcTime | None = None
    kind: str | None = None
    codec: str | None = None
    transcoded: bool = False
    width_px: int | None = None
    height_px: int | None = None
    fps: float | None = None
    bits_s: float | None = None
    last_packet_age_s: float | None = None
    viewers: int = 0
    tells_age: bool = True
    """False: that process never knows how old the last packet is."""

    @property
    def is_published(self) -> bool:
        """Somebody is connected that sends it, or sent it a moment ago."""
        return self.published_since is not None or not self.tells_age

    @property
    def is_live(self) -> bool:
        if not self.is_published or not self.tells_age:
            return self.is_published
        return self.last_packet_age_s is not None and self.last_packet_age_s < FRESH_S


class SessionState(BaseModel):
    """What it says of somebody who is connected."""

    model_config = ConfigDict(extra="ignore")

    session_id: str
    stream: str = ""
    state: str = ""
    last_seen_age_s: float | None = None
    frames: int | None = None
    age_s: float | None = None
    """Since its offer; None: it does not tell."""


class Media(Protocol):
    """The built-in process, or MediaMTX in its place. All of it raises `MediaAwayError`."""

    def offer(self, stream: str, kind: Kind, sdp: bytes, *, by: str, replace: bool = False) -> Accepted:
        """`by`: a word by which one caller is told from another. Raises `NoSuchStreamError`, `RefusedError`."""

    def trickle(self, session: str, fragment: bytes) -> None:
        """Raises `NoSuchLiveSessionError`, `RefusedError`."""

    def end(self, session: str) -> None:
        """Whether or not it is still there."""

    def stream(self, name: str) -> StreamState | None:
        """None: nobody publishes it."""

    def streams(self) -> list[StreamState]: ...

    def sessions(self) -> list[SessionState] | None:
        """None: it does not tell."""

    def cut(self, name: str) -> None:
        """End a stream with all who watch it."""

    def picture(self, name: str) -> Picture:
        """The last key frame as JPEG; raises `NoSuchStreamError`, `RefusedError`."""


_STREAMS = TypeAdapter(list[StreamState])
_SESSIONS = TypeAdapter(list[SessionState])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls another process by HTTP, once each time."""

    url: str
    headers: Mapping[str, str]

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        media_type: str = "",
        timeout_s: float | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises `MediaAwayError`, also after `timeout_s`; None: a question's time."""
        parts = urllib.parse.urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s or _QUESTION_S)
        headers = {**self.headers, **(more or {})}
        if body is not None:
            headers["Content-Type"] = media_type
        try:
            connection.request(method, f"{parts.path}{path}", body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read(_LARGEST_BYTES))
        except (OSError, http.client.HTTPException) as error:
            raise MediaAwayError(f"live video cannot be reached: {type(error).__name__}") from None
        finally:
            connection.close()


class Builtin:
    """`talaia-room media`."""

    def __init__(self, url: str, secret: str) -> None:
        self._caller = Caller(url, {"Authorization": f"Bearer {secret}"})

    def offer(self, stream: str, kind: Kind, sdp: bytes, *, by: str, replace: bool = False) -> Accepted:
        path = f"/{stream}/{kind}{'?replace=true' if replace else ''}"
        more = {fairness.OFFERED_BY: by}
        answer = self._caller.ask("POST", path, sdp, media_type=SDP, timeout_s=_ANSWER_S, more=more)
        if answer.status != http.HTTPStatus.CREATED:
            raise refused(answer)
        return Accepted(answer.headers.get("Location", "").rpartition("/")[2], answer.body)

    def trickle(self, session: str, fragment: bytes) -> None:
        answer = self._caller.ask("PATCH", f"/sessions/{session}", fragment, media_type=TRICKLE)
        if answer.status == http.HTTPStatus.NOT_FOUND:
            raise NoSuchLiveSessionError
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise refused(answer)

    def end(self, session: str) -> None:
        self._caller.ask("DELETE", f"/sessions/{session}")

    def stream(self, name: str) -> StreamState | None:
        answer = self._caller.ask("GET", f"/streams/{name}")
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        return read(answer, TypeAdapter(StreamState))

    def streams(self) -> list[StreamState]:
        return read(self._caller.ask("GET", "/streams"), _STREAMS)

    def sessions(self) -> list[SessionState] | None:
        return read(self._caller.ask("GET", "/sessions"), _SESSIONS)

    def cut(self, name: str) -> None:
        self._caller.ask("DELETE", f"/streams/{name}")

    def picture(self, name: str) -> Picture:
        answer = self._caller.ask("GET", f"/streams/{name}/picture.jpg", timeout_s=_PICTURE_S)
        if answer.status != http.HTTPStatus.OK:
            raise refused(answer)
        return Picture(answer.body, _moment(answer.headers.get("X-Taken-At", "")))


def read(answer: Answer, shape: TypeAdapter[T]) -> T:
    """What it says; raises `MediaAwayError` where that is nothing we know."""
    if answer.status != http.HTTPStatus.OK:
        raise MediaAwayError(f"live video answers {answer.status}")
    try:
        return shape.validate_json(answer.body)
    except ValidationError:
        raise MediaAwayError("live video answers what cannot be read") from None


def refused(answer: Answer) -> problems.ProblemError:
    """Its refusal, in its own words where it has any, as ours."""
    document = _document(answer)
    name = str(document.get("type", "")).rpartition(":")[2]
    detail = str(document.get("detail", ""))[:500]
    if answer.status in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}:
        return MediaAwayError("live video does not know this room's secret")
    if answer.status == http.HTTPStatus.NOT_FOUND:
        return NoSuchStreamError(detail)
    if http.HTTPStatus.BAD_REQUEST <= answer.status <= http.HTTPStatus.SERVICE_UNAVAILABLE:
        try:
            status = http.HTTPStatus(answer.status)
        except ValueError:
            return MediaAwayError(f"live video answers {answer.status}")
        retry = answer.headers.get("Retry-After")
        headers = {"Retry-After": retry} if retry and retry.isdecimal() else {}
        return RefusedError(status, name if name != "blank" else "", detail, headers)
    return MediaAwayError(f"live video answers {answer.status}")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _document(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
