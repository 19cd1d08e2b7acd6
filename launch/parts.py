"""What each process of the system is started with."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launch import broker, places, postgres, room_client, timescaledb
from launch.accounts import clean_environment
from launch.errors import LaunchError
from launch.preparation import PROGRAMS
from launch.settings import Remembered, Settings, own_port
from launch.supervisor import Part
from launch.unprivileged import Account


@dataclass(frozen=True)
class Context:
    """One start of one data directory."""

    settings: Settings
    remembered: Remembered
    account: Account | None  # of the servers, where root starts them

    @property
    def data(self) -> Path:
        return self.settings.data_directory

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def mqtt_url(self, user: str) -> str:
        remembered = self.remembered
        words = {
            broker.ROOM_USER: remembered.mqtt_room_password,
            broker.KEEPER_USER: remembered.mqtt_keeper_password,
        }
        password = words.get(user, remembered.mqtt_device_password)
        return broker.url(user, password, remembered.mqtt_port)

    def superuser_url(self) -> str:
        remembered = self.remembered
        return postgres.url(
            postgres.SUPERUSER, remembered.database_superuser_password, remembered.database_port, postgres.SUPERUSER
        )

    def database_url(self) -> str:
        """The database that the room uses: the one that the user named, else the embedded one."""
        remembered = self.remembered
        return self.settings.database_url or postgres.url(
            postgres.ROLE, remembered.database_password, remembered.database_port, postgres.ROLE
        )


def database(context: Context, build: timescaledb.Build | None) -> tuple[Part, postgres.Server]:
    """Make the cluster where it is missing; a cluster keeps to the kind of tables that it was made with."""
    remembered = context.remembered
    made = (context.data / "postgres" / "cluster").exists()
    if made and remembered.timescaledb != (build.version if build else ""):
        build = _build_of_cluster(remembered.timescaledb)
    server = postgres.install(build, places.cache_directory(), context.account)
    remembered.timescaledb = server.timescaledb
    remembered.database_port = own_port(remembered.database_port)
    remembered.save(context.data)
    cluster = postgres.initialise(
        server,
        context.data / "postgres",
        remembered.database_superuser_password,
        context.account,
        context.logs / "setup.log",
    )
    superuser_url = context.superuser_url()
    part = Part(
        name="database",
        argv=postgres.command(server, cluster, remembered.database_port),
        log=context.logs / "database.log",
        directory=cluster,
        account=context.account,
        stop_signal=signal.SIGINT,  # its fast shutdown
        patience_s=20.0,
        before_start=lambda: postgres.remove_stale_pid_file(cluster),
        ready=lambda: postgres.answers(superuser_url),
        ready_within_s=postgres.START_S,
    )
    return part, server


def _build_of_cluster(version: str) -> timescaledb.Build | None:
    if not version:
        return None
    installation = timescaledb.PostgresInstallation.of(postgres.wheel_pg_config())
    found = timescaledb.cached(installation, places.cache_directory(), version)
    if found is None:
        raise LaunchError(
            f"This database was made with TimescaleDB {version}, which is neither in {places.cache_directory()} "
            "nor can be built here: install a C compiler, or start with another DATA_DIR."
        )
    return found


def choose_broker_ports(context: Context) -> None:
    """The room's settings name them, and the broker's files are made with the room's settings."""
    remembered = context.remembered
    remembered.mqtt_port = own_port(remembered.mqtt_port)
    remembered.mqtt_tls_port = own_port(remembered.mqtt_tls_port)
    remembered.save(context.data)


def message_broker(context: Context, make_files: Callable[[Path], None]) -> tuple[Part, broker.Broker]:
    """Returns the part and the broker that was found."""
    remembered = context.remembered
    port = remembered.mqtt_port
    passwords = {
        broker.ROOM_USER: remembered.mqtt_room_password,
        remembered.device_id: remembered.mqtt_device_password,
    }
    ports = broker.Ports(port, remembered.mqtt_tls_port)
    chosen = broker.prepare(context.data / "broker", ports, passwords, context.account, make_files)
    part = Part(
        name="broker",
        argv=chosen.argv,
        log=context.logs / "broker.log",
        account=context.account if chosen.as_service_account else None,
        ready=lambda: broker.answers(port),
        ready_within_s=broker.START_S,
    )
    return part, chosen


def room(context: Context, room_file: Path) -> Part:
    """Ready by its own word, /readyz, which also asks for the worker's."""
    return Part(
        name="room",
        argv=_program("talaia-room", "serve", room_file),
        log=context.logs / "room.log",
        environment=clean_environment(),
        directory=context.data,
        patience_s=8.0,  # browsers hold their streams open
        ready=lambda: room_client.answers(context.url),
    )


def choose_media_port(context: Context) -> None:
    """The room's settings name it."""
    context.remembered.media_port = own_port(context.remembered.media_port)
    context.remembered.rtmp_port = own_port(context.remembered.rtmp_port)
    context.remembered.save(context.data)


def media(context: Context, room_file: Path) -> Part:
    """Ready when it listens: a camera's first viewer should not find it away."""
    port = context.remembered.media_port
    return Part(
        name="media",
        argv=_program("talaia-room", "media", room_file),
        log=context.logs / "media.log",
        environment=clean_environment(),
        directory=context.data,
        ready=lambda: broker.answers(port),
    )


def worker(context: Context, room_file: Path) -> Part:
    return Part(
        name="worker",
        argv=_program("talaia-room", "worker", room_file),
        log=context.logs / "worker.log",
        environment=clean_environment(),
        directory=context.data,
    )


def analyst(context: Context, room_file: Path) -> Part:
    return Part(
        name="analyst",
        argv=_program("talaia-room", "analyst", room_file),
        log=context.logs / "analyst.log",
        environment=clean_environment(),
        directory=context.data,
        patience_s=10.0,  # it lets the piece of footage at hand go
    )


def agent(context: Context, edge_file: Path) -> Part:
    return Part(
        name="edge",
        argv=_program("talaia-edge", "run", edge_file),
        log=context.logs / "edge.log",
        environment=clean_environment(),
        directory=context.data,
        patience_s=15.0,  # it finishes the clip at hand
    )


def _program(name: str, command: str, configuration: Path) -> list[str]:
    return [str(PROGRAMS / name), command, "-c", str(configuration)]
