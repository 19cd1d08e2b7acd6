"""Every rule there is: one line each, from which the agent's configuration and `talaia-edge analyse` are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vision.rules.camera_tamper import CameraTamper, CameraTamperSettings
from vision.rules.crowd import Crowd, CrowdSettings
from vision.rules.fast_motion_or_fight import FastMotionOrFight, FastMotionOrFightSettings
from vision.rules.illegal_dumping import IllegalDumping, IllegalDumpingSettings
from vision.rules.intrusion import Intrusion, IntrusionSettings
from vision.rules.line_crossing import LineCrossing, LineCrossingSettings
from vision.rules.loitering import Loitering, LoiteringSettings
from vision.rules.object_removed import ObjectRemoved, ObjectRemovedSettings
from vision.rules.smoke_fire import SmokeFire, SmokeFireSettings
from vision.rules.stopped_vehicle import StoppedVehicle, StoppedVehicleSettings
from vision.rules.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vision.detect import Detector
    from vision.rules.base import Rule
    from vision.rules.settings import RuleSettings
    from vision.zones import Zone


@dataclass(frozen=True, slots=True)
class RuleKind:
    """One kind of rule."""

    name: str
    settings: type[RuleSettings]
    make: Callable[[Any, list[Zone]], Rule]
    """From its settings and the camera's zones."""
    on_by_default: bool = False
    about_people: bool = False
    """It judges people's behaviour: only with a stated purpose and an impact assessment."""
    needs_zone: frozenset[str] = frozenset()
    """Kinds of zone without which it finds nothing; empty: the whole picture will do."""
    moves_along: bool = False
    """It also works while the camera moves: it needs no background, no zone and no place in the picture."""


KINDS: Mapping[str, RuleKind] = {
    kind.name: kind
    for kind in (
        RuleKind("illegal_dumping", IllegalDumpingSettings, IllegalDumping, on_by_default=True),
        RuleKind("camera_tamper", CameraTamperSettings, CameraTamper, on_by_default=True),
        RuleKind("object_removed", ObjectRemovedSettings, ObjectRemoved, needs_zone=frozenset({"watch"})),
        RuleKind("intrusion", IntrusionSettings, Intrusion, needs_zone=frozenset({"watch"})),
        RuleKind("line_crossing", LineCrossingSettings, LineCrossing, needs_zone=frozenset({"line"})),
        RuleKind(
            "stopped_vehicle",
            StoppedVehicleSettings,
            StoppedVehicle,
            needs_zone=frozenset({"no_stopping", "fixture"}),
        ),
        RuleKind("loitering", LoiteringSettings, Loitering, about_people=True),
        RuleKind("crowd", CrowdSettings, Crowd, about_people=True, moves_along=True),
        RuleKind("fast_motion_or_fight", FastMotionOrFightSettings, FastMotionOrFight, about_people=True),
        RuleKind("smoke_fire", SmokeFireSettings, SmokeFire, moves_along=True),
    )
}


def make(name: str, settings: RuleSettings, zones: Sequence[Zone], detector: Detector | None = None) -> Rule:
    """The rule with its hours and calendar, with those of the camera's zones that concern it.

    `detector` is the model of a rule that brings its own; without one such a rule finds nothing.
    """
    rule = KINDS[name].make(settings, _concerned(name, settings, zones))
    if isinstance(rule, SmokeFire) and detector is not None:
        rule.use(detector)
    return Watched(rule, settings)


def _concerned(name: str, settings: RuleSettings, zones: Sequence[Zone]) -> list[Zone]:
    return [zone for zone in zones if zone.concerns(name) and (not settings.zones or zone.name in settings.zones)]


def lacks_zone(name: str, settings: RuleSettings, zones: Sequence[Zone]) -> list[str]:
    """The kinds of zone of which it needs one and has none; empty where it can find something."""
    needed = KINDS[name].needs_zone
    if not needed or any(zone.kind in needed for zone in _concerned(name, settings, zones)):
        return []
    return sorted(needed)
