"""Builds TimescaleDB's Apache edition from Debian's own source package for one PostgreSQL, once a machine.

The source is that of Debian "trixie", whatever release this machine runs; the mirror is the machine's own.
Facts and traps: docs/design/launch.md.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launch import apt_sources, commands, places
from launch.errors import LaunchError

SUITE = "trixie"
BUILD_BYTES = 300 * places.MEBIBYTE
CMAKE_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
    "-DAPACHE_ONLY=1",
    "-DREGRESS_CHECKS=OFF",
    "-DTAP_CHECKS=OFF",
    "-DWARNINGS_AS_ERRORS=OFF",
    "-DUSE_TELEMETRY=OFF",
    "-DSEND_TELEMETRY_DEFAULT=OFF",
)
Report = Callable[[str], None]


@dataclass(frozen=True)
class PostgresInstallation:
    """A PostgreSQL that extensions can be built for, known by its `pg_config`."""

    pg_config: Path
    version: str  # "16.14"
    library_directory: Path
    extension_directory: Path
    with_openssl: bool

    @classmethod
    def of(cls, pg_config: Path) -> "PostgresInstallation":
        def ask(option: str) -> str:
            try:
                return subprocess.run([pg_config, option], check=True, capture_output=True, text=True).stdout.strip()
            except (OSError, subprocess.CalledProcessError) as error:
                raise LaunchError(f"{pg_config} cannot be run: {error}.") from error

        version = re.search(r"\d+\.\d+", ask("--version"))
        if version is None:
            raise LaunchError(f"{pg_config} does not say which PostgreSQL it belongs to.")
        return cls(
            pg_config=pg_config,
            version=version.group(),
            library_directory=Path(ask("--pkglibdir")),
            extension_directory=Path(ask("--sharedir")) / "extension",
            with_openssl="--with-openssl" in ask("--configure") or "--with-ssl=openssl" in ask("--configure"),
        )


@dataclass(frozen=True)
class Build:
    """A finished build in the cache: `lib/*.so` and `extension/*.{control,sql}`."""

    directory: Path
    version: str  # "2.19.3"

    def install(self, library_directory: Path, extension_directory: Path) -> None:
        for source, target in (("lib", library_directory), ("extension", extension_directory)):
            for file in (self.directory / source).iterdir():
                shutil.copyfile(file, target / file.name)
                (target / file.name).chmod(0o644)


def cached(postgres: PostgresInstallation, cache: Path, version: str = "*") -> Build | None:
    """The newest finished build for this PostgreSQL, or that of one version, without asking the network."""
    found = [
        Build(directory, directory.name.rsplit("-timescaledb", 1)[1])
        for directory in (cache / "timescaledb").glob(f"{_key(postgres)}-timescaledb{version}")
        if (directory / "extension" / "timescaledb.control").is_file()
    ]
    return max(found, key=lambda build: [int(part) for part in build.version.split(".")], default=None)


def _key(postgres: PostgresInstallation) -> str:
    """Names the server a build is for: its version, and its own place where it is not the machine's."""
    origin = "system" if postgres.pg_config.is_relative_to("/usr") else "wheel"
    return f"{platform.machine()}-{origin}-postgresql{postgres.version}"


def missing_tools() -> list[str]:
    """What the machine lacks to build at all (cmake is fetched where it is missing)."""
    needed = {"a C compiler": ("cc", "gcc"), "make": ("make",), "apt": ("apt-get",)}
    return [name for name, programs in needed.items() if not any(shutil.which(program) for program in programs)]


def build(postgres: PostgresInstallation, cache: Path, cmake: Path, log: Path, report: Report) -> Build:
    """Fetch the source, build it and put it into the cache in one step; about 100 s on two cores."""
    places.require_space(cache, BUILD_BYTES, "building TimescaleDB")
    home = places.make_directory(cache / "timescaledb")
    with tempfile.TemporaryDirectory(prefix="build-", dir=home) as work_name:
        work = Path(work_name)
        report("fetching its source")
        version, source = _unpack(_download(work, log), work / "source")
        report("configuring")
        _compile(postgres, source, work, cmake, log=log, report=report)
        part = work / "finished"
        _collect(work / "installed", part)
        place = home / f"{_key(postgres)}-timescaledb{version}"
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    return Build(place, version)


