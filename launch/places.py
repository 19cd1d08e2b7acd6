"""Where the project, its cache and its data lie, and whether there is room for them."""

import os
import shutil
import stat
from pathlib import Path

from launch.errors import LaunchError

PROJECT = Path(__file__).resolve().parent.parent
MEBIBYTE = 1024 * 1024


def cache_directory() -> Path:
    """What is built or fetched for this machine: `TALAIA_CACHE_DIR`, else the user's cache directory."""
    if named := os.environ.get("TALAIA_CACHE_DIR"):
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "talaia"


def require_space(directory: Path, needed_bytes: int, purpose: str) -> None:
    """Raise LaunchError unless the file system that will hold `directory` has `needed_bytes` free."""
    existing = directory
    while not existing.exists():
        existing = existing.parent
    free_bytes = shutil.disk_usage(existing).free
    if free_bytes < needed_bytes:
        raise LaunchError(
            f"The disk is too full: {directory} has {free_bytes // MEBIBYTE} MB free, "
            f"{purpose} needs {needed_bytes // MEBIBYTE} MB."
        )


def make_directory(directory: Path) -> Path:
    """Create `directory` (the user's own, mode 0755 where it is new) or raise a LaunchError that names it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(f"Cannot create {directory}: {error.strerror or error}.") from error
    return directory


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that only its owner reads (mode 0600)."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
