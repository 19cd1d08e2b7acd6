"""Ends the events of rules that no longer run: nobody else would ever say that they are over."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import uuid_utils.compat

from edge import rule_tables
from edge.outbox import RuleState

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.config import Settings
    from edge.outbox import Outbox, Place
    from wire.event import EventMessage

log = logging.getLogger(__name__)

RULE_OFF = "rule_off"


def close_switched_off(settings: Settings, outbox: Outbox, clock: Clock) -> int:
    """Close what is open of cameras that are gone and of rules that are switched off; says how many there were."""
    running = {(camera.id, rule) for camera in settings.camera for rule in rule_tables.enabled(camera.rules)}
    orphans = [
        told for told in outbox.open_occurrences() if (told.occurrence.camera_id, told.occurrence.rule) not in running
    ]
    for told in orphans:
        over = replace(told.occurrence, open=False)
        outbox.append(
            _closed(told.message, clock), occurrence=over, rule_state=RuleState(over.camera_id, over.rule, None)
        )
        log.info("%s: %s no longer runs, its event %s is over", over.camera_id, over.rule, told.message.event_id)
    return len(orphans)


def _closed(last: EventMessage, clock: Clock) -> Callable[[Place], EventMessage]:
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
                "attributes": {**last.attributes, "ended": RULE_OFF},
            }
        )

    return make
