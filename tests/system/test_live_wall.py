"""The wall in a browser, over the real media process and a real RTSP camera: it moves, says when it stands, returns."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks import town as towns
from benchmarks.whole_way import log_in
from launch import rtsp

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
LIVE_WITHIN_MS = 120_000
VEILED_WITHIN_MS = 60_000
OBJECT, REASON = "expedient 2026/114", "comprovar qui ha deixat la bossa"
_PIXELS = """
(video) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const paper = canvas.getContext('2d');
  paper.drawImage(video, 0, 0, 64, 36);
  return [...paper.getImageData(0, 0, 64, 36).data];
}
"""


@dataclass
class Street:
    """A street camera by RTSP, and the agent that watches it."""

    server: subprocess.Popen[bytes]
    key: str

    def stall(self) -> None:
        """The camera stands still; its connection stays open."""
        self.server.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.server.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def street(town: towns.Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    if not rtsp.available():
        pytest.skip("no RTSP server: gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed")
    folder = tmp_path_factory.mktemp("street")
    stream, port = folder / "street.h264", towns.free_port()
    rtsp.pack(towns.street_clip(town), stream)
    server = subprocess.Popen(rtsp.command(stream, port))
    agent = towns.BusyAgent(town, folder / "agent", source=rtsp.url(port), playback="", more="analysis_fps = 1.0\n")
    try:
        yield Street(server, f"camera/{agent.device_id}/busy-0")
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(timeout=30)
        agent.stop()


@pytest.fixture
def tile(town: towns.Town, street: Street, page: Page) -> Locator:
    """The camera's tile, live."""
    with town.client() as client:

        def is_seen() -> bool:
            items = client.get("/cameras").json()["items"]
            return any(
                f"camera/{one['device_id']}/{one['camera_id']}" == street.key for one in items if one["state"] == "live"
            )

        towns.wait_for(is_seen, 120, "the street camera")
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("l")
    found = page.locator(f"[data-testid=tile][data-key='{street.key}']")
    expect(found).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    return found


def moves(page: Page, video: Locator) -> bool:
    """Whether what it shows changes."""
    first = video.evaluate(_PIXELS)
    for _ in range(40):
        page.wait_for_timeout(250)
        if differ(first, video.evaluate(_PIXELS)):
            return True
    return False


def differ(one: list[int], other: list[int]) -> bool:
    return sum(abs(a - b) > 12 for a, b in zip(one, other, strict=True)) > 10


def test_a_picture_moves_is_veiled_when_it_stands_and_comes_back_by_itself(
    page: Page, street: Street, tile: Locator
) -> None:
    video = tile.get_by_test_id("live-video")
    assert moves(page, video)
    expect(tile.get_by_test_id("watermark")).to_contain_text("operator")
    street.stall()
    veil = tile.get_by_test_id("veil")
    expect(veil).to_be_visible(timeout=VEILED_WITHIN_MS)
    expect(veil).to_contain_text("fa ")
    assert float(tile.get_by_test_id("picture").get_attribute("data-age") or 0) > 2
    assert "grayscale(1)" in video.evaluate("(video) => getComputedStyle(video).filter")
    street.go_on()
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    expect(veil).to_have_count(0)
    assert moves(page, video)


def test_going_back_wants_a_reason_and_live_goes_on_beneath(
    town: towns.Town, page: Page, street: Street, tile: Locator
) -> None:
    tile.get_by_test_id("tile-open").click()
    view = page.locator(f"[data-testid=live-view][data-target='{street.key}']")
    picture = view.get_by_test_id("picture")
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    page.keyboard.press("b")
    page.get_by_test_id("live-object").fill(OBJECT)
    page.get_by_test_id("live-why-reason").fill(REASON)
    page.get_by_test_id("live-why-submit").click()
    past = view.get_by_test_id("past-video")
    expect(past).to_be_visible(timeout=60_000)
    page.wait_for_function(
        "() => (document.querySelector('[data-testid=past-video]')?.currentTime ?? 0) > 0.5", timeout=60_000
    )
    expect(view.get_by_test_id("past")).to_contain_text("operator")
    page.keyboard.press("b")
    expect(past).to_have_count(0)
    expect(picture).to_have_attribute("data-phase", "live")
    assert moves(page, view.get_by_test_id("live-video"))
    assert ("viewing.reason", REASON) in told(town, street)


def told(town: towns.Town, street: Street) -> set[tuple[Any, Any]]:
    """What the audit has of this camera's viewers."""
    with psycopg.connect(town.run["database_url"]) as connection:
        rows = connection.execute(
            "SELECT action, reason FROM audit WHERE reason = %s OR object_id = %s", (REASON, street.key)
        )
        return {(action, reason) for action, reason in rows.fetchall()}


def test_a_camera_that_one_may_not_watch_any_more_leaves_the_wall(town: towns.Town, page: Page, tile: Locator) -> None:
    address, user = "/users/{}/cameras", town.run["user"]
    with town.client() as client:
        client.put(address.format(user), json={"all": False, "cameras": []}).raise_for_status()
        try:
            expect(tile).to_have_count(0, timeout=60_000)
            expect(page.get_by_test_id("wall")).to_be_visible()
        finally:
            client.put(address.format(user), json={"all": True}).raise_for_status()
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
