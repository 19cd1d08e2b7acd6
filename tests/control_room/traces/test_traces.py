"""One id from the device's publish to the browser's frame: over the real broker, worker, server and OTLP."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import uuid_utils.compat

from control_room import room as rooms
from control_room.database import pool
from control_room.sessions import cookie
from control_room.sessions import service as sessions
from control_room.users import service as users
from edge.clock import Clock
from edge.health.pulse import Pulse
from edge.outbox import FILE_NAME, Outbox
from edge.publish import BrokerSettings, Publisher, Traced
from running import tracing
from tests.control_room import door as doors
from tests.control_room import messages, services
from tests.control_room.listener import WITHIN_S, begun
from tests.control_room.traces.collector import Collector, Told, collecting
from tests.edge.written import maker
from wire import trace
from wire.device import MetricsMessage, StatusMessage
from wire.event import EventMessage

DEVICE = "dev-1"
ROOM = (sys.executable, "-m", "control_room.cli")
STEPS = {
    ("talaia-edge", "publish"),
    *(("talaia-worker", name) for name in ("receive", "wait", "validate", "queue", "copy", "merge")),
    *(("talaia-worker", name) for name in ("notify", "commit", "ack")),
    ("talaia-room", "notified"),
    ("talaia-room", "frame"),
}
SAID = {
    "messaging.message.id",
    "messaging.message.body.size",
    "messaging.batch.message_count",
    "talaia.device_id",
    "talaia.stream_id",
    "talaia.browsers",
    "acked",
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@contextlib.contextmanager
def room(database_url: str, broker_url: str, folder: Path, endpoint: str) -> Iterator[tuple[str, list[int]]]:
    """A worker and a server; the server's URL, and how each ended once they have been told to."""
    port = services.free_port()
    environment = {
        **os.environ,
        "TALAIA_DATABASE_URL": database_url,
        "TALAIA_MQTT_URL": broker_url,
        "TALAIA_MQTT_CLIENT_ID": folder.name,
        "TALAIA_HTTP_LISTEN": f"127.0.0.1:{port}",
        "TALAIA_STORE_DIRECTORY": str(folder / "store"),
        "TALAIA_TRACING_ENDPOINT": endpoint,
    }
    url, ended = f"http://127.0.0.1:{port}", list[int]()
    with (folder / "log").open("wb") as log:
        processes = [subprocess.Popen([*ROOM, command], env=environment, stderr=log) for command in ("worker", "serve")]
        try:
            services.wait_until(lambda: is_ready(url), 180, "worker and server")
            yield url, ended
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            ended += [process.wait(timeout=60) for process in processes]


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"{url}/readyz", timeout=WITHIN_S)
        return answer.status_code == 200 and answer.json()["broker"]["connected"]
    return False


def browser(database_url: str, url: str) -> httpx.Client:
    now = rooms.utc_now()
    with pool.connect(database_url) as connection:
        doors.add_user(connection, "marta", now)
        begun = sessions.begin(connection, users.get(connection, "marta"), doors.BROWSER, doors.LASTS, now)
    return httpx.Client(base_url=url, headers={"Cookie": f"{cookie.NAME}={begun.token}"}, timeout=WITHIN_S)


@contextlib.contextmanager
def device(folder: Path, broker_url: str, endpoint: str, share: float = 1.0) -> Iterator[tuple[Outbox, Publisher]]:
    """The agent's outbox and publisher."""
    clock, stop = Clock(), threading.Event()
    outbox = Outbox(folder / FILE_NAME, clock)
    traced = Traced(tracing.start(endpoint, share, service="talaia-edge", instance=DEVICE))

    def status(online: bool, reason: str) -> StatusMessage:  # noqa: FBT001 - as the agent's
        return StatusMessage(
            message_id=uuid_utils.compat.uuid7(),
            device_id=DEVICE,
            sent_at=clock.now(),
            online=online,
            version="test",
            reason=reason,
        )

    def metrics() -> MetricsMessage:
        return MetricsMessage(
            device_id=DEVICE, sent_at=clock.now(), outbox_pending=0, evidence_pending=0, disk_free_bytes=1
        )

    publisher = Publisher(
        BrokerSettings(host="127.0.0.1", port=int(broker_url.rpartition(":")[2]), device_id=DEVICE),
        outbox=outbox,
        clock=clock,
        stop=stop,
        status=status,
        metrics=metrics,
        pulse=Pulse("publish", 60.0, clock),
        traced=traced,
    )
    thread = threading.Thread(target=publisher.run, name="publish", daemon=True)
    thread.start()
    try:
        yield outbox, publisher
    finally:
        stop.set()
        publisher.wake()
        thread.join(WITHIN_S)
        traced.close(WITHIN_S)
        outbox.close()


def told_of(collector: Collector, message: EventMessage) -> dict[tuple[str, str], Told]:
    return {(each.service, each.name): each for each in collector.spans(message.message_id)}


