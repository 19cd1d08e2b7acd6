"""`/api/v1/sites`: places where dumping recurs, what happened there, and the next flight over them."""

import http
import uuid
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from control_room import access, problems
from control_room import room as rooms
from control_room.alerts.schemas import read_box
from control_room.audit import service as audit
from control_room.sites import plan as plans
from control_room.sites import schemas, service, waste
from control_room.store import download as downloads
from control_room.viewing import asking
from control_room.viewing import service as viewing

router = APIRouter(prefix="/api/v1/sites", tags=["sites"])

_FOUND: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_ACTED: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404, 409)}
_BoxText = Annotated[str | None, Query(max_length=200, description="west,south,east,north")]


class Pictured:
    """Which picture of which look."""

    def __init__(self, site_id: uuid.UUID, visit_id: uuid.UUID, which: Literal["before", "after"]) -> None:
        self.site_id, self.visit_id, self.which = site_id, visit_id, which


class Planned:
    """Which sites the next flight is to look at."""

    def __init__(
        self,
        *,
        days: Annotated[int, Query(ge=0, le=3650, description="Not looked at for so long.")] = 14,
        height_m: Annotated[float, Query(ge=10, le=120)] = 60.0,
        start_lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
        start_lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
        box: _BoxText = None,
        limit: Annotated[int, Query(ge=1, le=60)] = 20,
    ) -> None:
        self.days, self.height_m, self.box, self.limit = days, height_m, box, limit
        self.start = None if start_lat is None or start_lon is None else (start_lat, start_lon)

    def make(self, room: rooms.Room) -> plans.Plan:
        filters = service.Filters(box=_area(self.box))
        before = room.clock() - timedelta(days=self.days)
        with room.database.connection() as connection:
            sites = service.to_look_at(connection, filters, before=before, limit=self.limit)
        return plans.make(sites, height_m=self.height_m, start=self.start)


@router.get("", responses=access.RESPONSES)
def listed(
    room: rooms.Here,
    _caller: access.Person,
    *,
    status: Annotated[list[schemas.Status], Query(max_length=4)] = [],  # noqa: B006 - FastAPI copies it
    q: Annotated[str | None, Query(max_length=100, description="Part of the name.")] = None,
    box: _BoxText = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> schemas.SitePage:
    """Sites, the last seen first."""
    filters = service.Filters(statuses=[str(each) for each in status], named=q or None, box=_area(box))
    with room.database.connection() as connection:
        rows = service.page(connection, filters, limit=limit + 1, before=schemas.CURSOR.read(cursor))
    last = rows[limit - 1] if len(rows) > limit else None
    more = None if last is None else schemas.CURSOR.after((last["last_seen_at"], last["site_id"]))
    return schemas.SitePage.model_validate({"items": rows[:limit], "next_cursor": more})


@router.get("/waste-classes", responses=access.RESPONSES)
def waste_classes(_caller: access.Person) -> schemas.WasteClasses:
    """Codes of the European Waste Catalogue that are usual in streets and fields."""
    return schemas.WasteClasses(items=list(waste.USUAL))


@router.get("/plan.geojson", responses=access.RESPONSES, response_class=JSONResponse)
def plan_geojson(room: rooms.Here, _caller: access.Person, planned: Annotated[Planned, Depends()]) -> Response:
    """The next flight over the sites that need a look."""
    content = plans.geojson(planned.make(room))
    return JSONResponse(content, media_type="application/geo+json")


@router.get(
    "/plan.kml", responses={**access.RESPONSES, 200: {"content": {plans.KML_TYPE: {}}}}, response_class=Response
)
def plan_kml(room: rooms.Here, _caller: access.Person, planned: Annotated[Planned, Depends()]) -> Response:
    """The same for the drone's application."""
    headers = {"Content-Disposition": 'attachment; filename="talaia-sites.kml"'}
    return Response(plans.kml(planned.make(room)), http.HTTPStatus.OK, headers, plans.KML_TYPE)


@router.get("/{site_id}", responses=_FOUND)
def detail(site_id: uuid.UUID, room: rooms.Here, _caller: access.Person) -> schemas.SiteDetail:
    """One site with what happened there."""
    with room.database.connection() as connection:
        return schemas.SiteDetail.model_validate(service.detail(connection, site_id))


@router.patch("/{site_id}", responses=_ACTED)
def change(
    site_id: uuid.UUID, wanted: schemas.ChangeSite, room: rooms.Here, caller: access.Person
) -> schemas.SiteDetail:
    """Name, status, waste classes, owner of the land, note."""
    given = wanted.model_dump(exclude={"version", "reason"}, exclude_unset=True)
    now = room.clock()
    with room.database.connection() as connection:
        service.change(connection, site_id, wanted.version, given, by=caller, now=now, reason=wanted.reason)
        return schemas.SiteDetail.model_validate(service.detail(connection, site_id))


@router.post("/{site_id}/merge", responses=_ACTED)
def merge(site_id: uuid.UUID, wanted: schemas.MergeSite, room: rooms.Here, caller: access.Person) -> schemas.SiteDetail:
    """Both are one place; the answer is the one that stays."""
    now = room.clock()
    with room.database.connection() as connection:
        service.merge(connection, site_id, wanted.into, wanted.version, by=caller, now=now)
        return schemas.SiteDetail.model_validate(service.detail(connection, wanted.into))


@router.get(
    "/{site_id}/visits/{visit_id}/{which}",
    response_class=Response,
    responses={**_FOUND, 200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
def picture(of: Annotated[Pictured, Depends()], request: Request, room: rooms.Here, viewer: asking.Person) -> Response:
    """`before` or `after`: the place at the look before and at this one, one laid over the other, people pixelated."""
    with room.database.connection() as connection:
        sha256 = service.picture(connection, of.site_id, of.visit_id, of.which)
        viewer.check(viewing.flight_of(connection, "visit", of.visit_id))
        audit.record(connection, viewer.caller, "site.look", at=room.clock(), on=("site", str(of.site_id)))
    size = room.store.size_bytes(sha256)
    if size is None:
        raise service.NoSuchSiteError("the picture was erased")
    name = f"site-{of.visit_id}-{of.which}.jpg"
    return downloads.answer(request, room.store, sha256, size, media_type="image/jpeg", name=name, shown=True)


def _area(box: str | None) -> tuple[float, float, float, float] | None:
    read = read_box(box or None)
    return None if read is None else (read.west, read.south, read.east, read.north)
