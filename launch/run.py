"""`make run`: the whole system on this computer, from nothing to READY, and back to nothing at Ctrl-C."""

import contextlib
import ctypes
import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from launch import (
    accounts,
    broker,
    configuration,
    data_directory,
    demonstration,
    parts,
    places,
    postgres,
    preparation,
    processes,
    room_client,
    timescaledb,
    unprivileged,
)
from launch.accounts import Room
from launch.console import Step, say
from launch.errors import LaunchError
from launch.settings import Remembered, Settings, port_is_free
from launch.supervisor import Interrupted, Supervisor

PR_SET_PDEATHSIG = 1  # linux/prctl.h
RUN_FILE = "run.json"
BROKER_NAMES = ("127.0.0.1", "localhost")
PIDS = ("room", "media", "worker", "analyst", "edge", "broker", "database")
STOP_STAGES = (("edge",), ("footage", "analyst", "worker", "media", "room"), ("broker", "database"))
READY_S = 180.0  # a busy machine takes a minute
LIVE_S = 60.0
DARK_S = 15.0  # a camera that says what is wrong is waited for less
POLL_S = 0.3


def run() -> None:
    """Returns after Ctrl-C or SIGTERM, once everything is stopped."""
    settings = Settings.of_environment()
    _end_with_make()
    for number in (signal.SIGINT, signal.SIGTERM):  # until the supervisor takes over
        signal.signal(number, _like_ctrl_c)
    data_directory.refuse_if_in_use(settings.data_directory)
    if not port_is_free(settings.port):
        raise LaunchError(
            f"Port {settings.port} is taken by another program: stop it, or choose one with `make run PORT=...`."
        )
    with data_directory.held(settings.data_directory):
        System(settings).run()


def _end_with_make() -> None:
    """Be told to stop when `make` is killed: it passes on neither SIGKILL nor a SIGINT sent to it alone."""
    if "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))


def prepare_only() -> None:
    """`make setup`: everything that a first start would fetch and build."""
    logs = places.make_directory(places.PROJECT / ".setup")
    preparation.machine(logs)
    demonstration.make_clips(logs)


