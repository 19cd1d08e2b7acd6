"""What `make bench` writes: docs/reference/benchmarks.json (one object a figure) and the same as a table for people."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def _load_average() -> float:
    return round(os.getloadavg()[0], 2)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. Seconds of one machine mean little; the ratio to the baseline of the same run does."""

    name: str
    value: float
    unit: str
    baseline: str | None = None
    """What stood beside it in the same run."""
    ratio: float | None = None
    """`value` over the baseline's value."""
    n: int = 1
    p50: float | None = None
    p99: float | None = None
    aim: str | None = None
    met: bool | None = None
    load_average: float = field(default_factory=_load_average)
    """Over one minute, when the figure was taken."""
    at: str = field(default_factory=_now)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def record(figures: list[Figure], reference: Path = REFERENCE) -> None:
    """Put the figures in the place of the earlier ones of the same names, and print them."""
    file = reference / "benchmarks.json"
    stored = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    names = {figure.name for figure in figures}
    rows = [row for row in stored if row["name"] not in names] + [asdict(figure) for figure in figures]
    rows.sort(key=lambda row: str(row["name"]))
    reference.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (reference / "benchmarks.md").write_text(_page(rows), encoding="utf-8")
    for figure in figures:
        sys.stdout.write(json.dumps(asdict(figure), ensure_ascii=False) + "\n")


def _page(rows: list[dict[str, Any]]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = (
        "# Benchmarks\n\n"
        "Written by `make bench`; do not edit. Each figure was taken beside its baseline in the same run, on a\n"
        "machine that others use too: the ratio means more than the seconds. The load is the one-minute average.\n\n"
        f"Last machine: {machine}.\n\n"
        "| figure | value | p50 | p99 | n | baseline | ratio | aim | met | load | at |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(_row(row) for row in rows)


def _row(row: dict[str, Any]) -> str:
    met = {True: "yes", False: "no", None: ""}[row["met"]]
    value = f"{_short(row['value'])} {row['unit']}"
    cells = [
        row["name"],
        value,
        _short(row["p50"]),
        _short(row["p99"]),
        row["n"],
        row["baseline"] or "",
        _short(row["ratio"]),
        row["aim"] or "",
        met,
        row["load_average"],
        row["at"],
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def _short(value: float | None) -> str:
    """Three digits, or whole where that is more."""
    if value is None:
        return ""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - the fourth digit
