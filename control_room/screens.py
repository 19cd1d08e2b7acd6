"""The built web UI: its files, and its first page for each address that is no file."""

from __future__ import annotations

import http
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from control_room import access, problems

if TYPE_CHECKING:
    from fastapi import Response

BUILT = Path(__file__).parent / "ui" / "dist"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
_PUBLISHING = {"Permissions-Policy": "camera=(self), microphone=(), geolocation=(self)"}
"""A telephone's page is the only one that a browser lets open a camera."""
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Talaia</title>
<h1>The screens are not built</h1>
<p>The control room runs, but its web pages are missing: run <code>make setup</code>, or
<code>npm ci &amp;&amp; npm run build</code> in <code>control_room/ui</code>.</p>
"""


def router(built: Path = BUILT) -> APIRouter:
    """Routes for all that no other route takes; must be included last."""
    routes = APIRouter(include_in_schema=False)

    @routes.api_route(
        "/{path:path}", methods=["GET", "HEAD"], dependencies=[access.public("the same files for everybody")]
    )
    def screen(path: str) -> Response:
        return _answer(built, path)

    return routes


def _answer(built: Path, path: str) -> Response:
    if path == "api" or path.startswith("api/"):
        raise problems.NotFoundError
    found = _file(built, path)
    if found is not None:
        file, status = found
        cache = _FOREVER if path.startswith("assets/") else _ASK_FIRST
        return FileResponse(file, headers={"Cache-Control": cache}, stat_result=status)
    if "." in path.rpartition("/")[2]:  # a file that is not there, not an address of the application
        raise problems.NotFoundError
    found = _file(built, "index.html")
    if found is None:
        return HTMLResponse(_NOT_BUILT, http.HTTPStatus.SERVICE_UNAVAILABLE, {"Cache-Control": "no-store"})
    allowed = _PUBLISHING if path.startswith("publish/") else {}
    return FileResponse(found[0], headers={"Cache-Control": _ASK_FIRST, **allowed}, stat_result=found[1])


def _file(built: Path, path: str) -> tuple[Path, os.stat_result] | None:
    """A plain file under `built`, never one outside it."""
    if "\x00" in path:
        return None
    root = built.resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root):
        return None
    try:
        status = file.stat()
    except OSError:
        return None
    return (file, status) if stat.S_ISREG(status.st_mode) else None
