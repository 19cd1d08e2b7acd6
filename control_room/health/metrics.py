"""What /metrics shows, in Prometheus' text form.

Where several processes serve (`health/shared.py`), whichever is asked tells what all of them counted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from control_room.health import shared

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from control_room.health.service import Figures

MEDIA_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """What was counted since the start."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._streams = Gauge(
            "talaia_stream_clients",
            "Browsers on the live stream.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._requests = Counter(
            "talaia_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._durations = Histogram(
            "talaia_http_first_byte_seconds",
            "From the request's head to the answer's.",
            ["route"],
            registry=self._registry,
            buckets=_BUCKETS_S,
        )

    def count(self, method: str, route: str, status: int, first_byte_s: float) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._durations.labels(route).observe(first_byte_s)

    def set_streams(self, browsers: int) -> None:
        """So many are on the live stream of this process."""
        self._streams.set(browsers)

    def text(self, figures: Figures | None) -> bytes:
        """`figures` of the database; None where it cannot be reached."""
        now = CollectorRegistry()
        Gauge("talaia_database_up", "Whether the database answers.", registry=now).set(figures is not None)
        if figures is not None:
            _add(now, figures)
        return prometheus_client.generate_latest(self._counted()) + prometheus_client.generate_latest(now)

    def _counted(self) -> CollectorRegistry:
        """By this process, or by all that share their counts."""
        if not shared.is_shared():
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus_client leaves it untyped
        return registry


def _add(registry: CollectorRegistry, figures: Figures) -> None:
    alerts = Gauge("talaia_alerts", "Alerts by state.", ["state"], registry=registry)
    for state, count in figures.alerts_by_state.items():
        alerts.labels(state).set(count)
    messages = Gauge(
        "talaia_ingested_messages", "Messages by outcome, since the database was made.", ["outcome"], registry=registry
    )
    for outcome, count in figures.messages_by_outcome.items():
        messages.labels(outcome).set(count)
    Gauge("talaia_dead_letters", "Dead letters that no replay has brought in.", registry=registry).set(
        figures.dead_letters
    )
    Gauge("talaia_broker_up", "Whether a worker has the broker.", registry=registry).set(figures.broker_is_up)
    online = Gauge("talaia_device_online", "Whether the device is online.", ["device_id"], registry=registry)
    seen = Gauge("talaia_device_seen_seconds", "Since the device spoke.", ["device_id"], registry=registry)
    pending = Gauge("talaia_device_pending", "Messages in its outbox.", ["device_id"], registry=registry)
    for device in figures.devices:
        online.labels(device.device_id).set(device.online)
        if device.seen_s is not None:
            seen.labels(device.device_id).set(device.seen_s)
        if device.pending is not None:
            pending.labels(device.device_id).set(device.pending)
    for figure in figures.others:
        gauge = Gauge(figure.name, figure.text, [figure.label] if figure.label else [], registry=registry)
        for label, value in figure.values.items():
            (gauge.labels(label) if figure.label else gauge).set(value)


class CountRequests:
    """ASGI middleware: counts each answer under its route's template, so that ids make no series of their own."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.count(scope["method"], route, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, counted)
