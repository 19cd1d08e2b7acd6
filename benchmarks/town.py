"""The whole system, as `make run` starts it, on a free port with a folder of its own. For benchmarks and tests."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks import ports

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 900
STOP_WITHIN_S = 180
GATES_X = (0.25, 0.7)
"""Narrow zones across the clip's paths; somebody walks through one every few seconds."""


class NotInTimeError(AssertionError):
    """Something that was waited for did not happen."""


@dataclass(frozen=True)
class Town:
    """A running system."""

    data_dir: Path
    process: subprocess.Popen[str]
    output: list[str]

    @property
    def run(self) -> dict[str, Any]:
        """What `run.json` says now; the pids change when a part is started again."""
        content: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text(encoding="utf-8"))
        return content

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Somebody who has logged in with run.json's account."""
        run = self.run
        with httpx.Client(base_url=f"{run['url']}/api/v1", timeout=120) as client:
            answer = client.post("/session", json={"user": run["user"], "password": run["password"]})
            answer.raise_for_status()
            client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            yield client

    def room(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `talaia-room` command against this system."""
        return talaia("room", *arguments, TALAIA_ROOM_CONFIG=str(self.data_dir / "room.toml"))


def kill_part(town: Town, part: str, within_s: float) -> None:
    """Kill one of those in run.json's `pids`, and wait until it is started again. It may have ended by itself."""
    pid: int = wait_for(lambda: town.run["pids"][part], within_s, f"{part} runs")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: town.run["pids"][part] not in {None, pid}, within_s, f"{part} is started again")


def talaia(tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `talaia-edge`, `talaia-room` or `talaia-models` to its end."""
    return subprocess.run(
        [str(Path(sys.executable).parent / f"talaia-{tool}"), *arguments],
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
        env={**os.environ, **environment},
    )


def wait_for(condition: Callable[[], Any], within_s: float, what: str) -> Any:
    """What `condition` gives as soon as it is true; fails, naming `what`, when it never is."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        threading.Event().wait(0.2)
    raise NotInTimeError(f"{what}: not within {within_s:.0f} s")


def start_town(data_dir: Path, port: int, **environment: str) -> Town:
    """`make run`, waited for until it says READY."""
    process = subprocess.Popen(
        [sys.executable, "-m", "launch", "run"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), "DATA_DIR": str(data_dir), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    town = Town(data_dir, process, [])
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process, town.output, lines), daemon=True).start()
    deadline = time.monotonic() + READY_WITHIN_S
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left_s)
        except queue.Empty:
            break
        if line is None:
            break
        if line.startswith("READY "):
            return town
    stop_town(town)
    raise NotInTimeError("make run did not come to READY:\n" + "".join(town.output[-40:]))


def _read_lines(process: subprocess.Popen[str], output: list[str], lines: queue.Queue[str | None]) -> None:
    if process.stdout is not None:
        with process.stdout as stdout:
            for line in stdout:
                output.append(line)
                lines.put(line)
    lines.put(None)


def stop_town(town: Town) -> None:
    """Ctrl-C."""
    if town.process.poll() is None:
        os.killpg(town.process.pid, signal.SIGINT)
    town.process.wait(timeout=STOP_WITHIN_S)


@contextmanager
def running(data_dir: Path, **environment: str) -> Iterator[Town]:
    """A town on a free port, stopped at the end."""
    town = start_town(data_dir, ports.free_port(), **environment)
    try:
        yield town
    finally:
        stop_town(town)


