"""Which rules a camera runs: the tables of its configuration against the rules that `vision` offers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from vision.rules import registry
from vision.rules.registry import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from edge.outbox import SavedState
    from vision.rules.base import Rule
    from vision.rules.registry import RuleKind
    from vision.zones import Zone

log = logging.getLogger(__name__)


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


def build(section: BaseModel, zones: Sequence[Zone], *, only: Collection[str] | None = None) -> list[Rule]:
    """The rules that are enabled, or those named in `only`; each with the zones that concern it."""
    wanted = enabled(section) if only is None else [name for name in KINDS if name in only]
    return [registry.make(name, getattr(section, name), zones) for name in wanted]


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
