"""A kept file as an answer: whole, or one range of it, from any store."""

from __future__ import annotations

import http
import re
from typing import TYPE_CHECKING

from fastapi import Response
from fastapi.responses import StreamingResponse

from control_room import problems

if TYPE_CHECKING:
    from fastapi import Request

    from control_room.store.content import Store

_ONE_RANGE = re.compile(r"^bytes=(?:(?P<first>\d{1,18})-(?P<last>\d{0,18})|-(?P<tail>\d{1,18}))$")


class RangeError(problems.ProblemError):
    """The file has no such bytes."""

    status = http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def answer(
    request: Request, store: Store, sha256: str, size_bytes: int, *, media_type: str, name: str, shown: bool
) -> Response:
    """`shown`: in the page; else as a file to keep, called `name`.

    Raises:
        RangeError: beyond the end of the file.
        NoSuchContentError: the store has lost it.
    """
    etag = f'"{sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=http.HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}"'
    part = _range(request, etag, size_bytes)
    first, last = part or (0, size_bytes - 1)
    headers["Content-Length"] = str(last - first + 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size_bytes}"
    status = http.HTTPStatus.OK if part is None else http.HTTPStatus.PARTIAL_CONTENT
    return StreamingResponse(store.read(sha256, first, last), status, headers, media_type)


def _range(request: Request, etag: str, size_bytes: int) -> tuple[int, int] | None:
    """First and last byte; None: the whole.

    A range that is none, several at once, or one of another version of the file count as the whole: RFC 9110 14.2.
    """
    asked = request.headers.get("range")
    if asked is None or request.headers.get("if-range", etag) != etag:
        return None
    match = _ONE_RANGE.match(asked)
    if match is None or (match["last"] and int(match["last"]) < int(match["first"])):
        return None
    if match["tail"] is not None:
        first, last = max(0, size_bytes - int(match["tail"])), size_bytes - 1
    else:
        first, last = int(match["first"]), min(int(match["last"] or size_bytes - 1), size_bytes - 1)
    if first >= size_bytes:
        raise RangeError(headers={"Content-Range": f"bytes */{size_bytes}"})
    return first, last
