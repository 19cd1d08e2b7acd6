"""A pilot drops a card's folder in a real browser, loses the line, closes the page, comes back, and finds places."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, BrowserContext, Download, Page, expect, sync_playwright

from benchmarks.drawn_flight import filming, flying, ground
from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS
from control_room.fsck import report
from control_room.sessions import cookie
from tests.control_room import door as doors
from tests.control_room import services

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(900)]
PLAN = flying.Plan(40, fps=5, size_px=(960, 540), speed_m_s=9.0, passes_max=1)
PADDING_BYTES = 40 * 1024 * 1024
UPWARDS_BYTES_S = 1024 * 1024
"""So slow that the film is on its way for the best part of a minute, whatever holds the test up meanwhile."""
PATIENCE_MS = 120_000
_PLAYABLE = """() => {
    const video = document.querySelector("[data-testid=review-video]");
    return video !== null && video.readyState >= 2 && video.videoWidth === 960 && video.duration > 5;
}"""
PROGRAM = Path(sys.executable).with_name("talaia-room")


@pytest.fixture(scope="module")
def server() -> Iterator[services.Server]:
    with services.own_server(timescale=False) as own:
        yield own


@pytest.fixture
def door(server: services.Server, tmp_path: Path) -> Iterator[doors.Door]:
    with doors.opened_with_pages(server, tmp_path) as opened:
        yield opened


@pytest.fixture
def analyst(door: doors.Door) -> Iterator[None]:
    given = {"TALAIA_DATABASE_URL": door.database_url, "TALAIA_STORE_DIRECTORY": str(door.folder / "store")}
    process = subprocess.Popen([PROGRAM, "analyst"], env={**os.environ, **given, "OMP_NUM_THREADS": "1"})
    yield
    process.terminate()
    assert process.wait(120) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A real film with its log, made long by a box that means nothing, so that there is time to lose the line."""
    folder = tmp_path / "DCIM" / "DJI_001"
    folder.mkdir(parents=True)
    video = filming.film(folder, "DJI_0001", ground.draw(5, (90.0, 40.0), 0.08, waste=5), PLAN, 5)
    with video.open("ab") as file:
        file.write((PADDING_BYTES + 8).to_bytes(4, "big") + b"free" + os.urandom(PADDING_BYTES))
    video.with_suffix(".json").unlink()
    return tmp_path / "DCIM"


def entered(browser: Browser, door: doors.Door) -> BrowserContext:
    token, _ = door.log_in("pere")
    context = browser.new_context(base_url=door.url, locale="ca-ES")
    context.add_cookies([{"name": cookie.NAME, "value": token, "url": door.url}])
    context.set_default_timeout(PATIENCE_MS)
    return context


