"""A flight for `make screenshots`: drawn, sent as a pilot's card, looked through, and two of its places confirmed."""

import base64
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import APIRequestContext

from launch import places
from launch.errors import LaunchError

DRAWN = ("--seed", "11", "--height", "60")
NAMES = {".mp4": ("DJI_20261118093000_0001.MP4", "video"), ".SRT": ("DJI_20261118093000_0001.SRT", "telemetry")}
DRAW_S = 600
ANALYSIS_S = 900
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True)
class Shown:
    """Ids for the addresses of its pages."""

    flight: str
    site: str


def fly(room: APIRequestContext, csrf_token: str) -> Shown:
    """Raises LaunchError: one of its steps failed."""
    teller = _Teller(room, csrf_token)
    with tempfile.TemporaryDirectory(prefix="talaia-flight-") as folder:
        files = _drawn(Path(folder))
        entries = [_entry(file, number) for number, file in enumerate(files)]
        [flight] = teller.post("flights", {"flights": [{"files": entries}]})["flights"]
        for file, footage_id in zip(reversed(files), reversed(flight["footage_ids"]), strict=True):
            teller.send(footage_id, file.read_bytes())
    flight_id = str(flight["flight_id"])
    _wait_for_analysis(teller, flight_id)
    found = teller.get(f"flights/{flight_id}/findings?limit=2")["items"]
    sites = [teller.post(f"findings/{one['finding_id']}/confirm", {"version": one["version"]}) for one in found]
    if not sites:
        raise LaunchError("The drawn flight shows nothing that is worth a look.")
    return Shown(flight_id, str(sites[0]["site_id"]))


def _drawn(folder: Path) -> list[Path]:
    command = [sys.executable, "-m", "benchmarks.drawn_flight", "--out", str(folder), *DRAWN]
    done = subprocess.run(command, cwd=places.PROJECT, capture_output=True, text=True, timeout=DRAW_S, check=False)
    if done.returncode != 0:
        raise LaunchError(f"The flight could not be drawn: {done.stderr.strip().splitlines()[-1:]}")
    return [next(folder.glob(f"*{ending}")) for ending in NAMES]


def _entry(file: Path, number: int) -> dict[str, Any]:
    name, kind = NAMES[file.suffix]
    told = {"name": name, "folder": "DCIM/DJI_001", "bytes": file.stat().st_size, "kind": kind}
    told["modified_at"] = "2026-11-18T08:33:00Z"
    return told if number == 0 else told | {"belongs_to": 0}


def _wait_for_analysis(teller: "_Teller", flight_id: str) -> None:
    deadline_s = time.monotonic() + ANALYSIS_S
    while time.monotonic() < deadline_s:
        state = teller.get(f"flights/{flight_id}")["analysis_state"]
        if state == "done":
            return
        if state in {"failed", "cancelled"}:
            raise LaunchError(f"The analysis of the drawn flight is {state}.")
        time.sleep(1)
    raise LaunchError(f"The drawn flight was not looked through within {ANALYSIS_S} s.")


class _Teller:
    """Asks the room and tells it, as the page does."""

    def __init__(self, room: APIRequestContext, csrf_token: str) -> None:
        self._room, self._token = room, {"X-CSRF-Token": csrf_token}

    def get(self, path: str) -> dict[str, Any]:
        return self._answer("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer("POST", path, data=body)

    def send(self, footage_id: str, content: bytes) -> None:
        """By tus 1.0, in one piece."""
        told = f"footage_id {base64.b64encode(footage_id.encode()).decode()}"
        headers = {**TUS, **self._token, "Upload-Length": str(len(content)), "Upload-Metadata": told}
        begun = self._room.post("/api/v1/uploads", headers=headers)
        if not begun.ok:
            raise LaunchError(f"POST /api/v1/uploads was answered with {begun.status}: {begun.text()}")
        headers = {**PIECE, **self._token, "Upload-Offset": "0"}
        added = self._room.patch(begun.headers["location"], headers=headers, data=content)
        if not added.ok:
            raise LaunchError(f"A file of the flight was answered with {added.status}: {added.text()}")

    def _answer(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self._room.fetch(f"/api/v1/{path}", method=method, headers=self._token, **more)
        if not answer.ok:
            raise LaunchError(f"{method} /api/v1/{path} was answered with {answer.status}: {answer.text()}")
        told: dict[str, Any] = answer.json()
        return told
