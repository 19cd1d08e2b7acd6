"""The server's part of a message's trace: from the row in `stream` to the first browser. Only where tracing is on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wire import trace as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.rows import TupleRow

    from running.spans import Step, Tracing

_MOST_A_FRAME = 50


class TracedFrames:
    """Of one process."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def begin(self, rows: Sequence[TupleRow], browsers: int) -> Callable[[], None] | None:
        """What to call when a browser is given the frame; `rows`: id, kind, text, `traceparent`, when written."""
        traced = [row for row in rows if row[3] is not None]
        steps = [step for row in traced[:_MOST_A_FRAME] for step in self._begin(row, browsers)]
        if not steps:
            return None
        if not browsers:
            _end(steps)
            return None
        return lambda: _end(steps)

    def _begin(self, row: TupleRow, browsers: int) -> list[Step]:
        """A step that goes on, of a change that is traced; what went before it is told at once."""
        message_id = wire.trace_id(row[3])
        stored = None if message_id is None else wire.parent(row[3], message_id)
        if message_id is None or stored is None:
            return []
        now_ns = time.time_ns()
        written_ns = int(row[4].timestamp() * 1_000_000) * 1000
        self._tracing.begin("notified", message_id, after=stored, at_ns=written_ns).end(now_ns)
        said: dict[str, str | int] = {"talaia.stream_id": row[0], "talaia.browsers": browsers}
        return [self._tracing.begin("frame", message_id, after=stored, kind="sends", at_ns=now_ns, said=said)]


def _end(steps: list[Step]) -> None:
    """Once: of several browsers the first counts."""
    for step in steps:
        step.end()
    steps.clear()
