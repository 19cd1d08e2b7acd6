"""The media process's interface for what comes by other ways than WebRTC: `/inputs`, and `/telemetry`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from control_room.media.inputs import Inputs, Wanted, WantedClip, is_source

if TYPE_CHECKING:
    from starlette.requests import Request

_BODY_BYTES_MOST = 64 * 1024
_LINES_MOST = 1000
_Shape = TypeVar("_Shape", bound=BaseModel)


def routes(inputs: Inputs) -> list[Route]:
    """`GET /inputs`, `PUT|DELETE /inputs/source/SOURCE`, `PUT /clips/CLIP`, `GET|POST /telemetry`."""
    api = _Api(inputs)
    return [
        Route("/inputs", api.listed),
        Route("/inputs/{stream:path}", api.change, methods=["PUT", "DELETE"]),
        Route("/clips/{clip_id:uuid}", api.keep_clip, methods=["PUT"]),
        Route("/telemetry", api.telemetry, methods=["GET", "POST"]),
    ]


class TakenLines(BaseModel):
    """What the room has fetched and written down."""

    model_config = ConfigDict(extra="forbid")

    through: int = Field(ge=0)
    """The number of the last line."""
    useless: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Of how many lines the room could make nothing, by stream."""


class _Api:
    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    async def listed(self, _request: Request) -> Response:
        items = [self._inputs.state(stream) for stream in self._inputs.wanted]
        return _json({"items": items, **self._inputs.figures()})

    async def change(self, request: Request) -> Response:
        stream = request.path_params["stream"]
        if not is_source(stream):
            raise HTTPException(404, "inputs are of source/SOURCE")
        if request.method == "DELETE":
            self._inputs.forget(stream)
            return Response(status_code=204)
        self._inputs.want(stream, await _read(request, Wanted))
        return _json(self._inputs.state(stream))

    async def keep_clip(self, request: Request) -> Response:
        self._inputs.keep_clip(request.path_params["clip_id"], await _read(request, WantedClip))
        return Response(status_code=204)

    async def telemetry(self, request: Request) -> Response:
        if request.method == "POST":
            taken = await _read(request, TakenLines)
            self._inputs.telemetry.taken(taken.through, taken.useless)
            return Response(status_code=204)
        return _json(self._inputs.telemetry.waiting(_LINES_MOST))


async def _read(request: Request, shape: type[_Shape]) -> _Shape:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_BYTES_MOST:
            raise HTTPException(413, f"more than {_BODY_BYTES_MOST} bytes")
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise HTTPException(422, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None


def _json(content: Any) -> Response:
    return Response(json.dumps(content), media_type="application/json")
