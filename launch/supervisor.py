"""Starts the parts of the system, starts again what dies, and stops all of them in order."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from launch import commands
from launch.errors import LaunchError
from launch.unprivileged import Account

POLL_S = 0.2
READY_POLL_S = 0.1
BACK_OFF_FIRST_S = 0.5
BACK_OFF_LONGEST_S = 30.0
STEADY_S = 60.0  # a part that ran this long begins with the first back-off again
LOG_BYTES = 20 * 1024 * 1024
LOG_CHECK_S = 30.0
SAME_REQUEST_S = 1.0  # the terminal and make may both pass on one Ctrl-C


@dataclass(frozen=True)
class Part:
    """One process of the system."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)  # the whole of it; empty: this process's own
    directory: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0  # between that signal and the end by force
    before_start: Callable[[], None] = lambda: None
    ready: Callable[[], bool] = lambda: True
    ready_within_s: float = 180.0  # one that ended is noticed at once


class Interrupted(Exception):  # noqa: N818  # it is no error: the user asked
    """Ctrl-C or SIGTERM while the system was starting."""


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    started_s: float
    back_off_s: float = BACK_OFF_FIRST_S
    start_again_at_s: float | None = None


class Supervisor:
    """`changed` is called with the process numbers whenever one of them changes; `say` tells the user."""

    def __init__(self, changed: Callable[[Mapping[str, int | None]], None], say: Callable[[str], None]) -> None:
        self._changed = changed
        self._say = say
        self._parts: dict[str, _Running] = {}
        self._stop_asked = Event()
        self._impatient = Event()
        self._asked_s = 0.0
        self._logs_checked_s = 0.0

    def take_signals(self) -> None:
        """Ctrl-C stops in order, Ctrl-C again at once. `make` and `timeout` repeat a SIGTERM: that hurries nobody."""
        signal.signal(signal.SIGINT, lambda _number, _frame: self.ask_to_stop(hurry=True))
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: self.ask_to_stop())

    def ask_to_stop(self, *, hurry: bool = False) -> None:
        """`hurry`: asked by a person, who gets force at the second time."""
        now_s = time.monotonic()
        if self._stop_asked.is_set():
            if hurry and now_s - self._asked_s > SAME_REQUEST_S:
                self._impatient.set()
            return
        self._asked_s = now_s
        self._stop_asked.set()

    def give_way(self) -> None:
        """Raise Interrupted where the user has asked to stop; called between the steps of a start."""
        if self._stop_asked.is_set():
            raise Interrupted

    @property
    def pids(self) -> dict[str, int | None]:
        return {
            name: running.process.pid if running.start_again_at_s is None else None
            for name, running in self._parts.items()
        }

    def start(self, part: Part) -> None:
        """Start the part and return when it is ready; raise LaunchError with its last word when it never is."""
        self.give_way()
        running = _Running(part, self._spawn(part), time.monotonic())
        self._parts[part.name] = running
        self._changed(self.pids)
        deadline_s = time.monotonic() + part.ready_within_s
        while not part.ready():
            if running.process.poll() is not None:
                raise LaunchError(f"The {part.name} ended at its start: {_last_word(part.log)} (log: {part.log}).")
            if time.monotonic() > deadline_s:
                raise LaunchError(f"The {part.name} is not ready after {part.ready_within_s:.0f} s (log: {part.log}).")
            self._stop_asked.wait(READY_POLL_S)
            self.give_way()

    def watch(self) -> None:
        """Start again what dies, until the user asks to stop."""
        while not self._stop_asked.wait(POLL_S):
            self.tend()

    def tend(self) -> None:
        """One look at every part; also called while something else is waited for."""
        self.give_way()
        now_s = time.monotonic()
        for running in self._parts.values():
            self._look_after(running, now_s)
        if now_s - self._logs_checked_s > LOG_CHECK_S:
            self._logs_checked_s = now_s
            for running in self._parts.values():
                limit_log(running.part.log)

    def _look_after(self, running: _Running, now_s: float) -> None:
        part = running.part
        if running.start_again_at_s is None:
            status = running.process.poll()
            if status is None:
                return
            if now_s - running.started_s > STEADY_S:
                running.back_off_s = BACK_OFF_FIRST_S
            running.start_again_at_s = now_s + running.back_off_s
            self._say(f"The {part.name} {_how_it_ended(status)}; starting it again in {running.back_off_s:g} s.")
            running.back_off_s = min(running.back_off_s * 2, BACK_OFF_LONGEST_S)
            self._changed(self.pids)
        elif now_s >= running.start_again_at_s:
            try:
                running.process = self._spawn(part)
            except LaunchError as error:
                self._say(f"{error} Trying again in {running.back_off_s:g} s.")
                running.start_again_at_s = now_s + running.back_off_s
                running.back_off_s = min(running.back_off_s * 2, BACK_OFF_LONGEST_S)
                return
            running.started_s = now_s
            running.start_again_at_s = None
            self._changed(self.pids)

    def stop(self, stages: Iterable[Sequence[str]]) -> None:
        """End every part, stage after stage, those of one stage together; what is named in none comes last."""
        self._stop_asked.set()
        named = [list(stage) for stage in stages]
        rest = [name for name in self._parts if not any(name in stage for stage in named)]
        for stage in (*named, rest):
            self._end([self._parts[name] for name in stage if name in self._parts])

    def _end(self, stage: Sequence[_Running]) -> None:
        begun_s = time.monotonic()
        for running in stage:
            if running.process.poll() is None:
                running.process.send_signal(running.part.stop_signal)
        for running in stage:
            while running.process.poll() is None:
                waited_s = time.monotonic() - begun_s
                if waited_s > running.part.patience_s or self._impatient.is_set():
                    self._say(f"The {running.part.name} does not stop: ended by force.")
                    break
                self._impatient.wait(READY_POLL_S)
            _end_group(running.process)

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        part.before_start()
        try:
            with part.log.open("ab") as output:
                return subprocess.Popen(
                    [*_tied_to_this_process(part.stop_signal), *part.argv],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=part.directory,
                    env=dict(part.environment) or None,
                    start_new_session=True,  # a Ctrl-C at the terminal reaches the supervisor only
                    **commands.identity(part.account),
                )
        except OSError as error:
            raise LaunchError(f"Cannot start the {part.name}: {error.strerror or error}.") from error


def _tied_to_this_process(stop_signal: signal.Signals) -> list[str]:
    """A prefix by which the kernel stops the part when the supervisor itself is killed.

    A supervisor that died before the kernel was asked is no longer the shell's parent: then the part does not begin.
    """
    setpriv = shutil.which("setpriv")
    if not setpriv:
        return []
    tie = [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG")]
    return [*tie, "/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid())]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End by force what is left of the part's own process group (it leads one)."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status} ({signal.Signals(-status).name})"
    return f"ended with status {status}"


def _last_word(log: Path) -> str:
    lines = [line.strip() for line in commands.tail(log).splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def limit_log(log: Path, limit_bytes: int = LOG_BYTES) -> None:
    """Keep a log of more than the limit as `.1` and go on in an empty one (it is open for appending)."""
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
