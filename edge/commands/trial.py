"""`rules_try`: what zones and rules would have found in a recorded span, by the same pipeline as on the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from edge import explain, messages, rule_tables
from edge.commands.orders import CommandError
from edge.pipeline import Pipeline
from models.errors import ModelError
from vision.rules.registry import KINDS
from vision.zones import ZoneFile
from wire.commands import Tried, TriedRules, TryRules

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.config import CameraSection
    from edge.recording import Recordings
    from vision.detect import Detector
    from vision.frame import Frame
    from vision.rules.base import Rule, RuleEvent
    from vision.zones import Zone

LONGEST_S = 3600.0
GIVEN_UP_AFTER_S = 1800.0
_EVENTS_MAX = 500
_LOOK_EVERY = 10
"""Pictures between two looks at the clock."""


class _Found:
    """Keeps what would have been opened."""

    def __init__(self) -> None:
        self.events: list[Tried] = []

    def __call__(self, event: RuleEvent, frame: Frame, _rule: Rule) -> None:
        if event.phase != "opened" or len(self.events) >= _EVENTS_MAX:
            return
        self.events.append(
            Tried(
                rule=event.rule,
                occurred_at=messages.clock_at(frame, event.occurred_s),
                began_at=None if event.began_s is None else messages.clock_at(frame, event.began_s),
                severity=event.severity,
                confidence=round(float(event.confidence), 4),
                zone=event.zone,
                box=event.objects[0].box if event.objects else None,
            )
        )


def run(
    wanted: TryRules,
    camera: CameraSection,
    *,
    recordings: Recordings,
    detector: Detector,
    clock: Clock,
    progress: Callable[[float], None],
) -> TriedRules:
    """Look at the span.

    Raises:
        CommandError: zones or rules are wrong, the law does not allow them here, or it takes too long.
        RecordingError: the span cannot be read.
    """
    length_s = (wanted.to - wanted.from_).total_seconds()
    if length_s > LONGEST_S:
        raise CommandError(f"at most {LONGEST_S / 60:.0f} minutes are tried at once")
    rules = _rules(wanted, camera)
    found = _Found()
    pipeline = Pipeline(detector=detector, rules=rules, deliver=found)
    give_up_s = clock.monotonic_s() + GIVEN_UP_AFTER_S
    frames = recordings.frames(wanted.camera_id, wanted.from_, wanted.to, analysis_fps=camera.analysis_fps)
    for number, frame in enumerate(frames):
        pipeline.look(frame)
        if number % _LOOK_EVERY == 0:
            progress((frame.captured_at - wanted.from_).total_seconds() / length_s)
            if clock.monotonic_s() > give_up_s:
                raise CommandError(f"not done within {GIVEN_UP_AFTER_S / 60:.0f} minutes: try a shorter span")
    gaps = list(recordings.gaps(wanted.camera_id, wanted.from_, wanted.to))
    missing_s = sum((to - from_).total_seconds() for from_, to in gaps)
    return TriedRules(events=found.events, analysed_s=round(max(0.0, length_s - missing_s), 3), gaps=gaps[:500])


def _rules(wanted: TryRules, camera: CameraSection) -> list[Rule]:
    unknown = [name for name in wanted.rules if name not in KINDS]
    if unknown:
        raise CommandError(f"rules: got {unknown[0][:60]!r}; allowed: {', '.join(KINDS)}")
    people = [name for name in wanted.rules if KINDS[name].about_people]
    if people and not (camera.purpose.strip() and camera.impact_assessment.strip()):
        raise CommandError(f"rules.{people[0]}: watches people's behaviour; the camera has no purpose and assessment")
    zones = _zones(wanted)
    try:
        section = rule_tables.SECTION.model_validate(wanted.rules)
    except ValidationError as error:
        said = explain.explain(error, dict(wanted.rules), rule_tables.SECTION)
        raise CommandError(f"rules.{said}") from None
    try:
        return rule_tables.build(section, zones, only=list(wanted.rules))
    except ModelError as error:
        raise CommandError(f"rules.smoke_fire: {error}") from None


def _zones(wanted: TryRules) -> list[Zone]:
    content = {"zones": wanted.zones}
    try:
        return ZoneFile.model_validate(content).zones
    except ValidationError as error:
        raise CommandError(explain.explain(error, content, ZoneFile)) from None