def opened(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/flights")
    expect(page.get_by_test_id("card-drop")).to_be_visible()
    return page


class Line:
    """A page's slow way to the room, which can be cut."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._session = context.new_cdp_session(page)
        self._session.send("Network.enable")
        self.cut(is_cut=False)

    def cut(self, *, is_cut: bool) -> None:
        speeds = {"downloadThroughput": -1, "uploadThroughput": UPWARDS_BYTES_S}
        self._session.send("Network.emulateNetworkConditions", {"offline": is_cut, "latency": 0, **speeds})


def drop(context: BrowserContext, page: Page, folder: Path) -> None:
    """As from a file manager: the page gets the folder itself."""
    box = page.get_by_test_id("card-drop").bounding_box()
    assert box is not None
    session = context.new_cdp_session(page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def sent(page: Page, name: str) -> int:
    return int(page.locator(f'[data-testid=upload][data-name="{name}"]').get_attribute("data-sent") or 0)


def wait_for_sent(page: Page, name: str, more_than: int) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while sent(page, name) <= more_than:
        assert time.monotonic() < deadline, f"{name}: {sent(page, name)} bytes"
        page.wait_for_timeout(50)


def test_a_card_is_dropped_cut_off_reloaded_resumed_and_looked_through(
    browser: Browser, door: doors.Door, analyst: None, card: Path
) -> None:
    del analyst
    context = entered(browser, door)
    page = opened(context)
    line = Line(context, page)
    drop(context, page, card)
    expect(page.get_by_test_id("proposed-file")).to_have_count(2)
    page.get_by_test_id("card-confirm").click()
    wait_for_sent(page, "DJI_0001.mp4", 500_000)
    expect(page.locator('[data-name="DJI_0001.SRT"]')).to_have_attribute("data-state", "done")  # the log came first
    expect(page.get_by_test_id("uploads")).to_contain_text("ha de quedar oberta")
    line.cut(is_cut=True)
    film = page.locator('[data-testid=upload][data-name="DJI_0001.mp4"]')
    expect(film).to_have_attribute("data-state", "offline")
    cut_at = sent(page, "DJI_0001.mp4")
    line.cut(is_cut=False)
    wait_for_sent(page, "DJI_0001.mp4", cut_at)
    page.get_by_test_id("upload-pause").click()
    expect(film).to_have_attribute("data-state", "paused")
    page.reload()
    expect(page.get_by_test_id("unfinished")).to_have_attribute("data-count", "1")
    there = door.rows("SELECT upload_id FROM footage WHERE kind = 'video'")
    context.close()
    [left] = door.as_person("pere").get("/api/v1/flights/unfinished").json()["items"]
    assert left["here_bytes"] > 0

    other = entered(browser, door)  # another browser, the same pilot
    page = opened(other)
    page.get_by_test_id("choose-folder").set_input_files(card)
    wait_for_sent(page, "DJI_0001.mp4", left["here_bytes"])
    assert door.rows("SELECT upload_id FROM footage WHERE kind = 'video'") == there, "it did not begin anew"
    expect(page.locator('[data-testid=upload][data-name="DJI_0001.mp4"]')).to_have_attribute(
        "data-state", "done", timeout=PATIENCE_MS
    )
    flight = page.get_by_test_id("flight")
    page.get_by_test_id("flights-refresh").click()
    expect(flight).to_have_attribute("data-analysis", "done", timeout=4 * PATIENCE_MS)
    flight.get_by_role("link").click()
    expect(page.get_by_test_id("track-plan")).to_be_visible()
    expect(page.get_by_test_id("analysis")).to_have_attribute("data-state", "done")
    look_at(page, "2-flight")
    found = door.rows("SELECT lat, ce90_m, picture_sha256 FROM findings WHERE state = 'candidate'")
    assert len(found) >= 3
    assert all(row["picture_sha256"] and 0 < row["ce90_m"] < 20 for row in found)
    judge(page, door, len(found))
    take_away(page)
    open_site(page, door)
    play(page, door)
    other.close()
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


def judge(page: Page, door: doors.Door, proposed: int) -> None:
    """From the flight's page to its places; the first is confirmed and the second rejected by keyboard."""
    page.get_by_test_id("open-review").click()
    rows = page.get_by_test_id("finding-row")
    expect(rows).to_have_count(proposed)
    expect(page.get_by_test_id("review-picture")).to_be_visible()
    expect(page.get_by_test_id("flight-map")).to_have_attribute("data-ready", "true", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("finding-mark")).to_have_count(proposed)
    look_at(page, "3-review")
    page.keyboard.press("c")
    expect(rows).to_have_count(proposed - 1)
    page.keyboard.press("r")
    expect(rows).to_have_count(proposed - 2)
    page.get_by_test_id("show-confirmed").click()
    expect(rows).to_have_count(1)
    rows.click()
    expect(page.get_by_test_id("finding-facts").get_by_role("link").first).to_be_visible()
    look_at(page, "4-confirmed")
    (alert,) = door.as_person("marta").get("/api/v1/alerts").json()["items"]
    assert (alert["rule"], alert["state"], alert["camera_id"]) == ("drone_finding", "acknowledged", None)
    with_picture = "SELECT count(*) AS pictures FROM evidence WHERE kind = 'snapshot' AND received_at IS NOT NULL"
    assert door.rows(with_picture) == [{"pictures": 1}]


def take_away(page: Page) -> None:
    """The report as PDF and as GeoJSON, and what is in them."""
    with page.expect_download() as download:
        page.get_by_test_id("review-pdf").click()
    paper = pypdf.PdfReader(download.value.path())
    assert sum(len(sheet.images) for sheet in paper.pages) == 2  # the sketch, and what was confirmed
    text = "".join(sheet.extract_text() for sheet in paper.pages)
    keep(download.value, "report.pdf")
    with page.expect_download() as download:
        page.locator("a[href$='/report.geojson']").click()
    features = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["features"]
    keep(download.value, "report.geojson")
    kinds = [one["properties"]["feature"] for one in features]
    assert kinds[0] == "track"
    assert len(features[0]["geometry"]["coordinates"]) > 5
    states = [one["properties"]["state"] for one in features[1:]]
    assert states[0] == "confirmed"
    assert set(states[1:]) == {"candidate"}
    lon, lat = features[1]["geometry"]["coordinates"]
    assert f"{lat:.6f}, {lon:.6f}" in text
    assert 0 < features[1]["properties"]["ce90_m"] < 20


def open_site(page: Page, door: doors.Door) -> None:
    """The place that the confirmed finding has become, and its list."""
    page.get_by_test_id("finding-facts").get_by_role("link").first.click()
    expect(page.get_by_test_id("site")).to_be_visible()
    expect(page.get_by_test_id("visit")).to_have_count(1)
    look_at(page, "5-site")
    (site,) = door.rows("SELECT lat, lon, ce90_m FROM sites")
    (finding,) = door.rows("SELECT lat, lon, ce90_m FROM findings WHERE state = 'confirmed'")
    assert (site["lat"], site["lon"]) == pytest.approx((finding["lat"], finding["lon"]))
    page.goto("/sites")
    expect(page.get_by_test_id("site-row")).to_have_count(1)
    look_at(page, "6-sites")


def play(page: Page, door: doors.Door) -> None:
    """The small copy, which the analyst makes after its analysis; whoever sees it needs no reason for the original."""
    copied = "SELECT pixelated_sha256 IS NOT NULL AS done, flight_id FROM footage WHERE kind = 'video'"
    services.wait_until(lambda: door.rows(copied)[0]["done"], 4 * PATIENCE_MS / 1000, "the pixelated copy")
    page.goto(f"/flights/{door.rows(copied)[0]['flight_id']}/review")
    page.get_by_test_id("review-view-video").click()
    page.wait_for_function(_PLAYABLE, timeout=PATIENCE_MS)
    expect(page.get_by_test_id("flight-map")).to_have_attribute("data-ready", "true", timeout=PATIENCE_MS)
    look_at(page, "7-video")
    assert door.rows("SELECT DISTINCT action FROM audit WHERE action LIKE 'footage.%%'") == [
        {"action": "footage.play_pixelated"}
    ]


def look_at(page: Page, name: str) -> None:
    """No word is beyond the edge of a telephone; pictures for whoever asked for them by FLIGHT_PICTURES."""
    folder = os.environ.get("FLIGHT_PICTURES")
    for width, height in ((390, 844), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0
        if folder:
            page.wait_for_timeout(700)  # the map comes to rest
            page.screenshot(path=Path(folder) / f"{name}-{width}.png")


def keep(download: Download, name: str) -> None:
    folder = os.environ.get("FLIGHT_PICTURES")
    if folder:
        download.save_as(Path(folder) / name)
