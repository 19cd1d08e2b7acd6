"""The states of an alert and the one table of what leads from which to which."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """An alert is in exactly one."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    CLOSED = "closed"


class Action(enum.StrEnum):
    """What a person does to an alert; `unshelve` is the room's own, when the time is up."""

    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    UNSHELVE = "unshelve"

    @property
    def past(self) -> str:
        """The word for it in an alert's history."""
        return _PAST[self]


_PAST = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.SHELVE: "shelved",
    Action.CLOSE: "closed",
    Action.REOPEN: "reopened",
    Action.NOTE: "note",
    Action.UNSHELVE: "unshelved",
}


class CloseReason(enum.StrEnum):
    """Why an alert is closed."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    TEST = "test"
    NO_ACTION = "no_action"


TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.NEW, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.NEW, Action.SHELVE): State.SHELVED,
    (State.NEW, Action.CLOSE): State.CLOSED,
    (State.NEW, Action.NOTE): State.NEW,
    (State.ACKNOWLEDGED, Action.SHELVE): State.SHELVED,
    (State.ACKNOWLEDGED, Action.CLOSE): State.CLOSED,
    (State.ACKNOWLEDGED, Action.NOTE): State.ACKNOWLEDGED,
    (State.SHELVED, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.SHELVED, Action.SHELVE): State.SHELVED,  # until another time
    (State.SHELVED, Action.CLOSE): State.CLOSED,
    (State.SHELVED, Action.NOTE): State.SHELVED,
    (State.CLOSED, Action.REOPEN): State.NEW,  # it must be judged afresh
    (State.CLOSED, Action.NOTE): State.CLOSED,
}
"""`unshelve` is not here: it leads back to the state from which the alert was shelved."""


def after(state: State, action: Action) -> State | None:
    """The state to which `action` leads from `state`; None where it is not allowed there."""
    return TRANSITIONS.get((state, action))
