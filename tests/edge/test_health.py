"""Alarms are told once and end; a thread that hangs is found; the supervisor hears of it."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.evidence import Folder
from edge.health.alarms import Alarms
from edge.health.checks import MODEL_EVERY_S, Checks
from edge.health.growth import Growth
from edge.health.pulse import Pulses
from edge.inference import SharedDetector
from edge.outbox import FILE_NAME, Outbox
from running.watchdog import Watchdog
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.clocks import HandClock
from tests.edge.written import maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vision.detect import Detection


def test_an_alarm_is_told_when_it_comes_changes_and_goes() -> None:
    clock, told = HandClock(), []
    alarms = Alarms(clock, lambda: told.append(clock.passed_s))
    alarms.set("disk_full", {"free_mib": 100})
    began = clock.now()
    clock.passed_s = 60
    alarms.set("disk_full", {"free_mib": 100})
    alarms.set("disk_full", {"free_mib": 50})
    alarms.set("queue_full", {"skipped_percent": 60}, subject="placa")
    standing = [(one.code, one.subject, one.parameters, one.since) for one in alarms.standing()]
    assert standing == [
        ("disk_full", "", {"free_mib": 50}, began),
        ("queue_full", "placa", {"skipped_percent": 60}, clock.now()),
    ]
    alarms.set("disk_full", None)
    alarms.set("disk_full", None)
    alarms.replace("queue_full", {"moll": {"skipped_percent": 70}})
    assert [one.subject for one in alarms.standing()] == ["moll"]
    assert told == [0, 60, 60, 60, 60, 60]


def test_a_fault_is_over_when_nobody_meets_it_again() -> None:
    clock = HandClock()
    alarms = Alarms(clock, lambda: None)
    alarms.set("worker_faulted", {"reason": "x" * 1000}, subject="upload")
    assert len(str(alarms.standing()[0].parameters["reason"])) == 300
    for _ in range(5):
        clock.passed_s += 30
        alarms.set("worker_faulted", {"reason": "again"}, subject="upload")
        alarms.expire("worker_faulted", timedelta(seconds=60))
    assert len(alarms.standing()) == 1
    clock.passed_s += 61
    alarms.expire("worker_faulted", timedelta(seconds=60))
    assert alarms.standing() == []


def test_a_thread_that_does_not_come_round_is_late() -> None:
    clock = HandClock()
    pulses = Pulses(clock)
    read, look, done = (pulses.new(name, 60.0) for name in ("read", "look", "done"))
    done.end()
    clock.passed_s = 50
    read.beat()
    clock.passed_s = 70
    assert pulses.late() == ["look"]
    look.lost()
    assert pulses.late() == []
    clock.passed_s = 1000
    pulses.forget(look)
    assert pulses.late() == ["read"]


class Model:
    """Slow, and never asked twice at once."""

    name, sha256 = "slow", "3" * 64

    def __init__(self) -> None:
        self.order: list[int] = []
        self.go_on = threading.Event()
        self._busy = threading.Lock()

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        assert self._busy.acquire(blocking=False), "two cameras at once"
        self.order.append(int(image[0, 0, 0]))
        assert self.go_on.wait(240)
        self._busy.release()
        return []


def test_cameras_get_the_model_in_the_order_in_which_they_asked() -> None:
    model = Model()
    shared = SharedDetector(model)
    threads = []
    for number in range(6):
        image = np.full((2, 2, 3), number, np.uint8)
        threads.append(threading.Thread(target=shared.detect, args=(image,), daemon=True))
        threads[-1].start()
        wait_until(partial(_queue_is, shared, number + 1), "its place in the queue")
    model.go_on.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert model.order == [0, 1, 2, 3, 4, 5]
    assert shared.waiting == 0


def _queue_is(shared: SharedDetector, length: int) -> bool:
    return shared.waiting == length


class Here:
    """What the checks look at."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.alarms = Alarms(self.clock, lambda: None)
        self.pulses = Pulses(self.clock)
        self.outbox = Outbox(folder / FILE_NAME, self.clock)
        self.folder = Folder(folder / "evidence")
        self.checks = Checks(
            Model(), self.outbox, self.folder, alarms=self.alarms, pulses=self.pulses, clock=self.clock
        )

    @property
    def codes(self) -> list[tuple[str, str]]:
        return [(one.code, one.subject) for one in self.alarms.standing()]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    yield made
    made.outbox.close()


def test_a_clock_that_is_off_is_an_alarm_until_it_is_well_again(here: Here) -> None:
    seen = []
    for offset_s in (None, 4.0, -5.2, -4.0, None, 1.0):
        here.checks.check_clock(offset_s)
        seen.append([one.parameters for one in here.alarms.standing()])
    off = [{"offset_s": -5}]
    assert seen == [[], [], off, off, off, []]


def test_a_full_disk_is_an_alarm(here: Here) -> None:
    here.checks.check_disk(1)
    assert here.codes == []
    here.checks.check_disk(1 << 60)
    assert here.codes == [("disk_full", "")]
    here.checks.check_disk(1)
    assert here.codes == []


def test_a_camera_of_which_most_is_skipped_is_an_alarm(here: Here) -> None:
    here.checks.check_queues({"placa": (100, 10), "moll": (30, 90), "port": (1, 5)})
    assert here.codes == [("queue_full", "moll")]
    here.checks.check_queues({"placa": (110, 200), "moll": (130, 90), "port": (1, 5)})
    assert here.codes == [("queue_full", "placa")]
    here.checks.check_queues({"placa": (25, 0), "moll": (2, 0)})
    assert here.codes == []