class BusyAgent:
    """A second agent on a town's room, whose rule opens and closes an event each time somebody walks by."""

    def __init__(self, town: Town, folder: Path, cameras: int = 1, **differences: str) -> None:
        """`differences`: see `_busy_config`."""
        self.folder = folder
        self.config = folder / "edge.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.device_id = f"busy-{secrets.token_hex(4)}"
        self.config.write_text(_busy_config(town, folder, self.device_id, cameras, **differences), encoding="utf-8")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "agent.log").open("ab") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).parent / "talaia-edge"), "run", "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill_and_restart(self) -> None:
        self.process.kill()
        self.process.wait(timeout=STOP_WITHIN_S)
        self.process = self._start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=STOP_WITHIN_S)

    def stop_when_settled(self, within_s: float) -> dict[str, Any]:
        """Stop it at a moment at which the room has everything; what its outbox says then."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            wait_for(lambda: self.outbox()["pending"] == 0, within_s, "an empty outbox")
            self.stop()
            outbox = self.outbox()
            if outbox["pending"] == 0:
                return outbox
            self.process = self._start()
        raise NotInTimeError(f"the agent never stopped with an empty outbox within {within_s:.0f} s")

    def outbox(self) -> dict[str, Any]:
        if not (self.folder / "data" / "outbox.sqlite3").exists():
            return {"written": 0, "acked": 0, "pending": 0, "oldest_pending_s": 0.0}
        shown = talaia("edge", "outbox", "-c", str(self.config), "--json")
        if shown.returncode:
            raise NotInTimeError(f"talaia-edge outbox: {shown.stderr}")
        content: dict[str, Any] = json.loads(shown.stdout)
        return content


def street_clip(town: Town) -> Path:
    """The film of the street that the demonstration shows; its staged camera always reads a file beside it."""
    own = tomllib.loads(Path(town.run["device"]["config"]).read_text(encoding="utf-8"))
    sources = (str(camera["source"]) for camera in own["camera"])
    return Path(next(one for one in sources if one.startswith("file:")).removeprefix("file:")).parent / "street.mp4"


def _busy_config(  # noqa: PLR0917 - what may differ between proofs
    town: Town,
    folder: Path,
    device_id: str,
    cameras: int,
    source: str = "",
    playback: str = "loop = true\nrealtime = true\n",
    more: str = "",
    sections: str = "",
    room_url: str = "",
    mqtt_url: str = "",
) -> str:
    """The town's own agent's configuration with cameras that watch the street for walkers.

    `source`, `room_url`, `mqtt_url` stand in the place of the town's; `playback` and `more` are lines of each camera,
    `sections` stands before the cameras.
    """
    own = tomllib.loads(Path(town.run["device"]["config"]).read_text(encoding="utf-8"))
    added = town.room("device", "add", device_id, "--name", "Busy", "--json")
    token = folder / "token"
    token.write_text(json.loads(added.stdout)["token"], encoding="utf-8")
    token.chmod(0o600)
    street = source or own["camera"][0]["source"]
    head = (
        f'[device]\nid = "{device_id}"\ndata_dir = "{folder / "data"}"\n'
        f'[room]\nurl = "{room_url or own["room"]["url"]}"\ntoken_file = "{token}"\n'
        f'command_key_file = "{own["room"]["command_key_file"]}"\n'
        f'[mqtt]\nurl = "{mqtt_url or town.run["mqtt_url"]}"\n'
        '[detector]\nbackend = "onnxruntime"\nmodel = "centernet-coco"\ninput_px = 320\nconfidence = 0.30\n'
    )
    camera = (
        '[[camera]]\nid = "busy-{n}"\nname = "Busy {n}"\nsource = "{street}"\n{lines}'
        'purpose = "test"\nlegal_regime = "lo_7_2021"\nimpact_assessment = "none needed: replayed"\n'
        "[camera.rules.illegal_dumping]\nenabled = false\n"
        "[camera.rules.intrusion]\nenabled = true\nconfirm_s = 0.0\nclear_s = 1.0\n"
    )
    gates = "".join(
        f'[[camera.zones]]\nname = "gate at {x}"\nkind = "watch"\nrules = ["intrusion"]\n'
        f"points = [[{x}, 0.2], [{x + 0.05:.2f}, 0.2], [{x + 0.05:.2f}, 0.95], [{x}, 0.95]]\n"
        for x in GATES_X
    )
    camera = camera.replace("{street}", street).replace("{lines}", playback + more)
    return head + sections + "".join(camera.replace("{n}", str(n)) + gates for n in range(cameras))
