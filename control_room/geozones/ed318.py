"""ED-318: GeoJSON whose geometries carry a layer, with texts in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from control_room.geozones import ed269, values
from control_room.geozones.zone import Applicability, Circle, Geozone, Volume

if TYPE_CHECKING:
    import zoneinfo
    from collections.abc import Iterator


def read(raw: dict[str, Any], town: zoneinfo.ZoneInfo) -> Geozone:
    """One feature. `town`: the zone of hours and times that name none.

    Raises:
        values.FaultError: a value cannot be taken.
    """
    doubts: set[str] = set()
    about = values.an_object(raw.get("properties"), "properties")
    volumes = tuple(_volumes(values.an_object(raw.get("geometry"), "geometry"), "geometry", doubts, None))
    if not volumes:
        raise values.FaultError("geometry", "has no area")
    kind_given = values.a_text(about.get("type"), "properties.type") or ""
    return Geozone(
        identifier=ed269.identifier(about, doubts),
        country=values.a_text(about.get("country"), "properties.country") or "",
        name=values.texts(about.get("name"), "properties.name"),
        kind=ed269.kind(kind_given, doubts),
        kind_given=kind_given,
        reasons=values.codes(about.get("reason"), "properties.reason"),
        message=_message(about),
        conditions=ed269.conditions(about.get("restrictionConditions"), "properties.restrictionConditions"),
        categories=(),
        applicability=_applicability(about.get("limitedApplicability"), town, doubts),
        authorities=ed269.authorities(about.get("zoneAuthority")),
        volumes=volumes,
        doubts=tuple(sorted(doubts)),
    )


def _message(about: dict[str, Any]) -> dict[str, str]:
    said = values.texts(about.get("message") or about.get("otherReasonInfo"), "properties.message")
    more = about.get("extendedProperties")
    if not said and isinstance(more, dict) and isinstance(more.get("addInfo"), str):
        return values.texts(more["addInfo"], "properties.extendedProperties.addInfo")
    return said


def _applicability(value: object, town: zoneinfo.ZoneInfo, doubts: set[str]) -> tuple[Applicability, ...]:
    """Empty where it applies always."""
    found: list[Applicability] = []
    for index, entry in enumerate(values.a_list(value or [], "properties.limitedApplicability")):
        at = f"properties.limitedApplicability[{index}]"
        raw = values.an_object(entry, at)
        found.append(ed269.period(raw, raw.get("schedule"), at, town, doubts))
    return tuple(found)


def _volumes(raw: dict[str, Any], at: str, doubts: set[str], outer: dict[str, Any] | None) -> Iterator[Volume]:
    """`outer`: the layer of the collection that it is in, where it has none itself."""
    given_layer = raw.get("layer")
    layer = outer if given_layer is None else values.an_object(given_layer, f"{at}.layer")
    given = values.a_text(raw.get("type"), f"{at}.type")
    if given == "GeometryCollection":
        for index, entry in enumerate(values.a_list(raw.get("geometries"), f"{at}.geometries")):
            where = f"{at}.geometries[{index}]"
            yield from _volumes(values.an_object(entry, where), where, doubts, layer)
        return
    for shape in _shapes(raw, given, at, doubts):
        if layer is None:
            doubts.add("no_layer")
        yield Volume(shape=shape, lower=_limit(layer, "lower", at), upper=_limit(layer, "upper", at))


def _shapes(raw: dict[str, Any], given: str | None, at: str, doubts: set[str]) -> Iterator[Any]:
    where = f"{at}.coordinates"
    if given == "Polygon":
        yield values.polygon(raw.get("coordinates"), where, doubts)
    elif given == "MultiPolygon":
        for index, piece in enumerate(values.a_list(raw.get("coordinates"), where)):
            yield values.polygon(piece, f"{where}[{index}]", doubts)
    elif given == "Point":
        extent = values.an_object(raw.get("extent"), f"{at}.extent")
        centre = values.position(raw.get("coordinates"), where)
        yield Circle(centre=centre, radius_m=values.metres(extent.get("radius"), "M", f"{at}.extent.radius"))
    else:
        raise values.FaultError(f"{at}.type", f"got {given}; allowed: Polygon, MultiPolygon, Point, GeometryCollection")


def _limit(layer: dict[str, Any] | None, end: str, at: str) -> Any:
    if layer is None:
        return None
    return values.limit(layer.get(end), layer.get("uom"), layer.get(f"{end}Reference"), f"{at}.layer.{end}")
