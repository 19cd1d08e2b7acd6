"""Who may call a route. Each route under /api declares it, by a parameter of one of these types or by `public`.

    def listed(room: room.Here, caller: access.Operator) -> AlertPage: ...
    @router.get("/healthz", dependencies=[access.public("tells nothing")])

A route without a declaration stops the room at its start (`check`), so a forgotten one is closed, not open.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import iter_route_contexts

from control_room import callers, problems
from control_room import room as rooms
from control_room.callers import Caller, Role
from control_room.devices import service as devices
from control_room.sessions import cookie
from control_room.sessions import service as sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
RESPONSES = problems.responses(401, 403, 422, 503)
"""What any route that asks who calls may answer."""


class UndeclaredRouteError(RuntimeError):
    """A route does not say who may call it."""


class WrongTokenError(problems.ForbiddenError):
    """The X-CSRF-Token of this session is missing or wrong."""

    name = "wrong-csrf-token"


class Allow:
    """A dependency that gives the caller, where he is of one of these roles."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    def __call__(self, request: Request, room: rooms.Here) -> Caller:
        """Who calls.

        Raises:
            NotSignedInError: no credential, or none that is known.
            ForbiddenError: another role, or a session's unsafe request without its CSRF token.
        """
        caller = _device(request, room) or _person(request, room)
        if caller is None:
            raise problems.NotSignedInError(headers={"WWW-Authenticate": "Bearer"})
        if caller.role not in self.roles:
            raise problems.ForbiddenError(f"the role {caller.role} may not do this")
        if caller.session is not None and request.method not in _SAFE:
            given = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), caller.session.csrf_token.encode()):
                raise WrongTokenError
        return caller


class AllowLoopback(Allow):
    """Also lets in who calls from this machine itself, not through a proxy; gives None for such."""

    def __call__(self, request: Request, room: rooms.Here) -> Caller | None:  # type: ignore[override]
        if is_from_here(request):
            return None
        return super().__call__(request, room)


class Public:
    """Lets everybody in, for the reason given where it is declared."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self) -> None:
        """Nothing to ask."""


def public(why: str) -> Any:
    """Declare a route open to everybody, and say why that does no harm."""
    return Depends(Public(why))


Person = Annotated[Caller, Depends(Allow(*callers.PEOPLE))]
Operator = Annotated[Caller, Depends(Allow(Role.OPERATOR, Role.ADMINISTRATOR))]
"""Who sees alerts and evidence."""
Administrator = Annotated[Caller, Depends(Allow(Role.ADMINISTRATOR))]
Device = Annotated[Caller, Depends(Allow(Role.DEVICE))]
Uploader = Annotated[Caller, Depends(Allow(Role.DEVICE, Role.PILOT, Role.ADMINISTRATOR))]
"""Who sends large files: devices their evidence, people what they filmed."""
Flyer = Annotated[Caller, Depends(Allow(Role.PILOT, Role.ADMINISTRATOR))]
"""Who brings the card of a drone."""
LocalOrAdministrator = Annotated[Caller | None, Depends(AllowLoopback(Role.ADMINISTRATOR))]


def address_of(request: Request) -> str:
    """Of the caller; behind a trusted proxy the one that the proxy names (the server sees to it)."""
    return request.client.host if request.client else ""


def is_from_here(request: Request) -> bool:
    """Whether a program of this machine calls; a proxy's request is not such, though it may come from here."""
    if "forwarded" in request.headers or "x-forwarded-for" in request.headers:
        return False
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback
    except ValueError:
        return False


def declarations(app: FastAPI) -> Iterator[tuple[str, str, Allow | Public | None]]:
    """Method, path and declaration of each route; None where there is none."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        for method in sorted(route.methods or {"*"}):
            yield method, route.path or "", None if dependant is None else _declared(dependant)


def check(app: FastAPI) -> None:
    """Raise `UndeclaredRouteError` unless each route of `app` says who may call it."""
    for method, path, declared in declarations(app):
        if declared is None:
            raise UndeclaredRouteError(f"{method} {path} does not say who may call it (control_room/access.py)")


def _declared(dependant: Dependant) -> Allow | Public | None:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Allow | Public):
            return dependency.call
        nested = _declared(dependency)
        if nested is not None:
            return nested
    return None


def _device(request: Request, room: rooms.Room) -> Caller | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    with room.database.connection() as connection:
        device_id = devices.authenticate(connection, token.strip())
    if device_id is None:
        raise problems.NotSignedInError("this credential is unknown", headers={"WWW-Authenticate": "Bearer"})
    return Caller(kind="device", name=device_id, role=Role.DEVICE, address=address_of(request))


def _person(request: Request, room: rooms.Room) -> Caller | None:
    token = cookie.of(request)
    if token is None:
        return None
    with room.database.connection() as connection:
        session = sessions.find(connection, token, room.clock())
    if session is None:
        return None
    return Caller(kind="user", name=session.user, role=session.role, address=address_of(request), session=session)