def _download(work: Path, log: Path) -> Path:
    """Fetch the source package with apt, with directories of its own so that no root is needed; returns the archive."""
    mirrors = apt_sources.mirrors()
    if not mirrors:
        raise LaunchError("apt on this machine names no mirror of Debian.")
    failure = ""
    for number, mirror in enumerate(mirrors):
        fetched = work / f"mirror{number}"
        try:
            _apt_source(mirror, fetched, log)
        except LaunchError as error:
            failure = str(error)
            continue
        archives = sorted(fetched.glob("timescaledb_*.orig.tar.*"))
        if archives:
            return archives[-1]
    raise LaunchError(failure or "no mirror of this machine serves the source of TimescaleDB.")


def _apt_source(mirror: apt_sources.Mirror, work: Path, log: Path) -> None:
    lists, archives = work / "lists", work / "cache"
    (lists / "partial").mkdir(parents=True)
    (archives / "archives" / "partial").mkdir(parents=True)
    source_list = work / "sources.list"
    source_list.write_text(mirror.source_line(SUITE), encoding="utf-8")
    settings = (
        f"Dir::Etc::sourcelist={source_list}",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::Lists={lists}",
        f"Dir::Cache={archives}",
        "APT::Sandbox::User=",
        "Acquire::Check-Valid-Until=false",  # a dated snapshot of the archive stays as it was
        "Acquire::Languages=none",
        "APT::Update::Error-Mode=any",  # else apt goes on without the lists that it could not fetch
    )
    options = [word for setting in settings for word in ("-o", setting)]
    purpose = "fetching the source of TimescaleDB"
    commands.run(["apt-get", *options, "update"], purpose=purpose, log=log, cwd=work)
    commands.run(["apt-get", *options, "--download-only", "source", "timescaledb"], purpose=purpose, log=log, cwd=work)


def _unpack(archive: Path, target: Path) -> tuple[str, Path]:
    """Returns the upstream version and the source's directory. apt has verified the archive.

    Debian's own patches touch tests and a git hook only, so that the original archive is enough.
    """
    version = re.search(r"timescaledb_(\d+(?:\.\d+)*)", archive.name)
    if version is None:
        raise LaunchError(f"{archive.name} does not say which version of TimescaleDB it holds.")
    try:
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):  # absent from the Python 3.11.2 that Debian bookworm began with
                tar.extraction_filter = tarfile.data_filter
            tar.extractall(target)  # noqa: S202  # apt has checked its signature
    except (tarfile.TarError, OSError) as error:
        raise LaunchError(f"unpacking {archive.name} failed: {error}.") from error
    return version.group(1), next(path for path in target.iterdir() if (path / "CMakeLists.txt").is_file())


def _compile(
    postgres: PostgresInstallation, source: Path, work: Path, cmake: Path, *, log: Path, report: Report
) -> None:
    binary = work / "binary"
    options: Sequence[str] = (f"-DPG_CONFIG={postgres.pg_config}", *CMAKE_OPTIONS)
    if not postgres.with_openssl:
        options = (*options, "-DUSE_OPENSSL=0")
    purpose = "building TimescaleDB"
    commands.run([cmake, "-S", source, "-B", binary, *options], purpose=purpose, log=log)

    def percent(line: str) -> None:
        if match := re.match(r"\[\s*(\d+)%\]", line):
            report(f"building, {match[1]} %")

    jobs = str(os.cpu_count() or 1)
    commands.run([cmake, "--build", binary, "-j", jobs], purpose=purpose, log=log, on_line=percent)
    commands.run(
        [cmake, "--install", binary, "--strip"], purpose=purpose, log=log, env={"DESTDIR": str(work / "installed")}
    )


def _collect(installed: Path, finished: Path) -> None:
    """Sort the installed files, whatever the server's own directories are called."""
    for name, patterns in (("lib", ("*.so",)), ("extension", ("*.control", "*.sql"))):
        (finished / name).mkdir(parents=True)
        for pattern in patterns:
            for file in installed.rglob(pattern):
                shutil.move(file, finished / name / file.name)
    if not (finished / "extension" / "timescaledb.control").is_file():
        raise LaunchError("building TimescaleDB failed: its control file was not installed.")


def find_cmake(cache: Path, uv: Path | None, log: Path) -> Path:
    """The machine's cmake, else the one of the Python package index, pinned in locks/cmake.lock."""
    if found := shutil.which("cmake"):
        return Path(found)
    lock = places.PROJECT / "locks" / "cmake.lock"
    home = cache / "cmake" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    program = home / "cmake" / "data" / "bin" / "cmake"
    if not program.is_file():
        if uv is None:
            raise LaunchError("cmake is missing: install it.")
        part = home.with_name(home.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        argv: list[str | Path] = [uv, "pip", "install", "--require-hashes", "--target", part, "-r", lock]
        commands.run(argv, purpose="fetching cmake", log=log)
        part.rename(home)
    return program
