"""How large a request may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import Headers

from control_room import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

USUAL_BYTES = 64 * 1024


class BodyLimit:
    """ASGI middleware: refuses a body over the limit by its announced length, or where there is none while it comes."""

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        """`larger`: bytes allowed to paths that begin so."""
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            refusal = problems.response(problems.TooLargeError(_said(limit)), scope["path"])
            await refusal(scope, receive, send)
            return
        came = 0

        async def measured() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(problems.TooLargeError.status, _said(limit))
            return message

        await self._app(scope, measured, send)

    def _limit(self, path: str) -> int:
        return next((limit for start, limit in self._larger.items() if path.startswith(start)), USUAL_BYTES)


def _said(limit: int) -> str:
    return f"at most {limit} bytes are accepted here"
