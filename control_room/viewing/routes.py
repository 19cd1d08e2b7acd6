"""`/api/v1/users/{name}/cameras` and `/api/v1/viewing`: who may watch which camera, and why somebody looks."""

import http
from typing import Annotated

from fastapi import APIRouter, Path

from control_room import access, problems
from control_room import room as rooms
from control_room.viewing import asking, reasons, schemas, service, watched

router = APIRouter(prefix="/api/v1", tags=["viewing"])

UserName = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/users/{name}/cameras", responses={**access.RESPONSES, **problems.responses(404)})
def cameras_of(name: UserName, room: rooms.Here, _caller: access.Administrator) -> schemas.WatchedCamerasOfUser:
    """What a user may watch: every camera, unless somebody said otherwise."""
    with room.database.connection() as connection:
        return schemas.WatchedCamerasOfUser.model_validate(service.listed(connection, name))


@router.put("/users/{name}/cameras", responses={**access.RESPONSES, **problems.responses(404)})
def set_cameras_of(
    name: UserName, wanted: schemas.WatchedCameras, room: rooms.Here, caller: access.Administrator
) -> schemas.WatchedCamerasOfUser:
    """Say what a user may watch. A live picture that he may not watch any more ends within seconds."""
    cameras = [(each.device_id, each.camera_id) for each in wanted.cameras]
    with room.database.connection() as connection:
        found = service.change(
            connection,
            name,
            every_camera=wanted.all,
            cameras=cameras,
            flights=wanted.flights,
            by=caller,
            now=room.clock(),
        )
    return schemas.WatchedCamerasOfUser.model_validate(found)


@router.get("/viewing/cameras", responses=access.RESPONSES)
def own_cameras(viewer: asking.Person, room: rooms.Here) -> schemas.WatchedCamerasOfUser:
    """What one may watch oneself."""
    with room.database.connection() as connection:
        return schemas.WatchedCamerasOfUser.model_validate(service.listed(connection, viewer.caller.name))


@router.post(
    "/viewing/reasons",
    status_code=http.HTTPStatus.CREATED,
    responses=access.RESPONSES,
)
def give(wanted: schemas.NewViewingReason, viewer: asking.Person, room: rooms.Here) -> schemas.GivenViewingReason:
    """Say what you look into and why. For 15 minutes it opens these cameras for this span, in this session."""
    things = [watched.camera(each.device_id, each.camera_id) for each in wanted.cameras]
    things += [watched.source(each) for each in wanted.sources]
    things += [watched.flight(each) for each in wanted.flights]
    for thing in things:
        viewer.check(thing)
    span = watched.Span(wanted.from_, wanted.to)
    with room.database.connection() as connection:
        given = reasons.give(
            connection,
            viewer.caller,
            things,
            span,
            about=wanted.object,
            reason=wanted.reason,
            now=room.clock(),
        )
    return schemas.GivenViewingReason.model_validate(given)


@router.get("/viewing/reasons", responses=access.RESPONSES)
def listed(viewer: asking.Person, room: rooms.Here) -> schemas.ViewingReasonList:
    """The reasons of this session that last."""
    with room.database.connection() as connection:
        return schemas.ViewingReasonList.model_validate(
            {"items": reasons.listed(connection, viewer.caller, room.clock())}
        )
