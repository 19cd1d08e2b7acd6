"""What happens to a thread whose work fails in a way that nobody foresaw."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from edge.clock import Clock

log = logging.getLogger(__name__)

_FAULT_PAUSE_S = 10.0


def again_after_faults(
    work: Callable[[], None],
    *,
    what: str,
    clock: Clock,
    stop: Event,
    at_fault: Callable[[Exception], None] | None = None,
    mend: Callable[[], None] | None = None,
) -> None:
    """Do `work` until it returns: an unexpected fault is logged whole, and after a pause it begins again.

    `at_fault` is told at once; `mend` puts right what the work left behind, just before it begins again.
    """
    while not stop.is_set():
        try:
            work()
        except Exception as error:
            log.exception("%s: unexpected fault", what)
            if at_fault is not None:
                at_fault(error)
            clock.wait(stop, _FAULT_PAUSE_S)
            if mend is not None:
                mend()
        else:
            return
