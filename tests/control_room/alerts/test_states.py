"""The one table of an alert's states."""

from __future__ import annotations

from control_room.alerts import states
from control_room.alerts.states import Action, State


def test_the_table_is_this() -> None:
    words = {
        state.value: {action.value: found.value for action in Action if (found := states.after(state, action))}
        for state in State
    }
    assert words == {
        "new": {"acknowledge": "acknowledged", "shelve": "shelved", "close": "closed", "note": "new"},
        "acknowledged": {"shelve": "shelved", "close": "closed", "note": "acknowledged"},
        "shelved": {"acknowledge": "acknowledged", "shelve": "shelved", "close": "closed", "note": "shelved"},
        "closed": {"reopen": "new", "note": "closed"},
    }


def test_every_action_has_its_word() -> None:
    assert {action.past for action in Action} == {
        "acknowledged",
        "shelved",
        "closed",
        "reopened",
        "note",
        "unshelved",
    }
