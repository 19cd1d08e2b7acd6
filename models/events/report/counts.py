"""The counts behind the page, out of what `evaluate-events --json` printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.events import scores
from models.events.truth import DUMPING

AGENT = "talaia"
_NUMBERS_MAX, _BANDS = 6, 3
"""A condition with more different numbers than this is shown in so many bands."""
WORDS_MAX = 12
"""One with more different words tells clips apart, such as the name of a background; it is left out."""


@dataclass(frozen=True, slots=True)
class Part:
    """One folder of clips and what each way said of it."""

    name: str
    results: Mapping[str, Any]

    def ways(self) -> dict[str, Mapping[str, Any]]:
        return {AGENT: self.results, **self.results.get("baselines", {})}


@dataclass(slots=True)
class Found:
    """So many of so many."""

    found: int = 0
    of: int = 0

    def text(self) -> str:
        interval = scores.wilson(self.found, self.of)
        return "-" if interval is None else f"{self.found} / {self.of} ({interval[0]:.2f} to {interval[1]:.2f})"


@dataclass(slots=True)
class Negatives:
    """Clips in which nothing is left."""

    clips: int = 0
    hours: float = 0.0
    false: dict[str, int] = field(default_factory=dict)
    """By way."""


def events(results: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Give each clip with each of its dumping labels that is scored."""
    return [
        (clip, event)
        for clip in results["clips"]
        for event in clip["events"]
        if event["rule"] == DUMPING and event["verdict"] != "too_small"
    ]


def at_all(results: Mapping[str, Any]) -> Found:
    """Count those with an alert on the thing at any time, in the label's window or not."""
    labelled = events(results)
    return Found(sum(event["on_it_s"] is not None for _, event in labelled), len(labelled))


def by_condition(part: Part) -> dict[tuple[str, str], dict[str, Found]]:
    """Count what each way found, by condition and its value."""
    names = _Names([event["conditions"] for _, event in events(part.results)])
    table: dict[tuple[str, str], dict[str, Found]] = {}
    for way, results in part.ways().items():
        for _, event in events(results):
            for condition in names.shown(event["conditions"]):
                row = table.setdefault(condition, {})
                cell = row.setdefault(way, Found())
                cell.of += 1
                cell.found += event["verdict"] == "found"
    return dict(sorted(table.items()))


def negatives(part: Part) -> dict[tuple[str, str], Negatives]:
    """Count false alarms in the clips without labels, by condition of the clip and its value."""
    empty = [clip for clip in part.results["clips"] if not clip["events"]]
    names = _Names([clip["conditions"] for clip in empty])
    table: dict[tuple[str, str], Negatives] = {}
    for way, results in part.ways().items():
        for clip in results["clips"]:
            if clip["events"]:
                continue
            for condition in names.shown(clip["conditions"]):
                row = table.setdefault(condition, Negatives())
                row.false[way] = row.false.get(way, 0) + false_alarms(clip)
                if way == AGENT:
                    row.clips += 1
                    row.hours += clip["duration_s"] / 3600
    return dict(sorted(table.items()))


def false_alarms(clip: Mapping[str, Any]) -> int:
    return sum(alert["verdict"] == "false" and alert["rule"] == DUMPING for alert in clip["opened"])


class _Names:
    """How a condition's values are shown: words as they are, many numbers in bands with the same count."""

    def __init__(self, conditions: list[Mapping[str, Any]]) -> None:
        self._edges: dict[str, list[float]] = {}
        self._left_out: set[str] = set()
        for key in {key for each in conditions for key in each}:
            values = [each[key] for each in conditions if key in each]
            numbers = sorted(float(value) for value in values if _is_number(value))
            if len(numbers) == len(values) and len(set(numbers)) > _NUMBERS_MAX:
                edges = {numbers[len(numbers) * band // _BANDS] for band in range(1, _BANDS)}
                self._edges[key] = sorted(edges - {numbers[0]}) or [numbers[-1]]
            elif len({str(value) for value in values}) > WORDS_MAX:
                self._left_out.add(key)

    def shown(self, conditions: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Give each condition with its value as the tables have it."""
        return ((key, self(key, value)) for key, value in conditions.items() if key not in self._left_out)

    def __call__(self, key: str, value: Any) -> str:
        edges = self._edges.get(key)
        if edges is None or not _is_number(value):
            return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        band = sum(value >= edge for edge in edges)
        if band == 0:
            return f"under {edges[0]:g}"
        return f"{edges[-1]:g} and more" if band == len(edges) else f"{edges[band - 1]:g} to {edges[band]:g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
