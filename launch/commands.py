"""Runs the commands of set-up: their output goes to a log, a failure becomes one sentence."""

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from launch.errors import LaunchError
from launch.unprivileged import Account

TAIL_BYTES = 65_536
# What tools print when the machine cannot reach the network (apt, pip, uv, npm, Python's own client).
NO_NETWORK = (
    "temporary failure in name resolution",
    "temporary failure resolving",
    "could not resolve",
    "name or service not known",
    "network is unreachable",
    "failed to establish a new connection",
    "failed to resolve",
    "dns error",
    "error sending request",
    "enotfound",
    "eai_again",
    "econnrefused",
    "enetunreach",
    "etimedout",
    "urlopen error",
    "connection refused",
)
DISK_FULL = ("no space left on device", "enospc", "disk quota exceeded")


def run(
    argv: Sequence[str | Path],
    *,
    purpose: str,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run `argv` with its output appended to `log`; raise LaunchError with one sentence when it fails.

    `env` is added to this process's environment; `account` runs the command as that user.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                **identity(account),
            )
        except OSError as error:
            raise LaunchError(f"{purpose} failed: cannot run {argv[0]}: {error.strerror}.") from error
        with process:
            try:
                for line in process.stdout or ():
                    output.write(line)
                    if on_line is not None:
                        on_line(line.decode(errors="replace").rstrip())
            except BaseException:  # Ctrl-C: nothing that was begun goes on
                os.killpg(process.pid, signal.SIGKILL)
                raise
    if process.returncode != 0:
        raise LaunchError(failure_sentence(purpose, tail(log, begin), log))


class Identity(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that make the child another user."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account | None) -> Identity:
    return Identity() if account is None else Identity(user=account.uid, group=account.gid, extra_groups=[])


def tail(log: Path, begin: int = 0) -> str:
    """The last 64 KiB that were written to `log` after the offset `begin`."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(begin, size - TAIL_BYTES))
        return file.read().decode(errors="replace")


def failure_sentence(purpose: str, output: str, log: Path) -> str:
    """Name the cause where the output tells it, else quote its last line."""
    lowered = output.lower()
    if any(sign in lowered for sign in DISK_FULL):
        return f"{purpose} failed: the disk is full (output in {log})."
    if any(sign in lowered for sign in NO_NETWORK):
        return f"{purpose} failed: no internet, or the package index cannot be reached (output in {log})."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return f"{purpose} failed: {lines[-1] if lines else 'no output'} (output in {log})."


def disk_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
