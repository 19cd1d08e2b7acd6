"""Every error of the HTTP interface as RFC 9457 problem JSON, rendered in one place."""

from __future__ import annotations

import http
import json
import logging
from typing import TYPE_CHECKING, Any, ClassVar, Self

import psycopg
import psycopg_pool
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"
_TYPE_ROOT = "urn:talaia:problem:"
_MOST_FAULTS = 20
ALLOWED = frozenset({"min_length", "max_length", "ge", "gt", "le", "lt", "expected"})

_log = logging.getLogger(__name__)


class FaultDocument(BaseModel):
    """One field of the request that is not as it must be."""

    at: str
    """Where: `body.reason`, `query.limit`."""
    message: str
    kind: str
    """The message in one word, for a page that has it in another language: Pydantic's error type, or the room's own."""
    allowed: dict[str, str | int | float] = {}
    """What the message says is allowed: `max_length`, `ge`, `expected`, ..."""


class ProblemDocument(BaseModel):
    """RFC 9457. Some problems carry more members, such as `alert`, the present one, when a version is out of date."""

    model_config = ConfigDict(extra="allow")

    type: str
    """`about:blank`, or `urn:talaia:problem:NAME` where a program may want to tell this problem from others."""
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: list[FaultDocument] | None = Field(default=None)


class ProblemError(Exception):
    """Something went wrong."""

    status: http.HTTPStatus = http.HTTPStatus.INTERNAL_SERVER_ERROR
    name: ClassVar[str] = ""
    """The last part of the problem's `type`; empty for `about:blank`."""
    code: ClassVar[int | None] = None
    """In the place of `status` where a protocol has one that HTTPStatus does not know, with its `title`."""
    title: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: object) -> None:
        """`members` become members of the document beside the standard ones. Without `detail`: the docstring."""
        self.detail = detail or (type(self).__doc__ or "")
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(self.detail)


class NotSignedInError(ProblemError):
    """Sign in first."""

    status = http.HTTPStatus.UNAUTHORIZED
    name = "not-signed-in"


class ForbiddenError(ProblemError):
    """This role may not do this."""

    status = http.HTTPStatus.FORBIDDEN
    name = "forbidden"


class NotFoundError(ProblemError):
    """There is no such thing here."""

    status = http.HTTPStatus.NOT_FOUND


class ConflictError(ProblemError):
    """It is not as you thought."""

    status = http.HTTPStatus.CONFLICT


class TooLargeError(ProblemError):
    """The request is larger than is accepted here."""

    status = http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnprocessableError(ProblemError):
    """The request is understood, but its content is not acceptable."""

    status = http.HTTPStatus.UNPROCESSABLE_ENTITY

    @classmethod
    def of(cls, *faults: FaultDocument) -> Self:
        """It says which; the first of them in its detail too."""
        detail = "; ".join(f"{fault.at}: {fault.message}" for fault in faults[:3])
        return cls(detail, errors=[fault.model_dump() for fault in faults])


class TooManyRequestsError(ProblemError):
    """Too many requests; try again later."""

    status = http.HTTPStatus.TOO_MANY_REQUESTS
    name = "too-many-requests"

    def __init__(self, detail: str = "", *, retry_after_s: float) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after_s)))})


class UnavailableError(ProblemError):
    """The room cannot answer now; try again shortly."""

    status = http.HTTPStatus.SERVICE_UNAVAILABLE
    name = "unavailable"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class _FrameworkError(ProblemError):
    """What the framework refuses: no such path, a method not allowed, a body too large or unreadable."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__(str(error.detail), headers=error.headers)
        self.status = http.HTTPStatus(error.status_code)


def faults_of(errors: Sequence[Mapping[str, Any]], *within: str) -> list[FaultDocument]:
    """What Pydantic found, the first twenty; never what was sent: that may hold a password."""
    return [
        FaultDocument(
            at=".".join(str(part) for part in (*within, *fault["loc"])),
            message=str(fault["msg"]).removeprefix("Value error, "),
            kind=str(fault["type"]),
            allowed={name: value for name, value in fault.get("ctx", {}).items() if name in ALLOWED},
        )
        for fault in errors[:_MOST_FAULTS]
    ]


def response(problem: ProblemError, path: str) -> Response:
    """The problem as an answer to a request of `path`."""
    status = problem.code or int(problem.status)
    document: dict[str, Any] = {
        "type": f"{_TYPE_ROOT}{problem.name}" if problem.name else "about:blank",
        "title": problem.title or problem.status.phrase,
        "status": status,
        "detail": problem.detail,
        "instance": path,
        **problem.members,
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    body = json.dumps(document, ensure_ascii=False, default=str).encode()
    return Response(body, status, headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for its declaration in OpenAPI."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Render every error of `app` as a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(psycopg.OperationalError, _on_database_away)
    app.add_exception_handler(psycopg_pool.PoolTimeout, _on_database_away)
    app.add_exception_handler(psycopg_pool.TooManyRequests, _on_database_away)


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - the type that this handler is installed for
    return response(error, request.url.path)


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the type that this handler is installed for
    return response(_FrameworkError(error), request.url.path)


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the type that this handler is installed for
    return response(UnprocessableError.of(*faults_of(error.errors())), request.url.path)


def _on_database_away(request: Request, error: Exception) -> Response:
    _log.error("database not reachable: %s", str(error).replace("\n", " "))
    return response(UnavailableError("the database cannot be reached"), request.url.path)


class LastResort:
    """ASGI middleware: a defect of the room is logged with its traceback, and the caller is told only that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:  # nobody is there to be told anything: a pilot's line in a van, say
            _log.info("the caller was gone, at %s", scope["path"])
        except Exception:
            if scope["type"] != "http" or started:
                raise
            _log.exception("a defect, at %s %s", scope["method"], scope["path"])
            problem = ProblemError("a defect of the control room; its log has the cause")
            await response(problem, scope["path"])(scope, receive, send)
