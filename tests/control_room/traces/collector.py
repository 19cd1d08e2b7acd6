"""A collector of traces that takes OTLP over HTTP, as a town would have one."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Told:
    """One span as it came."""

    service: str
    name: str
    trace_id: UUID
    span_id: bytes
    parent_id: bytes
    begun_ns: int
    ended_ns: int
    attributes: dict[str, Any]


class Collector:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._told: list[Told] = []
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                packed = self.headers.get("Content-Encoding") == "gzip"
                collector.take(self.path, gzip.decompress(body) if packed else body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector", daemon=True)
        self._thread.start()

    def take(self, path: str, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            self.paths.add(path)
            for of_process in request.resource_spans:
                names = {each.key: each.value.string_value for each in of_process.resource.attributes}
                for scope in of_process.scope_spans:
                    self._told += [_told(names["service.name"], span) for span in scope.spans]

    def spans(self, trace_id: UUID | None = None) -> list[Told]:
        with self._lock:
            return [each for each in self._told if trace_id in {None, each.trace_id}]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)


def _told(service: str, span: Any) -> Told:
    return Told(
        service,
        span.name,
        UUID(bytes=span.trace_id),
        span.span_id,
        span.parent_span_id,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes},
    )


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    try:
        yield collector
    finally:
        collector.close()
