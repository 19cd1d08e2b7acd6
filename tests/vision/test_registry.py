"""Every rule is there once, with settings that document themselves."""

from __future__ import annotations

import json

import pytest

from vision.rules import registry
from vision.rules.registry import KINDS, RuleKind


def test_what_runs_by_default_and_what_judges_people() -> None:
    assert [name for name, kind in KINDS.items() if kind.on_by_default] == ["illegal_dumping", "camera_tamper"]
    assert [name for name, kind in KINDS.items() if kind.about_people] == [
        "loitering",
        "crowd",
        "fast_motion_or_fight",
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_rule_is_made_from_its_defaults_and_gives_an_empty_state(kind: RuleKind) -> None:
    rule = registry.make(kind.name, kind.settings(), [])
    assert rule.name == kind.name
    state = json.loads(json.dumps(rule.snapshot()))
    rule.restore(state, 0.0)
    assert rule.snapshot() == state
