"""The cookie that a logged-in browser sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from fastapi import Request, Response

NAME = "talaia_session"


def of(request: Request) -> str | None:
    return request.cookies.get(NAME)


def put(response: Response, token: str, lasts: timedelta, *, secure: bool) -> None:
    response.set_cookie(
        NAME, token, max_age=int(lasts.total_seconds()), path="/", httponly=True, samesite="strict", secure=secure
    )


def clear(response: Response, *, secure: bool) -> None:
    response.delete_cookie(NAME, path="/", httponly=True, samesite="strict", secure=secure)
