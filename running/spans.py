"""The steps of a message's way, told to a collector as spans of OpenTelemetry. Needs the extra `tracing`.

A message's trace has the message's id (`wire/trace.py`), so the steps of agent, worker and server find together also
where one of them told none. Attributes are ids, counts and sizes; nothing that says who or where somebody is.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Literal

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from wire import trace as wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

Kind = Literal["sends", "takes", "does"]
Attribute = str | int | float | bool
_KINDS = {"sends": SpanKind.PRODUCER, "takes": SpanKind.CONSUMER, "does": SpanKind.INTERNAL}
_EXPORT_WITHIN_S = 5.0
_EVERY_MS = 2000


class Step:
    """One step of one message; told once it has ended."""

    def __init__(self, message_id: UUID, span: api.Span) -> None:
        self.message_id = message_id
        self._span = span

    @property
    def number(self) -> int:
        """By which what follows from it names it."""
        return self._span.get_span_context().span_id

    @property
    def traceparent(self) -> str:
        return wire.traceparent(self.message_id, self.number)

    def end(self, at_ns: int | None = None, **attributes: Attribute) -> None:
        """`at_ns`: of the machine's clock, since 1970; None: now."""
        self._span.set_attributes(attributes)
        self._span.end(at_ns)


class Tracing:
    """Of one process; may be used from any thread."""

    def __init__(self, url: str, share: float, *, service: str, instance: str) -> None:
        self._share = share
        self._ids = _Ids()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # `takes` has decided
            resource=Resource.create({"service.name": service, "service.instance.id": instance}),
            shutdown_on_exit=False,
            id_generator=self._ids,
        )
        exporter = OTLPSpanExporter(endpoint=url, timeout=_EXPORT_WITHIN_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MS))
        self._tracer = self._provider.get_tracer("talaia")
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # a collector that is away is one line a batch

    def takes(self, message_id: UUID) -> bool:
        """Whether this message is one of those that are traced."""
        return wire.is_sampled(message_id, self._share)

    def begin(
        self,
        name: str,
        message_id: UUID,
        *,
        after: int | None = None,
        kind: Kind = "does",
        at_ns: int | None = None,
        said: Mapping[str, Attribute] | None = None,
    ) -> Step:
        """A step of a message that `takes`; `after`: the number of the one that it belongs to, None: the first."""
        context = Context()
        if after is None:
            self._ids.next_trace.id = message_id.int
        else:
            flags = TraceFlags(TraceFlags.SAMPLED)
            before = SpanContext(message_id.int, after, is_remote=True, trace_flags=flags)
            context = api.set_span_in_context(NonRecordingSpan(before), context)
        attributes = {"messaging.message.id": str(message_id), **(said or {})}
        span = self._tracer.start_span(name, context, _KINDS[kind], attributes, start_time=at_ns)
        return Step(message_id, span)

    def close(self, within_s: float) -> None:
        """Tell what is not told yet; a collector that is away is not waited for longer."""
        telling = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        telling.start()
        telling.join(within_s)


class _NextTrace(threading.local):
    id = 0


class _Ids(IdGenerator):
    """A trace's id is that of its message; begun on the same thread that asks for it."""

    def __init__(self) -> None:
        self.next_trace = _NextTrace()
        self._random = RandomIdGenerator()

    def generate_span_id(self) -> int:
        return self._random.generate_span_id()

    def generate_trace_id(self) -> int:
        return self.next_trace.id
