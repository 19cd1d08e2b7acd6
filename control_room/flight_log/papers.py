"""Papers drafted from the log: the notice of an urgent use, the fortnightly report, the log itself; as PDF and CSV.

They are drafts: a person reads, signs and sends them, and says here that it was done.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from control_room.papers import pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from control_room.flight_log.checks import CheckItem, Result
    from control_room.papers.page import Paper
    from control_room.papers.words import Words

CSV_TYPE = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""


def notice(words: Words, row: dict[str, Any], checks: Result, *, town: str, authority: str, made_at: datetime) -> bytes:
    """To the authority, of an urgent use without its permission (LO 7/2021 art. 17): within 24 hours."""
    with pdf.begin(words, words.text("law.notice.title"), town=town, made_at=made_at) as paper:
        paper.facts(
            [
                (words.text("law.to"), authority or "______________________"),
                (words.text("law.from"), town),
                (words.text("law.notice.due"), words.moment(row["notice_due_at"])),
            ]
        )
        paper.paragraph(words.text("law.notice.lead"))
        paper.heading(words.text("law.use"), 1)
        paper.facts(_use(words, row))
        paper.heading(words.text("law.notice.reason"), 1)
        paper.paragraph(words.said(row["urgent_reason"]))
        paper.heading(words.text("law.risk"), 1)
        paper.paragraph(words.said(row["risk_assessment"]))
        _checked(paper, words, checks)
        paper.paragraph(words.text("law.draft"), is_dim=True)
        paper.signature(words.text("law.signature"))
        return paper.to_bytes()


def report(
    words: Words,
    rows: Sequence[dict[str, Any]],
    *,
    span: tuple[datetime, datetime],
    town: str,
    commission: str,
    made_at: datetime,
) -> bytes:
    """To the Commission, of all uses of mobile cameras in a span (LO 4/1997 art. 5)."""
    with pdf.begin(words, words.text("law.report.title"), town=town, made_at=made_at, is_wide=True) as paper:
        covered = words.text("law.report.span", first=words.day(span[0]), last=words.day(_last_moment(span[1])))
        paper.facts(
            [
                (words.text("law.to"), commission or "______________________"),
                (words.text("law.from"), town),
                (words.text("law.report.covers"), covered),
                (words.text("law.report.uses"), str(len(rows))),
            ]
        )
        paper.paragraph(words.text("law.report.lead"))
        if rows:
            columns = [column for column in _COLUMNS if column[0] in _REPORTED]
            _table(paper, words, rows, columns)
        else:
            paper.paragraph(words.text("law.report.none"))
        paper.paragraph(words.text("law.draft"), is_dim=True)
        paper.signature(words.text("law.signature"))
        return paper.to_bytes()


def log(words: Words, rows: Sequence[dict[str, Any]], *, town: str, made_at: datetime) -> bytes:
    """The flight log as an inspection reads it (UAS.SPEC.050(1)(g))."""
    with pdf.begin(words, words.text("law.log.title"), town=town, made_at=made_at, is_wide=True) as paper:
        paper.paragraph(words.text("law.log.lead", count=len(rows)))
        if rows:
            _table(paper, words, rows, [column for column in _COLUMNS if column[0] in _LOGGED])
        return paper.to_bytes()


def as_csv(words: Words, rows: Sequence[dict[str, Any]]) -> bytes:
    """Each flight a line, times in the town's zone and in UTC; begins with the mark by which Excel knows UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([words.text(f"law.column.{name}") for name, _, _ in _COLUMNS] + ["take_off_utc", "landed_utc"])
    for row in rows:
        cells = [_harmless(value(words, row)) for _, _, value in _COLUMNS]
        writer.writerow([*cells, _utc(row["take_off_at"]), _utc(row["landed_at"])])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _use(words: Words, row: dict[str, Any]) -> list[tuple[str, str]]:
    named = ("pilot", "observer", "aircraft", "serial_number", "take_off", "landed", "duration", "place", "height")
    values = {name: value for name, _, value in _COLUMNS}
    said = [(words.text(f"law.column.{name}"), words.said(values[name](words, row))) for name in named]
    return [*said, (words.text("law.column.purpose"), words.said(row["purpose"]))]


def _checked(paper: Paper, words: Words, checks: Result) -> None:
    paper.heading(words.text("law.checks"), 1)
    if checks.source == "none":
        paper.paragraph(words.text("law.checks.no_track"))
        return
    if not checks.items:
        paper.paragraph(words.text("law.checks.nothing"))
    else:
        columns = [words.text(f"law.checks.{name}") for name in ("what", "when", "height", "certain")]
        paper.table(columns, [_check(words, one) for one in checks.items], [5, 3, 2, 3])
    paper.paragraph(words.text("law.checks.ground"), is_dim=True)


