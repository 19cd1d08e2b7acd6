"""What a new configuration changes, and for whom.

| changed | what begins anew |
|---|---|
| a camera's name, place, purpose, zones other than masks, rules, schedules | nothing: it changes in place |
| anything else of a camera | that camera |
| `evidence` | all cameras, and what sends |
| `recording` other than its directory | nothing: the ring is made shorter or longer |
| `live` | nothing: what is sent goes on, what comes next follows it |
| `room`, `mqtt`, `tracing`, or what the files of their secrets hold | what sends |
| what a camera's `password_file` holds | that camera |
| `device`, `detector`, `recording.directory` | refused: only with the agent |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge import rule_tables
from edge.errors import ConfigurationError
from edge.outbox import SavedState
from vision.rules.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config import CameraSection, Settings
    from vision.rules.base import Rule

_IN_PLACE = (
    "name",
    "lat",
    "lon",
    "accuracy_m",
    "purpose",
    "legal_regime",
    "impact_assessment",
    "staged",
    "zones",
    "rules",
)
_WITH_THE_AGENT = ("device", "detector")
_OF_OTHERS = {"camera", *_WITH_THE_AGENT, "room", "mqtt", "recording", "live", "tracing"}


def check(old: Settings, new: Settings) -> None:
    """Raises `ConfigurationError` where the change needs a restart of the agent."""
    if old.recordings_dir != new.recordings_dir:
        got = f"got {new.recording.directory!r} in place of {old.recording.directory!r}"
        raise ConfigurationError(f"recording.directory: {got}; allowed: a change only with a restart of the agent")
    keys = [(section, key) for section in _WITH_THE_AGENT for key in type(getattr(old, section)).model_fields]
    for section, key in [*keys, ("recording", "directory")]:
        was, wanted = (getattr(getattr(one, section), key) for one in (old, new))
        if was != wanted:
            got = f"got {wanted!r} in place of {was!r}"
            raise ConfigurationError(f"{section}.{key}: {got}; allowed: a change only with a restart of the agent")


def of_senders(old: Settings, new: Settings) -> bool:
    """Whether what sends must begin anew."""
    return any(getattr(old, part) != getattr(new, part) for part in ("room", "mqtt", "tracing", "evidence"))


def of_all_cameras(old: Settings, new: Settings) -> bool:
    """Whether something changed that every camera is built with."""
    return any(
        getattr(old, section) != getattr(new, section)
        for section in type(new).model_fields
        if section not in _OF_OTHERS
    )


def restarts(old: CameraSection, new: CameraSection) -> bool:
    """Whether this camera must begin anew. Masks are part of what it records, so they count."""
    in_place: dict[str, Any] = {key: getattr(new, key) for key in _IN_PLACE}
    return old.model_copy(update=in_place) != new or _masks(old) != _masks(new)


def rules_for(running: Sequence[Rule], old: CameraSection, new: CameraSection, now_s: float) -> list[Rule]:
    """The rules of `new`: those that did not change as they run, the others made anew with what they had open.

    `now_s` is the camera's media time.
    """
    by_name = {rule.name: rule for rule in running}
    kept = {name for name in by_name if name in rule_tables.enabled(new.rules) and _same(name, old, new)}
    made = rule_tables.build(new.rules, new.zones, only=[n for n in rule_tables.enabled(new.rules) if n not in kept])
    for rule in made:
        before = by_name.get(rule.name)
        if before is not None:
            _take_over(rule, before, now_s)
    fresh = {rule.name: rule for rule in made}
    return [by_name[name] if name in kept else fresh[name] for name in KINDS if name in kept or name in fresh]


def _take_over(rule: Rule, before: Rule, now_s: float) -> None:
    """A snapshot counts its times back from when it was taken, which for this rule is not media time 0."""
    rule_tables.restore(rule, SavedState(before.snapshot(), -now_s))
    learned = before.memory()
    if learned is not None:
        try:
            rule.recall(learned, -now_s)
        except ValueError:
            return


def _same(name: str, old: CameraSection, new: CameraSection) -> bool:
    """Whether a rule's settings and the zones that concern it are what they were."""
    was, wanted = ([zone for zone in one.zones if zone.concerns(name)] for one in (old, new))
    return getattr(old.rules, name) == getattr(new.rules, name) and was == wanted


def _masks(camera: CameraSection) -> list[Any]:
    return [zone for zone in camera.zones if zone.kind == "mask"]
