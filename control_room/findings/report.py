"""What a flight found, for whoever was not there: a paper with a map and pictures, and the same as GeoJSON.

What a person confirmed and what is only proposed stand apart, and each place carries its error and how it was found
(LO 7/2021 art. 10: facts apart from opinion, and a valuation of quality on whatever is handed on).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from control_room.database import sql
from control_room.findings import service, sketch
from control_room.papers import pdf
from control_room.store.content import NoSuchContentError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from control_room.database import pool
    from control_room.papers.page import Paper
    from control_room.papers.words import Words
    from control_room.store.content import Store

_MOST = 500
"""Findings of one report; more are said to be left out."""
_PICTURE_MM = 120.0
_QUERIES = sql.load(__file__)
_WIDTHS = (6, 26, 12, 34, 12, 20)


@dataclass(frozen=True, slots=True)
class Report:
    """What goes into it."""

    flight: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    left_out: int

    def of(self, *states: str) -> list[Mapping[str, Any]]:
        return [each for each in self.findings if each["state"] in states]


def read(connection: pool.Connection, flight_id: uuid.UUID) -> Report:
    """Confirmed ones first, then what nobody judged yet. Raises NoSuchFlightError."""
    with connection.cursor(row_factory=dict_row) as cursor:
        flight = cursor.execute(_QUERIES["report_flight"], {"flight_id": flight_id}).fetchone()
    if flight is None:
        raise service.NoSuchFlightError
    filters = service.Filters(flight_id=flight_id, states=["confirmed", "candidate"])
    found = service.page(connection, filters, limit=_MOST + 1, before=None)
    found.sort(key=lambda each: each["state"] != "confirmed")
    return Report(flight, found[:_MOST], max(0, len(found) - _MOST))


def geojson(report: Report) -> dict[str, Any]:
    """RFC 7946: the track as a line, each finding as a point with its error."""
    features: list[dict[str, Any]] = []
    track = report.flight["track"] or []
    if len(track) > 1:
        line = {"type": "LineString", "coordinates": [[lon, lat] for _, lon, lat, *_ in track]}
        properties = {"feature": "track", "flight_id": str(report.flight["flight_id"])}
        features.append({"type": "Feature", "geometry": line, "properties": properties})
    features += [feature(each) for each in report.findings]
    return {"type": "FeatureCollection", "features": features}


def feature(finding: Mapping[str, Any]) -> dict[str, Any]:
    """One finding; without a place its geometry is null."""
    place = finding["location"]
    geometry = None if place is None else {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
    properties = {
        "feature": "finding",
        "finding_id": str(finding["finding_id"]),
        "flight_id": str(finding["flight_id"]),
        "site_id": str(finding["site_id"]) if finding["site_id"] else None,
        "state": finding["state"],
        "label": finding["label"],
        "waste_class": finding["waste_class"],
        "seen_at": finding["seen_at"].isoformat().replace("+00:00", "Z"),
        "ce90_m": place["ce90_m"] if place else None,
        "ellipse": place["ellipse"] if place else None,
        "depression_deg": finding["depression_deg"],
        "method": finding["method"],
        "confidence": finding["confidence"],
        "reviewed_by": finding["reviewed_by"],
        "note": finding["note"],
    }
    return {"type": "Feature", "id": str(finding["finding_id"]), "geometry": geometry, "properties": properties}


def paper(report: Report, words: Words, *, town: str, made_at: datetime, store: Store) -> bytes:
    """As PDF."""
    flight = report.flight
    with pdf.begin(words, words.text("findings.title"), town=town, made_at=made_at) as sheet:
        sheet.facts(
            [
                (words.text("findings.flight"), str(flight["flight_id"])),
                (words.text("findings.flown"), _span(words, flight["take_off_at"], flight["landed_at"])),
                (words.text("findings.pilot"), flight["pilot"]),
                (words.text("findings.aircraft"), words.said(flight["aircraft"])),
                (words.text("findings.authorisation"), words.said(flight["authorisation"] or flight["urgent_reason"])),
                (words.text("findings.purpose"), words.said(flight["purpose"])),
            ]
        )
        drawn = sketch.draw(flight["track"] or [], report.findings)
        if drawn is not None:
            sheet.picture(drawn, words.text("findings.sketch"))
        sheet.paragraph(words.text("findings.how_to_read"), is_dim=True)
        for state in ("confirmed", "candidate"):
            _list(sheet, words, report, state, store)
        if report.left_out:
            sheet.paragraph(words.text("findings.left_out", count=report.left_out))
        return sheet.to_bytes()


def _list(sheet: Paper, words: Words, report: Report, state: str, store: Store) -> None:
    found = report.of(state)
    sheet.heading(words.text(f"findings.{state}", count=len(found)), 1)
    if not found:
        sheet.paragraph(words.text("findings.none"))
        return
    columns = [words.text(f"findings.column_{name}") for name in ("number", "what", "class", "place", "error", "seen")]
    numbered = {each["finding_id"]: number for number, each in enumerate(report.findings, start=1)}
    rows = [_row(words, numbered[each["finding_id"]], each) for each in found]
    sheet.table(columns, rows, _WIDTHS)
    if state == "confirmed":
        for each in found:
            _show(sheet, words, numbered[each["finding_id"]], each, store)


def _row(words: Words, number: int, finding: Mapping[str, Any]) -> list[str]:
    place = finding["location"]
    where = finding["method"] if place is None else f"{place['lat']:.6f}, {place['lon']:.6f}"
    error = "" if place is None else f"{words.number(place['ce90_m'], 1)} m"
    what = words.named("label", finding["label"])
    return [str(number), what, finding["waste_class"] or "", where, error, words.moment(finding["seen_at"])]


def _show(sheet: Paper, words: Words, number: int, finding: Mapping[str, Any], store: Store) -> None:
    sheet.heading(f"{number}. {words.named('label', finding['label'])}", 2)
    sheet.facts(
        [
            (words.text("findings.reviewed_by"), f"{finding['reviewed_by']}, {words.moment(finding['reviewed_at'])}"),
            (words.text("findings.method"), finding["method"]),
            (words.text("findings.note"), words.said(finding["note"])),
        ]
    )
    image = _picture(store, finding["picture_sha256"])
    if image is not None:
        sheet.picture(image, words.text("findings.picture", number=number), width_mm=_PICTURE_MM)


def _picture(store: Store, sha256: str | None) -> bytes | None:
    if sha256 is None:
        return None
    try:
        return b"".join(store.read(sha256))
    except NoSuchContentError:
        return None


def _span(words: Words, begin: datetime | None, end: datetime | None) -> str:
    if begin is None or end is None:
        return words.text("papers.not_said")
    return f"{words.moment(begin)} - {words.moment(end)}"
