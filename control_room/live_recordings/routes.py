"""Going back, clips and recordings of live video: `/api/v1/cameras/{camera_id}` and `/api/v1/live`."""

import http
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, TypeAdapter

from control_room import access, fields, paging, problems
from control_room import room as rooms
from control_room.live import publishing, sources
from control_room.live_recordings import clips, rewind, schemas, service
from control_room.store import download as downloads
from control_room.viewing import asking, watched
from control_room.viewing.watched import Watched
from wire.identifiers import Identifier
from wire.live import StreamName

router = APIRouter(prefix="/api/v1", tags=["live"])

_VIDEO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"video/mp4": {}}},
    206: {"description": "A range of its bytes."},
}
_REWIND = {**access.RESPONSES, **problems.responses(404, 416, 429), **_VIDEO}
_CLIP = {**access.RESPONSES, **problems.responses(404, 409, 429)}
_FOUND = {**access.RESPONSES, **problems.responses(404)}
_CURSOR = paging.Cursor(TypeAdapter(tuple[AwareDatetime, uuid.UUID]))
Seconds = Annotated[float, Query(gt=0, le=600, allow_inf_nan=False, description="How far back; what is in memory.")]
Take = Annotated[
    str,
    Query(
        max_length=64,
        pattern="^[A-Za-z0-9_-]*$",
        description=(
            "A word of the player's own: requests with the same one are of the same file, for 3 minutes;"
            " without one each is of its moment."
        ),
    ),
]
AlertId = Annotated[uuid.UUID | None, Query(description="The open alert that is the reason.")]


def _camera(room: rooms.Room, camera_id: str, device_id: str | None, first: StreamName) -> tuple[Watched, list[str]]:
    """What it is, and its streams, the wanted one first."""
    with room.database.connection() as connection:
        camera = publishing.resolve(connection, camera_id, device_id)
    order: list[StreamName] = [first, "sub" if first == "main" else "main"]
    names = [publishing.stream_of(camera.device_id, camera_id, stream) for stream in order]
    return watched.camera(camera.device_id, camera_id), names


def _source(room: rooms.Room, source_id: uuid.UUID) -> tuple[Watched, list[str]]:
    with room.database.connection() as connection:
        sources.item(connection, source_id)
    return watched.source(source_id), [sources.stream_of(source_id)]


def _file(rewound: rewind.Rewound) -> Response:
    headers = {
        "Cache-Control": "private, no-store",
        "X-Span-From": rewound.span.captured_from.isoformat(),
        "X-Span-To": rewound.span.captured_to.isoformat(),
    }
    return FileResponse(rewound.path, media_type="video/mp4", headers=headers)


@router.get("/cameras/{camera_id}/rewind.mp4", response_class=FileResponse, responses=_REWIND)
def rewind_camera(
    camera_id: Identifier,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    seconds: Seconds = 30,
    take: Take = "",
    device_id: Identifier | None = None,
    stream: StreamName = "main",
    alert_id: AlertId = None,
) -> Response:
    """The last seconds of a camera that is being watched, to play and seek in. Needs a reason, or its open alert."""
    thing, names = _camera(room, camera_id, device_id, stream)
    return _file(rewind.back(room, viewer, thing, names, seconds=seconds, take=take, alert_id=alert_id))


@router.get("/live/sources/{source_id}/rewind.mp4", response_class=FileResponse, responses=_REWIND)
def rewind_source(
    source_id: uuid.UUID, room: rooms.Here, viewer: asking.Person, *, seconds: Seconds = 30, take: Take = ""
) -> Response:
    """The last seconds of a drone or telephone that sends, to play and seek in. Needs a reason."""
    thing, names = _source(room, source_id)
    return _file(rewind.back(room, viewer, thing, names, seconds=seconds, take=take, alert_id=None))


