"""MediaMTX in the place of our own process: the same offers by path, and its control API for what is there.

The room judges first, then forwards the offer with a word that MediaMTX hands back to `/api/v1/live/mediamtx/auth`
(`judging.py`), so that nobody gets past the room by calling MediaMTX directly.
"""

from __future__ import annotations

import http
import urllib.parse
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from uuid_utils import compat as uuids

from control_room.live import media, tokens
from control_room.live.media import Accepted, Answer, Caller, Kind, SessionState, StreamState
from wire.message import UtcTime

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_WORD_LASTS = timedelta(seconds=60)
_ANSWER_S = 15.0
_ACTION: dict[Kind, str] = {"whip": "publish", "whep": "read"}
_SESSION_IN_QUERY = "talaia"
_PAGE = 1000


class _Path(BaseModel):
    """What its API says of a path; older versions call it ready, newer ones available."""

    model_config = ConfigDict(extra="ignore")

    name: str
    ready: bool = False
    available: bool = False
    readyTime: UtcTime | None = None  # noqa: N815 - MediaMTX's name
    availableTime: UtcTime | None = None  # noqa: N815 - the same
    tracks: list[str] = []
    readers: list[dict[str, Any]] = []

    def state(self) -> StreamState | None:
        if not (self.ready or self.available):
            return None
        return StreamState(
            stream=self.name,
            published_since=self.availableTime or self.readyTime,
            codec=self.tracks[0] if self.tracks else None,
            viewers=len(self.readers),
            tells_age=False,
        )


class _Session(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    path: str = ""
    query: str = ""


class _Paths(BaseModel):
    items: list[_Path]


class _Sessions(BaseModel):
    items: list[_Session]


class MediaMtx:
    """A session is called `WORD|LOCATION`: the word that stands in its query, and where it is ended."""

    def __init__(self, url: str, api_url: str, secret: str, clock: Callable[[], datetime]) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self._api = Caller(api_url, {})

    def offer(self, stream: str, kind: Kind, sdp: bytes, *, by: str, replace: bool = False) -> Accepted:
        """It takes over from a publisher by itself where its `overridePublisher` says so, as it does by default."""
        del by, replace
        word = uuids.uuid7().hex
        path = f"/{stream}/{kind}?{_SESSION_IN_QUERY}={word}"
        answer = self._caller(kind, stream).ask("POST", path, sdp, media_type=media.SDP, timeout_s=_ANSWER_S)
        if answer.status != http.HTTPStatus.CREATED:
            raise media.refused(answer)
        location = urllib.parse.urlsplit(urllib.parse.urljoin(f"/{stream}/{kind}", answer.headers.get("Location", "")))
        return Accepted(f"{word}|{location.path}", answer.body)

    def trickle(self, session: str, fragment: bytes) -> None:
        path = session.partition("|")[2]
        answer = self._of(path).ask("PATCH", path, fragment, media_type=media.TRICKLE, more={"If-Match": "*"})
        if answer.status == http.HTTPStatus.NOT_FOUND:
            raise media.NoSuchLiveSessionError
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise media.refused(answer)

    def end(self, session: str) -> None:
        path = session.partition("|")[2]
        self._of(path).ask("DELETE", path)

    def stream(self, name: str) -> StreamState | None:
        answer = self._api.ask("GET", f"/v3/paths/get/{name}")
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        return media.read(answer, TypeAdapter(_Path)).state()

    def streams(self) -> list[StreamState]:
        answer = self._api.ask("GET", f"/v3/paths/list?itemsPerPage={_PAGE}")
        states = (each.state() for each in media.read(answer, TypeAdapter(_Paths)).items)
        return [state for state in states if state is not None]

    def sessions(self) -> list[SessionState] | None:
        found = self._sessions()
        named = ((urllib.parse.parse_qs(each.query).get(_SESSION_IN_QUERY, [""])[0], each.path) for each in found)
        return [SessionState(session_id=word, stream=path) for word, path in named if word]

    def cut(self, name: str) -> None:
        for session in self._sessions():
            if session.path == name:
                self._api.ask("POST", f"/v3/webrtcsessions/kick/{session.id}")

    def picture(self, name: str) -> media.Picture:
        raise media.RefusedError(
            http.HTTPStatus.NOT_IMPLEMENTED, "not-with-mediamtx", f"MediaMTX gives no picture of {name}", {}
        )

    def _sessions(self) -> list[_Session]:
        answer: Answer = self._api.ask("GET", f"/v3/webrtcsessions/list?itemsPerPage={_PAGE}")
        return media.read(answer, TypeAdapter(_Sessions)).items

    def _of(self, path: str) -> Caller:
        """By the way of a session's address: `/STREAM/whep/SECRET`."""
        stream, kind, _ = path.strip("/").rsplit("/", 2)
        return self._caller("whip" if kind == "whip" else "whep", stream)

    def _caller(self, kind: Kind, stream: str) -> Caller:
        until = self._clock() + _WORD_LASTS
        word = tokens.for_mediamtx(self._secret, _ACTION[kind], stream, until)
        return Caller(self._url, {"Authorization": f"Bearer {word}"})
