"""Ends the events of rules that no longer run: nobody else would ever say that they are over."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import uuid_utils.compat

from edge import rule_tables
from edge.outbox import RuleState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from edge.clock import Clock
    from edge.config import Settings
    from edge.outbox import Outbox, Place, Told
    from wire.event import EventMessage

log = logging.getLogger(__name__)

RULE_OFF = "rule_off"
CAMERA_MOVED = "camera_moved"


def close_switched_off(settings: Settings, outbox: Outbox, clock: Clock) -> int:
    """Close what is open of cameras that are gone and of rules that are switched off; says how many there were."""
    running = {(camera.id, rule) for camera in settings.camera for rule in rule_tables.enabled(camera.rules)}
    orphans = [
        told for told in outbox.open_occurrences() if (told.occurrence.camera_id, told.occurrence.rule) not in running
    ]
    for told in orphans:
        _close(told, outbox, clock, RULE_OFF)
        log.info("%s: %s no longer runs", told.occurrence.camera_id, told.occurrence.rule)
    return len(orphans)


def close_left_behind(camera_id: str, rules: Collection[str], outbox: Outbox, clock: Clock) -> int:
    """Close what these rules have open of a camera that has flown on; says how many there were."""
    left = [
        told
        for told in outbox.open_occurrences()
        if told.occurrence.camera_id == camera_id and told.occurrence.rule in rules
    ]
    for told in left:
        _close(told, outbox, clock, CAMERA_MOVED)
    return len(left)


def _close(told: Told, outbox: Outbox, clock: Clock, ended: str) -> None:
    over = replace(told.occurrence, open=False)
    state = RuleState(over.camera_id, over.rule, None)
    outbox.append(_closed(told.message, clock, ended), occurrence=over, rule_state=state)
    log.info("%s: the event %s of %s is over: %s", over.camera_id, told.message.event_id, over.rule, ended)


def _closed(last: EventMessage, clock: Clock, ended: str) -> Callable[[Place], EventMessage]:
    """As the event was last told, and over now."""

    def make(place: Place) -> EventMessage:
        now = clock.now()
        return last.model_copy(
            update={
                "message_id": uuid_utils.compat.uuid7(),
                "outbox_id": place.outbox_id,
                "sequence": place.sequence,
                "phase": "closed",
                "occurred_at": now,
                "sent_at": now,
                "evidence": [],
                "attributes": {**last.attributes, "ended": ended},
            }
        )

    return make