def _check(words: Words, one: CheckItem) -> list[str]:
    what = words.named("law.check", one.code)
    if one.zone is not None:
        name = one.zone.name.get(words.language) or next(iter(one.zone.name.values()), one.zone.identifier)
        what = f"{what} {name} ({one.zone.identifier}): {words.named('law.kind', one.zone.kind)}"
    certain = words.text("papers.yes") if one.certain else words.text("law.checks.cannot_tell")
    return [what, f"{words.clock(one.begins)}-{words.clock(one.ends)}", words.metres(one.highest_m), certain]


def _table(paper: Paper, words: Words, rows: Sequence[dict[str, Any]], columns: Sequence[_Column]) -> None:
    heads = [words.text(f"law.column.{name}") for name, _, _ in columns]
    cells = [[value(words, row) for _, _, value in columns] for row in rows]
    paper.table(heads, cells, [width for _, width, _ in columns])


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _utc(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _last_moment(until: datetime) -> datetime:
    return until - timedelta(seconds=1)


def _lasted(row: dict[str, Any]) -> timedelta | None:
    if row["take_off_at"] is None or row["landed_at"] is None:
        return None
    lasted: timedelta = row["landed_at"] - row["take_off_at"]
    return lasted


def _place(lat: float | None, lon: float | None) -> str:
    return "" if lat is None or lon is None else f"{lat:.5f}, {lon:.5f}"


def _yes_no(words: Words, value: bool | None) -> str:  # noqa: FBT001 - a column's value
    return "" if value is None else words.text("papers.yes" if value else "papers.no")


def _permission(words: Words, row: dict[str, Any]) -> str:
    if row["authorisation_reference"] is not None:
        return str(row["authorisation_reference"])
    if row["urgent_reason"] is None:
        return ""
    told = words.moment(row["told_at"]) if row["told_at"] else words.text("law.not_told")
    return words.text("law.urgent", reason=row["urgent_reason"], told=told)


def _activity(words: Words, row: dict[str, Any]) -> str:
    if row["line_of_sight"] is None:
        return ""
    return words.text("law.vlos" if row["line_of_sight"] else "law.bvlos")


_Column = tuple[str, float, "Callable[[Words, dict[str, Any]], str]"]
_COLUMNS: tuple[_Column, ...] = (
    ("take_off", 3.2, lambda words, row: words.moment(row["take_off_at"]) if row["take_off_at"] else ""),
    ("landed", 3.2, lambda words, row: words.moment(row["landed_at"]) if row["landed_at"] else ""),
    ("duration", 1.6, lambda words, row: words.duration(_lasted(row)) if _lasted(row) else ""),
    ("place", 3, lambda _, row: _place(row["take_off_lat"], row["take_off_lon"])),
    ("landing_place", 3, lambda _, row: _place(row["landing_lat"], row["landing_lon"])),
    ("pilot", 2, lambda _, row: row["pilot"]),
    ("observer", 2, lambda _, row: row["observer"] or ""),
    ("aircraft", 2.4, lambda _, row: row["aircraft_name"] or ""),
    ("serial_number", 2.4, lambda _, row: row["aircraft_serial_number"] or ""),
    ("batteries", 2, lambda _, row: ", ".join(row["battery_names"])),
    ("activity", 1.6, _activity),
    (
        "height",
        1.6,
        lambda words, row: "" if row["greatest_height_m"] is None else words.metres(row["greatest_height_m"]),
    ),
    ("purpose", 4, lambda _, row: row["purpose"] or ""),
    ("permission", 4, _permission),
    ("risk_assessment", 3, lambda _, row: row["risk_assessment"] or ""),
    ("preflight", 1.6, lambda words, row: _yes_no(words, any((row["preflight"].get("done") or {}).values()))),
    ("weather", 3, lambda _, row: row["weather"] or ""),
    ("occurrences", 4, lambda _, row: row["occurrences"] or ""),
    ("state", 1.6, lambda words, row: words.named("law.state", row["state"])),
)
_REPORTED = frozenset({"take_off", "duration", "place", "pilot", "aircraft", "height", "purpose", "permission"})
_LOGGED = frozenset(
    {
        "take_off",
        "duration",
        "place",
        "pilot",
        "aircraft",
        "serial_number",
        "activity",
        "height",
        "purpose",
        "permission",
        "occurrences",
        "state",
    }
)
