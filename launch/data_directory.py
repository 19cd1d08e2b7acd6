"""DATA_DIR: made for one system, held by one start at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from launch import places
from launch.errors import LaunchError

NEEDED_BYTES = 400 * places.MEBIBYTE


def refuse_if_in_use(directory: Path) -> None:
    """Raise LaunchError where another start holds the directory; makes nothing."""
    try:
        lock = (directory / "lock").open("r+", encoding="utf-8")
    except OSError:
        return
    with lock:
        _lock(lock, directory)


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Make the directory where it is missing and keep any other start out of it."""
    _make(directory)
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as lock:
        _lock(lock, directory)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _lock(lock: TextIO, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = lock.read().strip() or "another"
        raise LaunchError(f"{directory} is in use by a running `make run` (process {holder}): stop it first.") from None


def _make(directory: Path) -> None:
    places.require_space(directory, NEEDED_BYTES, "the system's data")
    if not directory.exists():
        places.make_directory(directory)
        directory.chmod(0o711)  # the database's user passes through it; nobody else reads it
    if not directory.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        raise LaunchError(f"DATA_DIR is {str(directory)!r}: it is no directory that can be written to.")
    for name in ("logs", "store", "edge"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
