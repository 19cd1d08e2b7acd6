"""`/api/v1/ogc`: landing page, conformance, collections and their features."""

import uuid
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from control_room import access, problems
from control_room import room as rooms
from control_room.alerts.schemas import read_box
from control_room.audit import service as audit
from control_room.ogc import service
from control_room.ogc.service import COLLECTIONS, Collection

router = APIRouter(prefix="/api/v1/ogc", tags=["ogc"])

GEOJSON = "application/geo+json"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_CONFORMS = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{each}" for each in ("core", "oas30", "geojson")
)
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_FOUND: dict[int | str, dict[str, Any]] = {**access.RESPONSES, **problems.responses(404)}
_TIME = TypeAdapter(AwareDatetime)


@router.get("", responses=access.RESPONSES)
def landing_page(request: Request, _caller: access.Person) -> dict[str, Any]:
    """Where everything is."""
    here = _root(request)
    return {
        "title": "Talaia",
        "description": "Confirmed findings of drone flights, and sites where dumping recurs",
        "links": [
            _link("self", here, "application/json"),
            _link("service-desc", f"{here}/api", _OPENAPI),
            _link("conformance", f"{here}/conformance", "application/json"),
            _link("data", f"{here}/collections", "application/json"),
        ],
    }


@router.get("/api", responses=access.RESPONSES)
def api(_caller: access.Person) -> JSONResponse:
    """These routes as OpenAPI."""
    described = get_openapi(title="Talaia, OGC API - Features", version="1", routes=router.routes)
    return JSONResponse(described, media_type=_OPENAPI)


@router.get("/conformance", responses=access.RESPONSES)
def conformance(_caller: access.Person) -> dict[str, Any]:
    """What of the standard is done."""
    return {"conformsTo": _CONFORMS}


@router.get("/collections", responses=access.RESPONSES)
def collections(request: Request, _caller: access.Person) -> dict[str, Any]:
    """What there is."""
    here = _root(request)
    return {
        "links": [_link("self", f"{here}/collections", "application/json")],
        "collections": [_collection(here, each) for each in COLLECTIONS],
    }


@router.get("/collections/{collection}", responses=_FOUND)
def collection(collection: Collection, request: Request, _caller: access.Person) -> dict[str, Any]:
    """One of them."""
    return _collection(_root(request), collection)


class Asked:
    """Which features a program wants."""

    def __init__(
        self,
        request: Request,
        *,
        bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north")] = None,
        interval: Annotated[str | None, Query(alias="datetime", max_length=100)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 10,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> None:
        box = read_box(bbox or None)
        since, until = _interval(interval)
        area = None if box is None else (box.west, box.south, box.east, box.north)
        self.wanted = service.Wanted(area, since, until, limit, offset)
        self.root = _root(request)
        self.given = {key: value for key, value in request.query_params.items() if key not in {"limit", "offset"}}


@router.get("/collections/{collection}/items", responses=_FOUND)
def items(
    collection: Collection,
    room: rooms.Here,
    caller: access.Person,
    asked: Annotated[Asked, Depends()],
) -> JSONResponse:
    """A page of features."""
    now, wanted = room.clock(), asked.wanted
    with room.database.connection() as connection:
        found, matched = service.features(connection, collection, wanted)
        audit.record(connection, caller, "ogc.items", at=now, on=("collection", collection), detail=asked.given or None)
    here = f"{asked.root}/collections/{collection}/items"
    links = [_link("self", _page(here, asked, wanted.offset), GEOJSON)]
    if wanted.offset + len(found) < matched:
        links.append(_link("next", _page(here, asked, wanted.offset + wanted.limit), GEOJSON))
    if wanted.offset > 0:
        links.append(_link("prev", _page(here, asked, max(0, wanted.offset - wanted.limit)), GEOJSON))
    content = {
        "type": "FeatureCollection",
        "links": links,
        "timeStamp": now.isoformat().replace("+00:00", "Z"),
        "numberMatched": matched,
        "numberReturned": len(found),
        "features": found,
    }
    return JSONResponse(content, media_type=GEOJSON)


@router.get("/collections/{collection}/items/{feature_id}", responses=_FOUND)
def item(
    collection: Collection, feature_id: uuid.UUID, request: Request, room: rooms.Here, _caller: access.Person
) -> JSONResponse:
    """One feature."""
    with room.database.connection() as connection:
        found = service.feature(connection, collection, feature_id)
    here = f"{_root(request)}/collections/{collection}"
    links = [_link("self", f"{here}/items/{feature_id}", GEOJSON), _link("collection", here, "application/json")]
    return JSONResponse({**found, "links": links}, media_type=GEOJSON)


def _collection(here: str, name: Collection) -> dict[str, Any]:
    title, description = COLLECTIONS[name]
    return {
        "id": name,
        "title": title,
        "description": description,
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link("self", f"{here}/collections/{name}", "application/json"),
            _link("items", f"{here}/collections/{name}/items", GEOJSON),
        ],
    }


def _link(relation: str, address: str, media_type: str) -> dict[str, str]:
    return {"rel": relation, "href": address, "type": media_type}


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/") + router.prefix


def _page(here: str, asked: Asked, offset: int) -> str:
    return f"{here}?{urlencode({**asked.given, 'limit': asked.wanted.limit, 'offset': offset})}"


def _interval(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Raises BadIntervalError."""
    if not text:
        return None, None
    begin, slash, end = text.partition("/")
    try:
        since = None if begin in {"", ".."} and slash else _TIME.validate_python(begin)
        if not slash:
            return since, since
        return since, None if end in {"", ".."} else _TIME.validate_python(end)
    except ValidationError:
        raise service.BadIntervalError from None
