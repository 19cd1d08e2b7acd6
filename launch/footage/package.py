"""Finds the clips of Debian's opencv-doc package on this machine, or fetches the package without root."""

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from launch import places
from launch.errors import LaunchError

NAME = "opencv-doc"
DOCUMENTATION = Path("usr/share/doc/opencv-doc")
DOWNLOAD_BYTES = 300_000_000  # the package (96 MB), apt's lists, what is unpacked
APT_TIMEOUT_S = 900
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of the package that the clips are made from; verified so that positions in it can be facts."""

    path: str  # under the package's documentation directory
    sha256: str  # of the content, unpacked where the package holds it compressed


# 768x576, 10 frames a second, 795 frames: people on a university's path (PETS 2009, S2.L1).
STREET = Member("examples/data/vtest.avi", "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf")
# 640x480: a hand turns a carton before a camera (OpenCV's pose estimation tutorial).
CARTON = Member("opencv4/html/box.mp4", "62b744b99403f899707c43398a3822441add6160379ab6dd6c12bde9e3075f8d")


@dataclass(frozen=True)
class Material:
    """The unpacked files, valid while the context that gave them is open."""

    street: Path
    carton: Path
    version: str
    archive_sha256: str | None  # None where the package was already installed


class PackageUnavailableError(LaunchError):
    """The package cannot be had here, or is not the one that the staging was written for."""


@contextmanager
def material(work: Path, root: Path = Path("/"), report: Callable[[str], None] = lambda _: None) -> Iterator[Material]:
    """Give the verified clips, unpacked under `work`; `root` is where installed files are looked for.

    Raises:
        PackageUnavailableError: with one sentence that says what is missing.
    """
    with tempfile.TemporaryDirectory(prefix="package-", dir=work) as name:
        target = Path(name)
        installed = _copy_installed(root, target)
        if installed:
            yield Material(*_verified(target), version=_installed_version(), archive_sha256=None)
            return
        report(f"fetching Debian's {NAME} package")
        archive = _download(target)
        report("unpacking")
        _unpack(archive, target)
        version = _output(["dpkg-deb", "--field", str(archive), "Version"])
        archive_sha256 = _sha256(archive)
        archive.unlink()
        yield Material(*_verified(target), version=version, archive_sha256=archive_sha256)


def _copy_installed(root: Path, target: Path) -> bool:
    """Whether the installed package holds both files (container images often leave documentation out)."""
    found = []
    for member in (STREET, CARTON):
        whole = root / DOCUMENTATION / member.path
        packed = whole.with_name(whole.name + ".gz")
        found.append(whole if whole.is_file() else packed)
    if not all(path.is_file() for path in found):
        return False
    for path in found:
        with path.open("rb") as file:
            _store(file, path.name, target)
    return True


def _download(work: Path) -> Path:
    missing = [program for program in ("apt-get", "dpkg-deb") if shutil.which(program) is None]
    if missing:
        raise PackageUnavailableError(
            f"{' and '.join(missing)} not found: Debian's {NAME} package cannot be fetched here."
        )
    places.require_space(work, DOWNLOAD_BYTES, f"Debian's {NAME} package")
    try:
        _apt(["download", NAME], work)
    except PackageUnavailableError:
        # The machine's lists are empty or stale: read lists of our own, which needs no root either.
        private = [f"Dir::State::Lists={work / 'lists'}", f"Dir::Cache={work / 'cache'}", "Acquire::Languages=none"]
        for directory in ("lists/partial", "cache/archives/partial"):
            (work / directory).mkdir(parents=True)
        _apt(["update"], work, private)
        _apt(["download", NAME], work, private)
    archives = sorted(work.glob(f"{NAME}_*.deb"))
    if not archives:
        raise PackageUnavailableError(f"apt-get download {NAME} left no package.")
    return archives[-1]


def _apt(words: list[str], work: Path, settings: list[str] | None = None) -> None:
    fixed = ["APT::Sandbox::User=", "Acquire::Retries=1", "Acquire::http::Timeout=20", "Acquire::https::Timeout=20"]
    options = [word for setting in (*fixed, *(settings or [])) for word in ("-o", setting)]
    try:
        done = subprocess.run(
            [shutil.which("apt-get") or "apt-get", "-q", *options, *words],
            check=False,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=APT_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise PackageUnavailableError(f"apt-get {words[0]} had no answer for {APT_TIMEOUT_S} s.") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["E: no reason given"]
        raise PackageUnavailableError(f"apt-get {' '.join(words)} failed: {lines[0].removeprefix('E:').strip()}.")


def _unpack(archive: Path, target: Path) -> None:
    """Write only the two files; the package's other 500 MB are read past."""
    wanted = {str(DOCUMENTATION / member.path) for member in (STREET, CARTON)}
    command = [shutil.which("dpkg-deb") or "dpkg-deb", "--fsys-tarfile", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for entry in tar:
                    name = entry.name.removeprefix("./")
                    file = tar.extractfile(entry) if name.removesuffix(".gz") in wanted and entry.isfile() else None
                    if file is not None:
                        _store(file, Path(name).name, target)
        except tarfile.TarError as error:
            raise PackageUnavailableError(f"{archive.name} cannot be unpacked: {error}.") from error


def _store(file: IO[bytes], name: str, target: Path) -> None:
    source = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
    try:
        with (target / name.removesuffix(".gz")).open("wb") as out:
            shutil.copyfileobj(source, out, BLOCK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise PackageUnavailableError(f"{name} of Debian's {NAME} package cannot be unpacked: {error}.") from error


def _verified(target: Path) -> tuple[Path, Path]:
    """The street and the carton; raises where either is not the file that the staging was written for."""
    paths = []
    for member in (STREET, CARTON):
        path = target / Path(member.path).name
        if not path.is_file():
            raise PackageUnavailableError(f"Debian's {NAME} package here has no {member.path}.")
        if _sha256(path) != member.sha256:
            raise PackageUnavailableError(f"{member.path} of Debian's {NAME} package is not the file known here.")
        paths.append(path)
    return paths[0], paths[1]


def _installed_version() -> str:
    return _output(["dpkg-query", "--show", "--showformat=${Version}", NAME]) or "unknown"


def _output(argv: list[str]) -> str:
    try:
        return subprocess.run(argv, check=False, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