@router.post("/cameras/{camera_id}/clip", status_code=http.HTTPStatus.ACCEPTED, responses=_CLIP)
def clip_camera(
    camera_id: Identifier,
    wanted: schemas.WantedLiveClip,
    room: rooms.Here,
    viewer: asking.Operator,
    *,
    device_id: Identifier | None = None,
) -> schemas.LiveClipItem:
    """Keep what one sees as evidence: the camera's own recording, or what the room has in memory where there is none.

    The clip's own address says what came of it; beside an alert the stream does.
    """
    thing, names = _camera(room, camera_id, device_id, "main")
    return schemas.LiveClipItem.model_validate(clips.ask(room, viewer, thing, names, wanted, room.clock()))


@router.post("/live/sources/{source_id}/clip", status_code=http.HTTPStatus.ACCEPTED, responses=_CLIP)
def clip_source(
    source_id: uuid.UUID, wanted: schemas.WantedLiveClip, room: rooms.Here, viewer: asking.Person
) -> schemas.LiveClipItem:
    """Keep what a drone or telephone shows as evidence, packet by packet as it came."""
    thing, names = _source(room, source_id)
    return schemas.LiveClipItem.model_validate(clips.ask(room, viewer, thing, names, wanted, room.clock()))


@router.get("/live/clips/{clip_id}", responses=_FOUND)
def clip(clip_id: uuid.UUID, room: rooms.Here, viewer: asking.Person) -> schemas.LiveClipItem:
    """What came of a clip."""
    with room.database.connection() as connection:
        row = clips.detailed(connection, clip_id)
    thing = watched.source(row["source_id"]) if row["source_id"] else watched.camera(row["device_id"], row["camera_id"])
    viewer.check(thing)
    return schemas.LiveClipItem.model_validate(row)


@router.get("/live/sources/{source_id}/recordings", responses=_FOUND)
def recordings(
    source_id: uuid.UUID,
    room: rooms.Here,
    viewer: asking.Person,
    *,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> schemas.LiveRecordingPage:
    """What was recorded of a source, the newest first, and whether it is being recorded, or why not."""
    thing, _ = _source(room, source_id)
    viewer.check(thing)
    before = _CURSOR.read(cursor)
    with room.database.connection() as connection:
        rows = service.page(connection, source_id, limit=limit + 1, before=before)
    last = rows[limit - 1] if len(rows) > limit else None
    more = _CURSOR.after((last["captured_from"], last["live_recording_id"])) if last else None
    state = service.state(room, source_id, room.clock())
    return schemas.LiveRecordingPage.model_validate({"items": rows[:limit], "next_cursor": more, **state})


@router.get(
    "/live/recordings/{live_recording_id}/content",
    response_class=Response,
    responses={**access.RESPONSES, **problems.responses(404, 410, 416), **_VIDEO},
)
def content(
    live_recording_id: uuid.UUID,
    request: Request,
    room: rooms.Here,
    viewer: asking.Person,
    *,
    reason: Annotated[fields.Line | None, Query(description="Why; lasts 15 minutes.")] = None,
    download: Annotated[bool, Query(description="As a file to keep, not to show in the page.")] = False,
) -> Response:
    """A file of a live recording, whole or a range. Who opened it and why is in the audit."""
    opened = service.show(room, viewer, live_recording_id, reason, room.clock())
    return downloads.answer(
        request,
        room.store,
        opened.sha256,
        opened.bytes,
        media_type="video/mp4",
        name=opened.name,
        shown=not download,
    )


@router.put("/live/sources/{source_id}/pull", status_code=http.HTTPStatus.NO_CONTENT, responses=_FOUND)
def set_pull(source_id: uuid.UUID, wanted: schemas.LivePull, room: rooms.Here, caller: access.Administrator) -> None:
    """Fetch a source from an RTSP server, such as a drone's ground station, instead of waiting for it to send."""
    with room.database.connection() as connection:
        service.set_pull(connection, source_id, wanted.address, by=caller, now=room.clock())


@router.delete("/live/sources/{source_id}/pull", status_code=http.HTTPStatus.NO_CONTENT, responses=_FOUND)
def forget_pull(source_id: uuid.UUID, room: rooms.Here, caller: access.Administrator) -> None:
    """Fetch a source no more."""
    with room.database.connection() as connection:
        service.forget_pull(connection, source_id, by=caller, now=room.clock())
