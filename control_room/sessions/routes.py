"""`/api/v1/session`: log in, see who is logged in, log out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response, status

from control_room import access, problems
from control_room import room as rooms
from control_room.sessions import cookie, schemas, service

if TYPE_CHECKING:
    from control_room import callers

router = APIRouter(prefix="/api/v1/session", tags=["session"])


@router.post(
    "",
    dependencies=[access.public("the door itself; limited a user and an address")],
    responses=problems.responses(401, 422, 429, 503),
)
def log_in(login: schemas.Login, request: Request, response: Response, room: rooms.Here) -> schemas.SessionItem:
    """Begin a session with a password; the answer sets the cookie `talaia_session`."""
    browser = _browser(request)
    service.take_attempt(room.database, browser.address, login.user, room.clock())
    begun = service.log_in(
        room.database, login.user, login.password, browser, lasts=room.session_lasts, now=room.clock()
    )
    service.forgive_attempts(room.database, browser.address, login.user)
    return _welcome(begun, request, response, room)


@router.post(
    "/link",
    dependencies=[access.public("the door itself; limited an address")],
    responses=problems.responses(401, 422, 429, 503),
)
def log_in_by_link(
    link: schemas.LoginLink, request: Request, response: Response, room: rooms.Here
) -> schemas.SessionItem:
    """Begin a session with a one-time login link; the answer sets the cookie `talaia_session`."""
    browser = _browser(request)
    service.take_attempt(room.database, browser.address, None, room.clock())
    begun = service.log_in_by_link(room.database, link.token, browser, lasts=room.session_lasts, now=room.clock())
    return _welcome(begun, request, response, room)


@router.get("", responses=access.RESPONSES)
def who(caller: access.Person) -> schemas.SessionItem:
    """Who is logged in, and the CSRF token of the session."""
    if caller.session is None:
        raise problems.NotSignedInError
    return _item(caller.session)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=access.RESPONSES)
def log_out(caller: access.Person, request: Request, response: Response, room: rooms.Here) -> None:
    """End this session; its live stream ends with it."""
    if caller.session is not None:
        with room.database.connection() as connection:
            service.end(connection, caller, caller.session, room.clock())
    cookie.clear(response, secure=rooms.is_secure(request, room))
    response.headers["Clear-Site-Data"] = '"cache"'


def _browser(request: Request) -> service.Browser:
    return service.Browser(access.address_of(request), request.headers.get("user-agent"))


def _welcome(begun: service.Begun, request: Request, response: Response, room: rooms.Room) -> schemas.SessionItem:
    cookie.put(response, begun.token, room.session_lasts, secure=rooms.is_secure(request, room))
    return _item(begun.session)


def _item(session: callers.Session) -> schemas.SessionItem:
    return schemas.SessionItem(
        csrf_token=session.csrf_token, user=session.user, role=session.role, language=session.language
    )