def test_an_outbox_that_nobody_empties_is_an_alarm(here: Here) -> None:
    for _ in range(2001):
        here.outbox.append(maker(here.clock))
    here.checks.check_outbox()
    assert [one.parameters for one in here.alarms.standing()] == [{"pending": 2000}]


def test_a_thread_that_hangs_is_an_alarm_while_it_does(here: Here) -> None:
    pulse = here.pulses.new("placa-look", 60.0)
    here.clock.passed_s = 100
    here.checks.check_workers()
    assert here.codes == [("worker_faulted", "placa-look")]
    pulse.beat()
    here.clock.passed_s = 161
    pulse.beat()
    here.checks.check_workers()
    assert here.codes == []


def test_a_recording_of_which_no_file_grows_is_stalled(tmp_path: Path) -> None:
    growth, day = Growth(tmp_path), tmp_path / "placa" / "2026-03-01"
    seen = {}
    for now_s in range(0, 400, 20):
        if now_s == 20:
            day.mkdir(parents=True)
        if 20 <= now_s <= 100:
            (day / "120000.mp4").write_bytes(b"0" * now_s)
        if now_s == 220:
            (day / "120300.mp4").write_bytes(b"0")
        seen[now_s] = growth.stalled(["placa"], float(now_s))
    assert [at_s for at_s, found in seen.items() if found == ["placa"]] == [180, 200, *range(300, 400, 20)]
    assert growth.stalled([], 1000.0) == []


def test_a_model_that_is_another_one_on_the_disk_is_an_alarm(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"another")
    here.checks.check_model(str(path), 320)
    assert [one.parameters["reason"] for one in here.alarms.standing()] == [
        f"SHA-256 is {hashlib.sha256(b'another').hexdigest()[:12]}, loaded is 333333333333"
    ]
    assert MODEL_EVERY_S <= 600


class Supervisor:
    """systemd's end of the notify socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.05)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        while True:
            try:
                self.heard += self._socket.recv(4096).decode().splitlines()
            except TimeoutError:
                return self.heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    listening = Supervisor(tmp_path / "notify")
    yield listening
    listening.close()


def test_the_supervisor_is_told_what_changed(supervisor: Supervisor) -> None:
    watchdog = Watchdog({"NOTIFY_SOCKET": str(supervisor.path)})
    watchdog.ready()
    watchdog.well("2 cameras")
    watchdog.well("2 cameras")
    watchdog.ill("hangs: placa-read")
    watchdog.well("2 cameras")
    watchdog.stopping()
    assert supervisor.listen() == [
        "READY=1",
        "WATCHDOG=1",
        "STATUS=2 cameras",
        "WATCHDOG=1",
        "STATUS=hangs: placa-read",
        "WATCHDOG=1",
        "STATUS=2 cameras",
        "STOPPING=1",
    ]
    Watchdog({}).ready()
    Watchdog({"NOTIFY_SOCKET": str(supervisor.path) + "-gone"}).ready()


STUCK = """
import sys, threading
from pathlib import Path
from edge import agent, camera, config
from edge.clock import Clock

class Stuck:
    name, sha256 = "stuck", "4" * 64
    def detect(self, image):
        if Path(sys.argv[2]).exists():
            Path(sys.argv[3]).touch()
            threading.Event().wait()
        return []

camera.HANGS_S = 4.0
stop = threading.Event()
agent.run(config.load(Path(sys.argv[1])), Stuck(), Clock(), stop)
"""


def test_a_stuck_camera_thread_ends_the_watchdog(tmp_path: Path, supervisor: Supervisor) -> None:
    """The real agent under a real notify socket; its model hangs for ever once a file is there."""

    def moving(index: int) -> NDArray[np.uint8]:
        image = np.full((120, 160, 3), 90, np.uint8)
        image[40:80, index % 120 : index % 120 + 40] = 255
        return image

    clips.write(tmp_path / "walk.mp4", 100, fps=10, picture=moving)
    (tmp_path / "edge.toml").write_text(
        '[device]\nid = "dev-1"\ndata_dir = "data"\n[room]\nurl = "http://127.0.0.1:9"\ntoken = "dev-1.s"\n'
        '[mqtt]\nurl = "mqtt://127.0.0.1:9"\n[[camera]]\nid = "placa"\nname = "P"\nsource = "file:walk.mp4"\n'
        "loop = true\n",
        encoding="utf-8",
    )
    agent = subprocess.Popen(
        [sys.executable, "-c", STUCK, *(str(tmp_path / name) for name in ("edge.toml", "hang", "hangs"))],
        env={**os.environ, "NOTIFY_SOCKET": str(supervisor.path)},
        cwd=Path(__file__).resolve().parents[2],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: supervisor.listen().count("WATCHDOG=1") >= 2, "the first signs of life")
        assert supervisor.heard[0] == "READY=1"
        (tmp_path / "hang").touch()
        wait_until((tmp_path / "hangs").exists, "the hang")
        before = len(supervisor.listen())

        def rounds_without_life() -> int:
            heard = supervisor.listen()[before:]
            since = heard[::-1].index("WATCHDOG=1") if "WATCHDOG=1" in heard else len(heard)
            return heard[len(heard) - since :].count("STATUS=hangs: placa-look")

        wait_until(lambda: rounds_without_life() >= 3, "the silence")
        assert agent.poll() is None
    finally:
        agent.send_signal(signal.SIGKILL)
        agent.wait(10)
