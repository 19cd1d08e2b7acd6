"""Every route that may show a picture asks who may watch it, or says why nobody can be seen in what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi.routing import iter_route_contexts

from control_room import app as room_app
from control_room.viewing import asking

if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

HARMLESS = (
    "application/json",
    "application/problem+json",
    "application/geo+json",
    "text/",
    "application/vnd.google-earth",
)
"""What is words and numbers."""
ASKS = {asking.of_operator, asking.of_person}


def _may_show(route: Any) -> bool:
    """Whether its answer may be a picture: it declares such bytes, or says nothing of what its bytes are."""
    declared = [
        kind
        for status, answer in (route.responses or {}).items()
        if str(status).startswith("2")
        for kind in answer.get("content", {})
    ]
    own = getattr(route.response_class, "media_type", None)
    is_json = own == "application/json" or "JSON" in str(getattr(route.response_class, "value", ""))
    return any(not kind.startswith(HARMLESS) for kind in declared) or (not declared and not is_json)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


def _routes() -> Iterator[tuple[str, Any]]:
    for context in iter_route_contexts(room_app.routed().routes):
        route: Any = context.original_route
        if (context.path or "").startswith("/api/v1/") and getattr(route, "dependant", None) is not None:
            for method in sorted(context.methods or ()):
                yield f"{method} {context.path}", route


def test_every_route_that_may_show_a_picture_asks_who_may_watch_it() -> None:
    silent, asked = [], []
    for name, route in _routes():
        calls = list(_calls(route.dependant))
        if not _may_show(route):
            continue
        if any(call in ASKS for call in calls):
            asked.append(name)
        elif not any(isinstance(call, asking.ShowsNobody) for call in calls):
            silent.append(name)
    assert silent == [], "take a control_room.viewing.asking.Operator or Person, and check what it shows"
    assert {
        "GET /api/v1/evidence/{evidence_id}",
        "GET /api/v1/flights/{flight_id}/footage/{footage_id}/content",
        "GET /api/v1/findings/{finding_id}/picture",
        "GET /api/v1/sites/{site_id}/visits/{visit_id}/{which}",
        "GET /api/v1/flights/{flight_id}/report.pdf",
        "POST /api/v1/cameras/{camera_id}/whep",
        "POST /api/v1/cameras/{camera_id}/picture",
        "POST /api/v1/live/sources/{source_id}/whep",
        "POST /api/v1/live/sources/{source_id}/picture",
    } <= set(asked)


def test_a_forgotten_route_would_be_found() -> None:
    app = room_app.routed()

    @app.get("/api/v1/forgotten.jpg", responses={200: {"content": {"image/jpeg": {}}}})
    def forgotten() -> bytes:
        return b""

    route: Any = next(
        each.original_route for each in iter_route_contexts(app.routes) if each.path == "/api/v1/forgotten.jpg"
    )
    assert _may_show(route)
    assert not any(call in ASKS or isinstance(call, asking.ShowsNobody) for call in _calls(route.dependant))