def _like_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class System:
    """One start of one data directory."""

    def __init__(self, settings: Settings) -> None:
        data = settings.data_directory
        self._context = parts.Context(settings, Remembered.load(data), unprivileged.service_account())
        self._data, self._logs = data, data / "logs"
        self._supervisor = Supervisor(self._pids_changed, say)
        self._run_file: dict[str, object] = {}
        self._identity: Path | None = None

    def run(self) -> None:
        (self._data / RUN_FILE).unlink(missing_ok=True)
        if names := processes.stop_left_behind(self._data):
            say(f"Stopped what an earlier start left running: {', '.join(names)}.")
        build = preparation.machine(self._logs, with_database=self._context.settings.database_url is None)
        footage = demonstration.prepare(self._context.settings, self._context.remembered, self._logs)
        self._supervisor.take_signals()
        try:
            with contextlib.suppress(Interrupted):  # the user asked: that is how it ends
                self._start(build, footage)
                self._supervisor.watch()
        finally:
            say("Stopping ...")
            self._supervisor.stop(STOP_STAGES)
            self._pids_changed({})
        say(f"Stopped. {self._data} holds everything for the next start.")

    def _start(self, build: timescaledb.Build | None, footage: demonstration.Footage) -> None:
        context = self._context
        accounts.name_device(context.remembered, self._data)
        if context.settings.database_url is None:
            self._start_database(build)
        parts.choose_broker_ports(context)
        parts.choose_media_port(context)
        room_file = self._write_room_file()
        room = Room(room_file)
        with Step("Message broker") as step:
            part, chosen = parts.message_broker(
                context, lambda folder: accounts.make_broker_files(room, folder, BROKER_NAMES, broker.ACCOUNTS)
            )
            self._supervisor.start(part)
            step.done(f"{chosen.name} on port {context.remembered.mqtt_port}")
        with Step("Tables and accounts") as step:
            room.run("migrate")
            accounts.make_user(room, context.remembered, self._data)
            accounts.make_device(room, context.remembered, self._data)
            accounts.make_command_key(room, self._command_key_file)
            step.done("ready")
        with Step("Control room") as step:
            self._supervisor.start(parts.media(context, room_file))
            self._supervisor.start(parts.room(context, room_file))
            self._supervisor.start(parts.worker(context, room_file))
            self._supervisor.start(parts.analyst(context, room_file))
            step.done(self._wait_until_ready())
        if chosen.enrols:
            self._identity = accounts.enrol_device(room, context.url, context.remembered, self._data)
        with Step("Cameras") as step:
            if footage.server is not None:
                self._supervisor.start(footage.server)
            edge_file = self._write_edge_file(footage.cameras)
            self._supervisor.start(parts.agent(context, edge_file))
            step.done(self._wait_for_cameras(len(footage.cameras)))
        self._announce(room, edge_file)

    def _start_database(self, build: timescaledb.Build | None) -> None:
        context = self._context
        with Step("Database") as step:
            part, server = parts.database(context, build)
            self._supervisor.start(part)
            postgres.prepare(
                context.superuser_url(),
                context.remembered.database_password,
                with_timescaledb=bool(server.timescaledb),
            )
            kind = f"with TimescaleDB {server.timescaledb}" if server.timescaledb else "with plain tables"
            step.done(f"PostgreSQL {kind} on port {context.remembered.database_port}")

    @property
    def _command_key_file(self) -> Path:
        return self._data / "command.pub"

    def _write_room_file(self) -> Path:
        path, secret_file = self._data / "room.toml", self._data / "media.secret"
        places.write_private(secret_file, self._context.remembered.media_secret)
        text = configuration.room_toml(
            port=self._context.settings.port,
            database_url=self._context.database_url(),
            mqtt_url=self._context.mqtt_url(broker.ROOM_USER),
            store=self._data / "store",
            command_key=self._data / "command.key",
            live=configuration.LiveVideo(
                self._context.remembered.media_port, secret_file, self._context.remembered.rtmp_port
            ),
            enrolment=configuration.Enrolment(
                town_keys=self._data / "town",
                device_url=f"mqtts://127.0.0.1:{self._context.remembered.mqtt_tls_port}",
                admin_url=self._context.mqtt_url(broker.KEEPER_USER),
            )
            if broker.enrols()
            else None,
        )
        places.write_private(path, text)
        return path

    def _write_edge_file(self, cameras: list[configuration.Camera]) -> Path:
        remembered = self._context.remembered
        token_file, path = self._data / "device.token", self._data / "edge.toml"
        places.write_private(token_file, remembered.device_token)
        device = configuration.Device(
            identifier=remembered.device_id,
            token_file=token_file,
            command_key_file=self._command_key_file,
            data_directory=self._data / "edge",
            room_url=self._context.url,
            mqtt_url=self._context.mqtt_url(remembered.device_id),
            identity=self._identity,
            mqtt_tls_url=f"mqtts://{remembered.device_id}@127.0.0.1:{remembered.mqtt_tls_port}",
        )
        places.write_private(path, configuration.edge_toml(device, cameras))
        return path

    def _wait_until_ready(self) -> str:
        deadline_s = time.monotonic() + READY_S
        while True:
            self._supervisor.tend()
            ready = room_client.readiness(self._context.url)
            if ready is not None:
                database = ready.get("database")
                return f"ready, on {database['storage']}" if isinstance(database, dict) else "ready"
            if time.monotonic() > deadline_s:
                raise LaunchError(f"The control room is not ready after {READY_S:.0f} s (logs in {self._logs}).")
            time.sleep(POLL_S)

    def _wait_for_cameras(self, count: int) -> str:
        """Returns what they show; a camera that is dark is no reason to stop."""
        remembered = self._context.remembered
        visitor = room_client.Visitor(self._context.url, remembered.user, remembered.user_password)
        begun_s = time.monotonic()
        try:
            while True:
                self._supervisor.tend()
                states = visitor.camera_states(remembered.device_id)
                live = [camera for camera in states if camera.state == "live"]
                if len(live) >= count:
                    return f"{len(live)} live"
                waited_s = time.monotonic() - begun_s
                known = len(states) >= count and all(camera.state in {"live", "dark"} for camera in states)
                if waited_s > (DARK_S if known else LIVE_S):
                    dark = [
                        f"{camera.name} is {camera.state}: {camera.reason}" for camera in states if camera not in live
                    ]
                    return f"{len(live)} of {count} live; {'; '.join(dark) or 'the agent says nothing yet'}"
                time.sleep(POLL_S)
        finally:
            visitor.leave()

    def _announce(self, room: Room, edge_file: Path) -> None:
        context, remembered = self._context, self._context.remembered
        self._run_file = {
            "url": context.url,
            "user": remembered.user,
            "password": remembered.user_password,
            "mqtt_url": context.mqtt_url(broker.ROOM_USER),
            "database_url": context.database_url(),
            "device": {"id": remembered.device_id, "token": remembered.device_token, "config": str(edge_file)},
        }
        self._pids_changed(self._supervisor.pids)
        link = accounts.login_link(room, remembered.user)
        say(f"READY {context.url}")
        say(f"Log in, once, with {link}")
        say(f"or as {remembered.user} with the password in {self._data / RUN_FILE}. Ctrl-C stops everything.")

    def _pids_changed(self, pids: Mapping[str, int | None]) -> None:
        processes.remember(self._data, {name: pid for name, pid in pids.items() if pid is not None})
        if self._run_file:
            content = {**self._run_file, "pids": {name: pids.get(name) for name in PIDS}}
            places.write_private(self._data / RUN_FILE, json.dumps(content, indent=2) + "\n")
