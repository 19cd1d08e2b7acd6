"""The ordinary user that servers run as when `make run` is started by root, and the places it can reach.

PostgreSQL refuses to run as root. Only directories made here are given to that user: the permissions of a
directory above them are never changed. Where such a directory keeps the user out (a checkout under /root),
the server's files lie under /var/lib/talaia instead.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from launch.errors import LaunchError

SERVICE_USER = "talaia"
SERVICE_ROOT = Path("/var/lib/talaia")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def service_account() -> Account | None:
    """The user that servers run as; None where this process is an ordinary user and they run as itself."""
    if os.geteuid() != 0:
        return None
    return _look_up(SERVICE_USER) or _create() or _look_up("nobody")


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create() -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--home-dir", "/nonexistent", "--no-create-home", "--shell"]
    subprocess.run([useradd, *options, "/usr/sbin/nologin", SERVICE_USER], check=False, capture_output=True)
    return _look_up(SERVICE_USER)


def can_reach(directory: Path, account: Account | None) -> bool:
    """Whether the account may pass through every existing directory down to `directory`, it included."""
    if account is None:
        return True
    path = directory.resolve()
    return all(_may_pass(part.stat(), account) for part in (path, *path.parents) if part.exists())


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def own_directory(wanted: Path, account: Account | None, service_root: Path = SERVICE_ROOT) -> Path:
    """Make `wanted` a directory of the account's own (mode 0700) and return where it really lies.

    Where the account cannot reach its parent it lies under `service_root`, and `wanted` is a link to it.
    """
    if not wanted.exists():
        wanted.unlink(missing_ok=True)  # a link whose target was removed
        if can_reach(wanted.parent, account):
            wanted.mkdir(mode=0o700)
        else:
            wanted.symlink_to(_elsewhere(wanted, service_root))
    place = wanted.resolve()
    if account is not None and place.stat().st_uid != account.uid:
        give_to(place, account)
    if not can_reach(place, account):
        raise LaunchError(f"The user {SERVICE_USER} cannot reach {place}: a directory above it is private.")
    return place


def _elsewhere(wanted: Path, service_root: Path) -> Path:
    service_root.mkdir(parents=True, exist_ok=True)
    service_root.chmod(0o755)  # ours, whatever the umask was
    _remove_forgotten(service_root)
    place = Path(tempfile.mkdtemp(prefix=f"{wanted.name}-", dir=service_root))
    _link_file(place).write_text(str(wanted), encoding="utf-8")
    return place


def _link_file(place: Path) -> Path:
    """Names the link that leads to the place."""
    return place.with_name(f"{place.name}.link")


def _remove_forgotten(service_root: Path) -> None:
    """Remove what belonged to data directories under the temporary directory that are gone; nothing else, ever."""
    for link_file in service_root.glob("*.link"):
        link = Path(link_file.read_text(encoding="utf-8"))
        if link.is_relative_to(tempfile.gettempdir()) and not link.is_symlink():
            shutil.rmtree(link_file.with_suffix(""), ignore_errors=True)
            link_file.unlink(missing_ok=True)


def give_to(directory: Path, account: Account) -> None:
    """Make the account the owner of `directory` and all in it."""
    for path in (directory, *directory.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
