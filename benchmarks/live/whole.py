"""From asking for a camera that nobody watches to its picture, with the whole system: room, worker, broker, agent."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Page

from benchmarks import town as towns
from benchmarks.live import browser

_SHOWN_MS = 1000
_ASLEEP_WITHIN_S = 120.0


@dataclass(slots=True)
class Asked:
    """Milliseconds to the first picture."""

    asleep: list[float] = field(default_factory=list)
    """The device had to be told to send."""
    awake: list[float] = field(default_factory=list)
    """Somebody else watched already."""


@dataclass(slots=True)
class _Room:
    """Signals by the room's own routes, as a page does."""

    client: httpx.Client
    session: str = ""

    def offer(self, stream: str, kind: str, sdp: str, **query: str) -> httpx.Response:
        headers = {"Content-Type": "application/sdp"}
        answer = self.client.post(f"/cameras/{stream}/{kind}", content=sdp, params=query, headers=headers, timeout=60)
        self.session = answer.headers.get("Location", "").removeprefix("/api/v1")
        return answer


def ask(rounds: int) -> Asked:
    """Of the two cameras of `make run`, by turns."""
    found = Asked()
    with (
        tempfile.TemporaryDirectory(prefix="talaia-live-") as folder,
        towns.running(Path(folder)) as town,
        browser.chromium() as started,
        town.client() as client,
    ):
        cameras = [each["camera_id"] for each in client.get("/cameras").json()["items"]]
        page, room = browser.page(started), _Room(client)
        for number in range(rounds):
            for camera_id in cameras:
                _wait_until_asleep(client, camera_id)
                found.asleep.append(_first_picture_ms(page, room, camera_id, f"{camera_id}-{number}-asleep"))
                found.awake.append(_first_picture_ms(page, room, camera_id, f"{camera_id}-{number}-awake"))
    return found


def _first_picture_ms(page: Page, room: _Room, camera_id: str, name: str) -> float:
    viewer = browser.Viewer(page, name)
    viewer.watch(room, camera_id)
    took_ms = viewer.first_picture_ms(60_000)
    page.wait_for_timeout(_SHOWN_MS)
    viewer.end()
    room.client.delete(room.session).raise_for_status()
    return took_ms


def _wait_until_asleep(client: httpx.Client, camera_id: str) -> None:
    def asleep() -> bool:
        cameras = [each for each in client.get("/live").json()["items"] if each["camera_id"] == camera_id]
        return all(each["state"] == "off" for each in cameras)

    towns.wait_for(asleep, _ASLEEP_WITHIN_S, f"{camera_id} is not sent any more")
