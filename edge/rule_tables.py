"""Which rules a camera runs: the tables of its configuration against the rules that `vision` offers."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from edge.inference import SharedDetector
from models.errors import ModelError
from vision.rules import registry
from vision.rules.registry import KINDS
from vision.rules.smoke_fire import LABELS, SmokeFire

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from edge.outbox import SavedState
    from vision.detect import Detector
    from vision.rules.base import Rule
    from vision.rules.registry import RuleKind
    from vision.zones import Zone

log = logging.getLogger(__name__)

SMOKE_MODEL = "only with model = the absolute path of a detection model whose card lists smoke, fire or flame"


def _table(kind: RuleKind) -> type[BaseModel]:
    """The rule's own settings and whether it runs."""
    enabled: Any = (bool, kind.on_by_default)
    return create_model(f"{kind.name}_table", __base__=kind.settings, enabled=enabled)


def _section() -> type[BaseModel]:
    tables: dict[str, Any] = {}
    for name, kind in KINDS.items():
        table = _table(kind)
        tables[name] = (table, Field(default_factory=table))
    return create_model("rules", __config__=ConfigDict(extra="forbid", frozen=True), **tables)


SECTION = _section()
"""The model of `[camera.rules]`: one table a rule that `vision` offers."""

if TYPE_CHECKING:
    Section = BaseModel
else:
    Section = SECTION


def enabled(section: BaseModel) -> list[str]:
    return [name for name in KINDS if getattr(section, name).enabled]


def about_people(section: BaseModel) -> list[str]:
    """Those of the enabled rules that watch people's behaviour."""
    return [name for name in enabled(section) if KINDS[name].about_people]


def smoke_model_fault(section: BaseModel) -> str | None:
    """Why `smoke_fire` may not be enabled: it has no model, or none that knows what it looks for."""
    if not getattr(section, SmokeFire.name).enabled:
        return None
    try:
        _smoke_detector(section)
    except ModelError as error:
        return str(error)
    return None


def _smoke_detector(section: BaseModel) -> Detector:
    table = getattr(section, SmokeFire.name)
    if not Path(table.model).is_absolute():
        raise ModelError(SMOKE_MODEL)
    return _load(table.model, table.input_px, table.confidence)


@functools.cache
def _load(model: str, input_px: int, confidence: float) -> Detector:
    """One for all cameras that name the same file."""
    from models import load_detector  # noqa: PLC0415 - onnxruntime only where a camera has such a model

    detector = load_detector("onnxruntime", model, input_px, confidence)
    if not LABELS & {label.lower() for label in detector.labels}:
        raise ModelError(f"{SMOKE_MODEL}, and {model} knows {', '.join(detector.labels)[:60]}")
    return SharedDetector(detector)


def build(section: BaseModel, zones: Sequence[Zone], *, only: Collection[str] | None = None) -> list[Rule]:
    """The rules that are enabled, or those named in `only`; each with the zones that concern it."""
    wanted = enabled(section) if only is None else [name for name in KINDS if name in only]
    if only is None:
        for note in blind(section, zones, wanted):
            log.warning(note)
    detectors = {SmokeFire.name: _smoke_detector(section)} if SmokeFire.name in wanted else {}
    return [registry.make(name, getattr(section, name), zones, detectors.get(name)) for name in wanted]


def blind(section: BaseModel, zones: Sequence[Zone], names: Collection[str]) -> list[str]:
    """A line for each of these rules that finds nothing because the camera has no zone for it."""
    lacking = {name: registry.lacks_zone(name, getattr(section, name), zones) for name in names}
    return [
        f"{name} needs a zone of kind {' or '.join(kinds)}: without one it finds nothing"
        for name, kinds in lacking.items()
        if kinds
    ]


def unknown_zone(section: BaseModel, zones: Sequence[Zone]) -> tuple[str, str] | None:
    """A rule and a zone that it names and that the camera has not."""
    known = {zone.name for zone in zones}
    for rule in KINDS:
        for name in getattr(section, rule).zones:
            if name not in known:
                return rule, name
    return None


def restore(rule: Rule, saved: SavedState | None) -> None:
    """Give a rule back what it had open; without it where the state is of another version."""
    if saved is None:
        return
    try:
        rule.restore(saved.state, saved.ago_s)
    except ValueError as error:
        log.warning("%s begins afresh: %s", rule.name, error)
