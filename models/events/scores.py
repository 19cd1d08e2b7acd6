"""Counts over a folder of clips: per rule what was labelled, found, missed and falsely told, and how fast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.events import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.events.alerts import Alert, Heard
    from models.events.matching import Outcome
    from models.events.truth import Clip, Label
    from vision.rules.illegal_dumping import IllegalDumpingSettings

_SECONDS_AN_HOUR = 3600
_Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Judged:
    """One clip, what was told of it, and which of that is right."""

    clip: Clip
    heard: Heard
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of seconds; None where there is nothing to count."""

    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """One rule over all clips."""

    labelled: int
    found: int
    false: int
    hours: float
    """Of all clips, with labels or without."""
    time_to_alert_s: Percentiles
    """Of those found, from when the thing came to rest (`t_placed_s`, else `t0`, else `t_owner_walks_s`)."""

    @property
    def missed(self) -> int:
        return self.labelled - self.found

    @property
    def precision(self) -> float | None:
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def recall(self) -> float | None:
        return self.found / self.labelled if self.labelled else None

    def fields(self) -> dict[str, Any]:
        return {
            "labelled": self.labelled,
            "found": self.found,
            "missed": self.missed,
            "false": self.false,
            "hours": round(self.hours, 4),
            "precision": _rounded(self.precision),
            "recall": _rounded(self.recall),
            "time_to_alert_s": {"p50": _rounded(self.time_to_alert_s.p50), "p90": _rounded(self.time_to_alert_s.p90)},
        }


def judge(clip: Clip, heard: Heard, settings: IllegalDumpingSettings) -> Judged:
    return Judged(clip, heard, matching.match(clip, heard.alerts, settings))


def score(rule: str, judged: Sequence[Judged]) -> Score:
    labelled = found = false = 0
    waits_s: list[float] = []
    for one in judged:
        of_rule = {number for number, label in enumerate(one.clip.labels) if label.rule == rule}
        matches = [match for match in one.outcome.matches if match.label in of_rule]
        labelled += sum(not one.clip.labels[number].too_small for number in of_rule)
        found += len(matches)
        false += sum(one.heard.alerts[alert].rule == rule for alert in one.outcome.false)
        for match in matches:
            began_s = matching.began_s(one.clip.labels[match.label])
            if began_s is not None:
                waits_s.append(one.heard.alerts[match.alert].at_s - began_s)
    hours = sum(one.clip.duration_s for one in judged) / _SECONDS_AN_HOUR
    return Score(labelled, found, false, hours, Percentiles(percentile(waits_s, 0.5), percentile(waits_s, 0.9)))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Between the two nearest values, linearly."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def wilson(found: int, of: int) -> tuple[float, float] | None:
    """The 95 % interval of a share by Wilson's formula; it stays within 0..1 also for few and for all."""
    if not of:
        return None
    share, square = found / of, _Z95 * _Z95
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = _Z95 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, centre - half), min(1.0, centre + half)


def rate_bound(false: int, hours: float) -> float | None:
    """The one-sided 95 % upper bound of false alarms an hour; for none of them the rule of three, 3 / hours.

    The exact bound of a Poisson count, found by halving.
    """
    if hours <= 0:
        return None
    low, high = 0.0, 3.0 + 3.0 * (false + 2 * math.sqrt(false))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _poisson_at_most(false, middle) < 0.05 else (middle, high)  # noqa: PLR2004 -- 95 %
    return high / hours


def _poisson_at_most(count: int, mean: float) -> float:
    return sum(math.exp(-mean + each * math.log(mean) - math.lgamma(each + 1)) for each in range(count + 1))


def clip_fields(one: Judged, settings: IllegalDumpingSettings) -> dict[str, Any]:
    """What was matched to what in one clip."""
    alerts, outcome = one.heard.alerts, one.outcome
    found_by = {match.label: match.alert for match in outcome.matches}
    verdicts = {match.alert: "found" for match in outcome.matches}
    verdicts |= dict.fromkeys(outcome.false, "false") | dict.fromkeys(outcome.unscored, "too_small")
    return {
        "clip": one.clip.name,
        "duration_s": round(one.clip.duration_s, 3),
        "size": list(one.clip.size_px),
        "conditions": one.clip.conditions,
        "broken": one.heard.broken,
        "events": [
            {
                "rule": label.rule,
                "what": label.what,
                "verdict": _verdict(number, label.too_small, found_by),
                "window_s": _window(one, number, settings),
                "bbox": [list(box) for box in label.boxes_px],
                "matched": found_by.get(number),
                "on_it_s": _on_it_s(one, label),
                "why": outcome.why.get(number),
                "conditions": one.clip.conditions | label.conditions,
            }
            for number, label in enumerate(one.clip.labels)
        ],
        "opened": [_alert_fields(one.clip, alert, verdicts[number]) for number, alert in enumerate(alerts)],
    }


def _verdict(label: int, too_small: bool, found_by: dict[int, int]) -> str:  # noqa: FBT001 -- a fact of the label
    if too_small:
        return "too_small"
    return "found" if label in found_by else "missed"


def _on_it_s(one: Judged, label: Label) -> float | None:
    """When an alert first lay on the thing after it was there, in its window or not."""
    began_s = (matching.began_s(label) or 0.0) - matching.LABEL_TOLERANCE_S
    later = [alert for alert in one.heard.alerts if alert.rule == label.rule and alert.at_s >= began_s]
    return min((alert.at_s for alert in later if matching.off_px(one.clip, label, alert) == 0), default=None)


def _window(one: Judged, label: int, settings: IllegalDumpingSettings) -> list[float]:
    wanted = matching.window(one.clip.labels[label], settings, one.clip.duration_s)
    return [round(wanted.from_s, 3), round(wanted.to_s, 3)]


def _alert_fields(clip: Clip, alert: Alert, verdict: str) -> dict[str, Any]:
    width, height = clip.size_px
    box = None if alert.box is None else [round(v * s, 1) for v, s in zip(alert.box, (width, height) * 2, strict=True)]
    return {
        "rule": alert.rule,
        "media_time_s": alert.at_s,
        "bbox": box,
        "confidence": alert.confidence,
        "verdict": verdict,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
