"""Which alert is which labelled event: its box's centre on the thing, told within the label's window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.events import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.events.alerts import Alert
    from models.events.truth import Clip, Label
    from vision.rules.illegal_dumping import IllegalDumpingSettings

LABEL_TOLERANCE_S = 0.2
LABEL_TOLERANCE_PX = 6.0
"""Labels are drawn by eye; both as `data/dumping` states them."""
AFTER_GONE_S, AFTER_SETTLED_S, AFTER_STATE_S = 5.0, 4.0, 5.0
"""So much later than it could be told an alert still counts as told in time."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when an alert counts as this label's, seconds of media time, the tolerance included."""

    from_s: float
    to_s: float

    def holds(self, at_s: float) -> bool:
        return self.from_s <= at_s <= self.to_s


@dataclass(frozen=True, slots=True)
class Match:
    """A label and the alert that found it."""

    label: int
    alert: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip's labels against its alerts, all by their numbers in their lists."""

    matches: list[Match]
    missed: list[int]
    false: list[int]
    unscored: list[int]
    """Alerts on a thing that is labelled too small to be scored."""
    why: dict[int, str]
    """Of a missed label: what came nearest to it, in words."""


def window(label: Label, settings: IllegalDumpingSettings, duration_s: float) -> Window:
    """The rule of the table in docs/design/evaluation.md."""
    if label.rule != truth.DUMPING:
        assert label.t0 is not None  # noqa: S101 -- `Label` needs it
        return _tolerant(label.t0, label.t0 + AFTER_STATE_S if label.t1 is None else label.t1)
    if label.actor == "vehicle":
        assert label.t_placed_s is not None  # noqa: S101 -- as above
        settled_s = label.t_placed_s + settings.settled_s
        return _tolerant(settled_s, settled_s + AFTER_SETTLED_S)
    assert label.t_owner_walks_s is not None  # noqa: S101 -- as above
    gone_s = duration_s if label.t_owner_gone_s is None else label.t_owner_gone_s
    return _tolerant(label.t_owner_walks_s + settings.unattended_s, gone_s + settings.unattended_s + AFTER_GONE_S)


def _tolerant(from_s: float, to_s: float) -> Window:
    return Window(from_s - LABEL_TOLERANCE_S, to_s + LABEL_TOLERANCE_S)


def began_s(label: Label) -> float | None:
    """When what the label is about began, from which the time to an alert counts."""
    return next((at for at in (label.t_placed_s, label.t0, label.t_owner_walks_s) if at is not None), None)


def off_px(clip: Clip, label: Label, alert: Alert) -> float:
    """How far the alert's centre lies outside the nearest of the label's boxes, less the tolerance; 0: on it."""
    if not label.boxes_px or alert.box is None:
        return 0.0
    x, y = clip.centre_px(alert.box)
    distances = [max(x1 - x, x - x2, y1 - y, y - y2) - LABEL_TOLERANCE_PX for x1, y1, x2, y2 in label.boxes_px]
    return max(0.0, min(distances))


def match(clip: Clip, alerts: Sequence[Alert], settings: IllegalDumpingSettings) -> Outcome:
    """Give each label at most one alert and each alert at most one label, as many pairs as there can be."""
    windows = [window(label, settings, clip.duration_s) for label in clip.labels]

    def fits(label: int, alert: int) -> bool:
        one, told = clip.labels[label], alerts[alert]
        return one.rule == told.rule and windows[label].holds(told.at_s) and off_px(clip, one, told) == 0

    scored = [number for number, label in enumerate(clip.labels) if not label.too_small]
    found = pairs(scored, range(len(alerts)), fits)
    unscored = [
        alert for alert in range(len(alerts)) if alert not in found.values() and _too_small(clip, alerts[alert])
    ]
    missed = [label for label in scored if label not in found]
    return Outcome(
        matches=[Match(label, alert) for label, alert in sorted(found.items())],
        missed=missed,
        false=[alert for alert in range(len(alerts)) if alert not in found.values() and alert not in unscored],
        unscored=unscored,
        why={label: _why(clip, label, windows[label], alerts) for label in missed},
    )


def pairs(labels: Sequence[int], alerts: Sequence[int], fits: Callable[[int, int], bool]) -> dict[int, int]:
    """Pair as many labels with alerts as can be, the earlier alert first (augmenting paths)."""
    label_of: dict[int, int] = {}

    def place(label: int, tried: set[int]) -> bool:
        for alert in alerts:
            if alert in tried or not fits(label, alert):
                continue
            tried.add(alert)
            if alert not in label_of or place(label_of[alert], tried):
                label_of[alert] = label
                return True
        return False

    for label in labels:
        place(label, set())
    return {label: alert for alert, label in label_of.items()}


def _too_small(clip: Clip, alert: Alert) -> bool:
    return any(
        label.too_small and label.rule == alert.rule and off_px(clip, label, alert) == 0 for label in clip.labels
    )


def _why(clip: Clip, label: int, wanted: Window, alerts: Sequence[Alert]) -> str:
    """Say of the nearest alert why it does not count: first those on the thing, then those in time."""
    one = clip.labels[label]
    rivals = [alert for alert in alerts if alert.rule == one.rule]
    if not rivals:
        return "no alert at all"
    nearest = min(
        rivals, key=lambda alert: (off_px(clip, one, alert) > 0, _off_s(wanted, alert), off_px(clip, one, alert))
    )
    told = []
    if nearest.at_s < wanted.from_s:
        told.append(f"too early by {wanted.from_s - nearest.at_s:.1f} s")
    if nearest.at_s > wanted.to_s:
        told.append(f"too late by {nearest.at_s - wanted.to_s:.1f} s")
    if off_px(clip, one, nearest) > 0:
        told.append(f"box off by {off_px(clip, one, nearest):.0f} px")
    return f"alert at {nearest.at_s:.1f} s: {', '.join(told) or 'it counts for another label'}"


def _off_s(wanted: Window, alert: Alert) -> float:
    return max(wanted.from_s - alert.at_s, alert.at_s - wanted.to_s, 0.0)
