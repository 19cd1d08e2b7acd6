"""Real, small processes under the supervisor: killed, refused, stopped, left behind."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from launch import processes
from launch.errors import LaunchError
from launch.supervisor import Interrupted, Part, Supervisor, limit_log

WITHIN_S = 120.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]


class Watched:
    """A supervisor whose words and process numbers are kept."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.said: list[str] = []
        self.pids: dict[str, int | None] = {}
        self.changed = threading.Event()
        self.supervisor = Supervisor(self._change, self.said.append)

    def _change(self, pids: Mapping[str, int | None]) -> None:
        self.pids = dict(pids)
        self.changed.set()

    def part(self, name: str, argv: list[str], **options: object) -> Part:
        return Part(name=name, argv=argv, log=self.logs / f"{name}.log", **options)  # type: ignore[arg-type]  # as given

    def tend_until(self, condition: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(int(WITHIN_S / 0.05)):
            self.supervisor.tend()
            if condition():
                return
            pause.wait(0.05)
        raise AssertionError("not in time")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    town = Watched(tmp_path)
    yield town
    town.supervisor.stop([])


def running(pid: int | None) -> bool:
    return pid is not None and processes.started(pid) is not None


def test_what_is_killed_is_started_again(watched: Watched) -> None:
    watched.supervisor.start(watched.part("room", SLEEP))
    first = watched.pids["room"]
    assert first is not None
    os.kill(first, signal.SIGKILL)
    watched.tend_until(lambda: watched.pids["room"] not in {None, first})
    assert running(watched.pids["room"])
    assert watched.said == ["The room was ended by signal 9 (SIGKILL); starting it again in 0.5 s."]


def test_the_wait_grows_when_it_dies_again(watched: Watched) -> None:
    watched.supervisor.start(watched.part("worker", [sys.executable, "-c", "raise SystemExit(3)"]))
    watched.tend_until(lambda: len(watched.said) >= 2)
    assert watched.said[:2] == [
        "The worker ended with status 3; starting it again in 0.5 s.",
        "The worker ended with status 3; starting it again in 1 s.",
    ]


def test_a_part_that_is_never_ready_gives_its_last_word(watched: Watched) -> None:
    part = watched.part(
        "broker", [sys.executable, "-c", "print('no such file: acl')"], ready_within_s=WITHIN_S, ready=lambda: False
    )
    with pytest.raises(LaunchError) as caught:
        watched.supervisor.start(part)
    assert str(caught.value) == (
        f"The broker ended at its start: no such file: acl (log: {watched.logs / 'broker.log'})."
    )


def test_a_program_that_is_not_there_is_one_sentence(watched: Watched) -> None:
    with pytest.raises(LaunchError, match=r"The edge ended at its start|Cannot start the edge"):
        watched.supervisor.start(watched.part("edge", ["/nowhere/talaia-edge"], ready=lambda: False))


def test_stop_ends_everything_in_order(watched: Watched) -> None:
    log = watched.logs / "order"
    speaks = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        "    with pathlib.Path(sys.argv[2]).open('a') as out: out.write(sys.argv[1] + '\\n')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    for name in ("database", "room", "edge"):
        ready_log = watched.logs / f"{name}.log"
        argv = [sys.executable, "-c", speaks, name, str(log)]
        watched.supervisor.start(
            watched.part(
                name,
                argv,
                patience_s=WITHIN_S,
                ready_within_s=WITHIN_S,
                ready=lambda path=ready_log: path.read_text(encoding="utf-8") == "up\n",
            )
        )
    pids = list(watched.pids.values())
    watched.supervisor.stop([("edge",), ("room",)])
    assert log.read_text(encoding="utf-8").split() == ["edge", "room", "database"]
    assert not any(running(pid) for pid in pids)


def test_what_does_not_listen_is_ended_by_force(watched: Watched) -> None:
    log = watched.logs / "edge.log"
    part = watched.part(
        "edge",
        STUBBORN,
        patience_s=0.3,
        ready_within_s=WITHIN_S,
        ready=lambda: log.read_text(encoding="utf-8") == "deaf\n",
    )
    watched.supervisor.start(part)
    pid = watched.pids["edge"]
    watched.supervisor.stop([("edge",)])
    assert not running(pid)
    assert watched.said == ["The edge does not stop: ended by force."]


def test_a_request_to_stop_ends_a_start(watched: Watched) -> None:
    watched.supervisor.ask_to_stop()
    with pytest.raises(Interrupted):
        watched.supervisor.start(watched.part("room", SLEEP))
    assert watched.pids == {}


def killed_at_once(logs: Path, environment: Mapping[str, str] | None = None) -> int:
    """The process number of the part of a supervisor that was killed just after it said that it had begun it."""
    script = (
        "import pathlib, sys\n"
        "from launch.supervisor import Part, Supervisor\n"
        "supervisor = Supervisor(lambda pids: print(*pids.values(), flush=True), print)\n"
        f"supervisor.start(Part(name='room', argv={SLEEP!r}, log=pathlib.Path(sys.argv[1])))\n"
        "supervisor.watch()\n"
    )
    argv = [sys.executable, "-c", script, str(logs / "room.log")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert running(child)
        supervisor.kill()
    return child


def assert_ends(pid: int) -> None:
    pause = threading.Event()
    for _ in range(int(WITHIN_S / 0.05)):
        if not running(pid):
            return
        pause.wait(0.05)
    raise AssertionError("it still runs")


def test_parts_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    assert_ends(killed_at_once(tmp_path))


def test_a_part_does_not_begin_for_a_supervisor_killed_before_the_kernel_knew(tmp_path: Path) -> None:
    slow = tmp_path / "setpriv"
    slow.write_text(f'#!/bin/sh\nsleep 1\nexec {shutil.which("setpriv")} "$@"\n', encoding="utf-8")
    slow.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert_ends(killed_at_once(tmp_path, {**os.environ, "PATH": path}))


def test_a_log_is_kept_small(tmp_path: Path) -> None:
    log = tmp_path / "room.log"
    with log.open("ab") as output:
        output.write(b"x" * 101)
        output.flush()
        limit_log(log, 100)
        output.write(b"next\n")
        output.flush()
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "room.log.1").read_bytes() == b"x" * 101


def test_only_the_very_process_is_stopped(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP) as ours, subprocess.Popen(SLEEP) as stranger:
        processes.remember(tmp_path, {"room": ours.pid, "edge": stranger.pid})
        stored = (tmp_path / processes.FILE).read_text(encoding="utf-8")
        begun = processes.started(stranger.pid)
        assert begun is not None
        # The number was given to another program since: its start time differs.
        changed = stored.replace(f"[{stranger.pid}, {begun}]", f"[{stranger.pid}, {begun - 1}]")
        (tmp_path / processes.FILE).write_text(changed, encoding="utf-8")
        assert processes.stop_left_behind(tmp_path, leave_s=WITHIN_S) == ["room"]
        assert ours.wait(WITHIN_S) == -signal.SIGTERM
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "[]", '{"room": 5}', '{"room": ["x", 1]}', "\x00"])
def test_a_damaged_list_of_processes_stops_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / processes.FILE).write_text(content, encoding="utf-8")
    assert processes.stop_left_behind(tmp_path) == []