@pytest.mark.system
def test_one_id_goes_from_the_device_to_the_browser(
    database_url: str, mortal_broker: services.Broker, tmp_path: Path, collector: Collector
) -> None:
    with pool.connect(database_url) as connection:
        messages.add_device(connection, DEVICE)
    with (
        room(database_url, mortal_broker.url, tmp_path, collector.url) as (url, ended),
        browser(database_url, url) as client,
    ):
        with (
            begun(client) as screen,
            device(tmp_path, mortal_broker.url, collector.url) as (outbox, publisher),
        ):
            message = outbox.append(maker(Clock()))
            publisher.wake()
            frame = screen.next()
            while frame.name != "alert":
                frame = screen.next()
            services.wait_until(lambda: outbox.counts().pending == 0, WITHIN_S, "the room's ack")
            shown = client.get(f"/api/v1/alerts/{frame.data['alert_id']}").json()
        # What a process has still to tell when it is told to stop, it has a second for.
        services.wait_until(lambda: told_of(collector, message).keys() >= STEPS, WITHIN_S, "all steps")
    assert ended == [0, -signal.SIGTERM]
    assert trace.trace_id(frame.data["traceparent"]) == message.message_id
    assert shown["traces"] == [str(message.message_id)]
    steps = told_of(collector, message)
    assert steps.keys() == STEPS
    publish, receive, sent = (
        steps["talaia-edge", "publish"],
        steps["talaia-worker", "receive"],
        steps["talaia-room", "frame"],
    )
    assert publish.parent_id == b""
    assert receive.parent_id == publish.span_id
    assert {
        step.parent_id
        for key, step in steps.items()
        if key not in {("talaia-edge", "publish"), ("talaia-worker", "receive")}
    } == {receive.span_id}
    assert trace.parent(frame.data["traceparent"], message.message_id) == int.from_bytes(receive.span_id)
    assert publish.attributes["acked"] is True
    assert publish.begun_ns <= receive.begun_ns <= steps["talaia-worker", "commit"].ended_ns <= receive.ended_ns
    assert steps["talaia-worker", "merge"].ended_ns <= sent.begun_ns <= sent.ended_ns
    assert sent.attributes["talaia.browsers"] == 1
    said = {key: value for step in steps.values() for key, value in step.attributes.items()}
    assert said.keys() <= SAID, "ids, counts and sizes, and nothing of people"
    assert collector.paths == {"/v1/traces"}


@pytest.mark.system
def test_a_device_alone_is_traced_and_a_share_of_nothing_is_nothing(
    mortal_broker: services.Broker, tmp_path: Path, collector: Collector
) -> None:
    """The room behind the broker is missing: the publish ends without an ack."""
    with device(tmp_path, mortal_broker.url, collector.url) as (outbox, publisher):
        message = outbox.append(maker(Clock()))
        publisher.wake()
        services.wait_until(
            lambda: publisher._traced is not None and bool(publisher._traced._steps), WITHIN_S, "the publish"
        )
    (alone,) = told_of(collector, message).values()
    assert (alone.name, alone.attributes["acked"]) == ("publish", False)
    before = len(collector.spans())
    silent = Traced(tracing.start(collector.url, 0.0, service="talaia-edge", instance=DEVICE))
    assert silent.sent(uuid_utils.compat.uuid7(), 10) is None
    silent.close(WITHIN_S)
    assert len(collector.spans()) == before


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):  # FastAPI brings the rest
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from control_room import app, cli, config
from control_room.ingest import worker
from edge import agent, senders
EXTRA = ("opentelemetry.sdk", "opentelemetry.exporter", "running.spans")
assert not [name for name in sys.modules if name.startswith(EXTRA)]
sys.exit(cli.main(["worker"]))
"""


def test_without_the_extra_all_works_but_the_setting() -> None:
    environment = {**os.environ, "TALAIA_TRACING_ENDPOINT": "http://127.0.0.1:4318"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "talaia-room: tracing.endpoint: got 'http://127.0.0.1:4318';"
        " allowed: only where the extra `tracing` is installed, or nothing"
    )


def test_what_a_message_says_of_its_trace() -> None:
    message_id, other = UUID(int=0x0190A1B2C3D47000800000000000ABCD), uuid_utils.compat.uuid7()
    text = trace.traceparent(message_id, 0x1234)
    assert text == "00-0190a1b2c3d47000800000000000abcd-0000000000001234-01"
    assert trace.parent(text, message_id) == 0x1234
    assert trace.trace_id(text) == message_id
    assert trace.parent(text, other) is None, "another message's"
    assert trace.parent(text.removesuffix("01") + "00", message_id) is None, "not recorded there"
    wrong = (
        "",
        "00-",
        text.upper(),
        text + "0",
        text.replace("00-", "ff-", 1),
        text.replace("1234-", "0000-"),
        "x" * 300,
    )
    assert {trace.parent(each, message_id) for each in (None, *wrong)} == {None}


def test_the_share_is_a_share_and_the_same_wherever_it_is_asked() -> None:
    ids = [uuid_utils.compat.uuid7() for _ in range(4000)]
    taken = [each for each in ids if trace.is_sampled(each, 0.25)]
    assert 800 < len(taken) < 1200
    assert set(taken) <= {each for each in ids if trace.is_sampled(each, 0.5)}
    assert all(trace.is_sampled(each, 1.0) for each in ids)
    assert not any(trace.is_sampled(each, 0.0) for each in ids)
