"""WHIP, the side that publishes: an offer to the room by HTTPS, its answer, and the end."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx

from edge.errors import EdgeError
from wire.live import LIVE_TOKEN_HEADER

if TYPE_CHECKING:
    import ssl

_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_FAREWELL_S = 1.0
_ANSWER_MAX_BYTES = 256 * 1024
_RETRY_AFTER_MAX_S = 60.0
_SDP = "application/sdp"


class WhipError(EdgeError):
    """The room does not take the pictures; in a few words."""

    def __init__(self, why: str, *, after_s: float | None = None) -> None:
        """`after_s`: when it may be asked again, where it says so."""
        super().__init__(why)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Accepted:
    """The room's answer."""

    sdp: str
    session: str | None
    """Where it is ended, on the room; None: it does not say."""


class RoomDoor:
    """The room as the agent's other uploads know it: its address, the device's credential, whom to trust."""

    def __init__(self, url: str, credential: str, trust: ssl.SSLContext) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {credential}"}, verify=trust, timeout=_TIMEOUT, trust_env=False
        )

    @property
    def is_here(self) -> bool:
        """Whether the room is on this machine."""
        host = urlsplit(self._url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    async def close(self) -> None:
        await self._client.aclose()

    async def offer(self, path: str, token: str, sdp: str) -> Accepted:
        """Offer to publish there; in the place of an earlier publication of this camera, should one be left.

        Raises:
            WhipError: it cannot be reached, refuses, or answers what is no answer.
        """
        answer = await self._post(path, token, sdp)
        if answer.status_code == HTTPStatus.CONFLICT:
            answer = await self._post(f"{path}{'&' if '?' in path else '?'}replace=true", token, sdp)
        if answer.status_code != HTTPStatus.CREATED:
            raise WhipError(_refusal(answer), after_s=_retry_after_s(answer))
        if len(answer.content) > _ANSWER_MAX_BYTES or not answer.text.startswith("v=0"):
            raise WhipError("the room's answer is no session description")
        return Accepted(answer.text, self._own(str(answer.url), answer.headers.get("Location")))

    async def end(self, session: str, token: str) -> None:
        """Say that nothing more comes; where the room does not hear it, it notices by itself."""
        try:
            await self._client.delete(session, headers={LIVE_TOKEN_HEADER: token}, timeout=_FAREWELL_S)
        except httpx.HTTPError:
            return

    async def _post(self, path: str, token: str, sdp: str) -> httpx.Response:
        headers = {"Content-Type": _SDP, "Accept": _SDP, LIVE_TOKEN_HEADER: token}
        try:
            return await self._client.post(f"{self._url}{path}", content=sdp.encode(), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WhipError(f"the room cannot be reached: {type(error).__name__}") from None

    def _own(self, asked: str, location: str | None) -> str | None:
        """The session's address; a credential goes to no other host than the room."""
        if location is None:
            return None
        session, room = urlsplit(urljoin(asked, location)), urlsplit(self._url)
        return session.geturl() if (session.scheme, session.netloc) == (room.scheme, room.netloc) else None


def _refusal(answer: httpx.Response) -> str:
    said: Any = None
    if "json" in answer.headers.get("Content-Type", ""):
        try:
            said = answer.json()
        except ValueError:
            said = None
    detail = said.get("detail") if isinstance(said, dict) else None
    return f"the room refuses: {answer.status_code} {detail or ''}".rstrip()[:200]


def _retry_after_s(answer: httpx.Response) -> float | None:
    try:
        return min(_RETRY_AFTER_MAX_S, max(0.5, float(answer.headers["Retry-After"])))
    except (KeyError, ValueError):
        return None
