"""Every rule there is: one line each, from which the agent's configuration and `talaia-edge analyse` are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vision.rules.illegal_dumping import IllegalDumping, IllegalDumpingSettings
from vision.rules.intrusion import Intrusion, IntrusionSettings
from vision.rules.loitering import Loitering, LoiteringSettings
from vision.rules.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    on_by_default: bool
    about_people: bool
    """It judges people's behaviour: only with a stated purpose and an impact assessment."""


KINDS: Mapping[str, RuleKind] = {
    kind.name: kind
    for kind in (
        RuleKind("illegal_dumping", IllegalDumpingSettings, IllegalDumping, on_by_default=True, about_people=False),
        RuleKind("intrusion", IntrusionSettings, Intrusion, on_by_default=False, about_people=False),
        RuleKind("loitering", LoiteringSettings, Loitering, on_by_default=False, about_people=True),
    )
}


def make(name: str, settings: RuleSettings, zones: Sequence[Zone]) -> Rule:
    """The rule with its hours and calendar, of those of the camera's zones that concern it."""
    concerned = [zone for zone in zones if zone.concerns(name) and (not settings.zones or zone.name in settings.zones)]
    return Watched(KINDS[name].make(settings, concerned), settings)
