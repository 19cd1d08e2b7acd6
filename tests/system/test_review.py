"""A pilot goes through a flight's findings by keyboard, adds one by hand, corrects by a known point, opens its site."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from psycopg.types.json import Jsonb

from benchmarks.drawn_flight import filming, flying, ground
from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS
from control_room.sessions import cookie
from control_room.store.staging import Incoming
from tests.control_room import door as doors
from tests.control_room import flown, services
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(600)]
PATIENCE_MS = 90_000
PLAN = flying.Plan(40, fps=5, size_px=(960, 540), speed_m_s=9.0, passes_max=1)
ZONE = Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid")
LOADED = """video => new Promise(done => {
    if (video.readyState >= 2) done();
    else video.addEventListener("loadeddata", () => done());
})"""
BOXES = ([0.2, 0.3, 0.3, 0.45], [0.5, 0.5, 0.6, 0.62], [0.7, 0.6, 0.78, 0.72])


@pytest.fixture(scope="module")
def server() -> Iterator[services.Server]:
    with services.own_server(timescale=False) as own:
        yield own


@pytest.fixture
def door(server: services.Server, tmp_path: Path) -> Iterator[doors.Door]:
    with doors.opened_with_pages(server, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def flight_id(door: doors.Door, tmp_path: Path) -> uuid.UUID:
    """A film with its telemetry and three candidates, as an analysis leaves them."""
    video = filming.film(tmp_path, "DJI_0001", ground.draw(5, (90.0, 40.0), 0.08, waste=5), PLAN, 5)
    flight_id = flown.add_flight(door)
    samples = formats.read(video.with_suffix(".SRT"), ZONE).samples
    footage_id = flown.add_footage(door, flight_id, samples)
    content = video.read_bytes()
    with door.connection() as connection:
        connection.execute(
            "UPDATE footage SET sha256 = %(sha)s, bytes = %(size)s, media_type = 'video/mp4', width_px = 960,"
            " height_px = 540, pixelated_sha256 = %(sha)s, pixelated_bytes = %(size)s WHERE footage_id = %(id)s",
            {"sha": keep(door, content), "size": len(content), "id": footage_id},
        )
        track = [[one.time_utc.isoformat(), one.lon, one.lat, one.rel_alt_m] for one in samples if one.time_utc]
        connection.execute("UPDATE flights SET track = %s WHERE flight_id = %s", (Jsonb(track), flight_id))
    pere = door.as_person("pere")
    for number, box in enumerate(BOXES):
        time_s = 2.0 + number
        at = {"footage_id": str(footage_id), "time_s": str(time_s), "x": str((box[0] + box[2]) / 2), "y": str(box[3])}
        found = pere.get(f"/api/v1/flights/{flight_id}/place", params=at).json()["location"]
        flown.add_candidate(
            door,
            flight_id,
            footage_id=footage_id,
            time_s=time_s,
            box=Jsonb(box),
            score=0.9 - 0.1 * number,
            reasons=Jsonb(["unlike_its_surroundings", "seen_again"]),
            picture_sha256=keep(door, picture(video, time_s)),
            **{name: found[name] for name in ("lat", "lon", "ce90_m")},
            ellipse=Jsonb(found["ellipse"]),
        )
    return flight_id


def keep(door: doors.Door, content: bytes) -> str:
    with Incoming(door.room.store) as incoming:
        incoming.write(content)
        incoming.keep()
        return incoming.sha256


def picture(video: Path, time_s: float) -> bytes:
    with av.open(str(video)) as opened:
        for frame in opened.decode(video=0):
            if frame.time is not None and frame.time >= time_s:
                written = io.BytesIO()
                Image.fromarray(frame.to_ndarray(format="rgb24")).save(written, "JPEG", quality=85)
                return written.getvalue()
    raise AssertionError("the film is shorter")


@pytest.fixture
def page(door: doors.Door, browser: Browser) -> Iterator[Page]:
    token, _ = door.log_in("pere")
    context = browser.new_context(base_url=door.url, locale="ca-ES", viewport={"width": 1920, "height": 1080})
    context.add_cookies([{"name": cookie.NAME, "value": token, "url": door.url}])
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def states(door: doors.Door) -> list[str]:
    return [row["state"] for row in door.rows("SELECT state FROM findings ORDER BY score DESC, finding_id")]


def become(door: doors.Door, wanted: list[str]) -> None:
    """The page goes on before the room has answered."""
    services.wait_until(lambda: states(door)[:3] == wanted, PATIENCE_MS / 1000, f"findings that are {wanted}")


def test_findings_are_judged_by_keyboard_and_seen_on_the_map(
    door: doors.Door, page: Page, flight_id: uuid.UUID
) -> None:
    page.goto(f"/flights/{flight_id}/review")
    rows = page.get_by_test_id("finding-row")
    expect(rows).to_have_count(3)
    expect(page.get_by_test_id("review-picture")).to_be_visible()
    expect(page.get_by_test_id("flight-map")).to_have_attribute("data-ready", "true")
    expect(page.get_by_test_id("finding-mark")).to_have_count(3)
    page.keyboard.press("c")
    expect(rows).to_have_count(2)
    page.keyboard.press("r")
    expect(rows).to_have_count(1)
    become(door, ["confirmed", "rejected", "candidate"])
    page.keyboard.press("z")
    expect(rows).to_have_count(2)
    become(door, ["confirmed", "candidate", "candidate"])
    page.keyboard.press("d")
    page.locator("input[name=label]").fill("matalàs")
    page.locator("select[name=waste_class]").select_option("20 03 07")
    page.get_by_test_id("finding-submit").click()
    expect(rows).to_have_count(1)
    page.get_by_test_id("show-confirmed").click()
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="matalàs")).to_have_count(1)
    alerts = door.as_person("marta").get("/api/v1/alerts").json()["items"]
    assert [alert["state"] for alert in alerts] == ["acknowledged"] * 2


def test_what_the_machine_missed_is_clicked_and_a_known_point_moves_all(
    door: doors.Door, page: Page, flight_id: uuid.UUID
) -> None:
    page.goto(f"/flights/{flight_id}/review")
    expect(page.get_by_test_id("finding-row")).to_have_count(3)
    page.keyboard.press("a")
    stage = page.get_by_test_id("review-stage")
    expect(stage).to_have_attribute("data-view", "video")
    page.get_by_test_id("review-video").evaluate(LOADED)
    stage.click()
    expect(page.get_by_test_id("finding-place")).to_contain_text("m (90")
    page.locator("input[name=label]").fill("pneumàtics")
    page.get_by_test_id("finding-submit").click()
    expect(page.get_by_test_id("finding-row").filter(has_text="pneumàtics")).to_have_count(1)
    before = door.rows("SELECT lat FROM findings WHERE label = 'pneumàtics'")
    page.get_by_test_id("review-known").click()
    stage.click()
    expect(page.get_by_test_id("flight-map")).to_have_attribute("data-picking", "true")
    box = page.get_by_test_id("flight-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    expect(page.get_by_text("1 punt conegut")).to_be_visible()
    assert door.rows("SELECT lat FROM findings WHERE label = 'pneumàtics'") != before


def test_its_site_is_opened_named_and_cleaned_and_the_report_is_downloaded(
    door: doors.Door, page: Page, flight_id: uuid.UUID
) -> None:
    page.goto(f"/flights/{flight_id}/review")
    page.get_by_test_id("confirm").click()
    page.get_by_test_id("show-confirmed").click()
    page.get_by_test_id("finding-row").click()
    with page.expect_download() as download:
        page.get_by_test_id("review-pdf").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    page.get_by_test_id("finding-facts").get_by_role("link").first.click()
    expect(page.get_by_test_id("site")).to_be_visible()
    page.get_by_test_id("site-edit").click()
    page.locator("input[name=name]").fill("Camí del riu")
    page.locator("select[name=status]").select_option("cleaned")
    page.locator("input[type=checkbox][value='16 01 03']").check()
    page.get_by_test_id("site-save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Camí del riu")
    expect(page.get_by_test_id("visit").first).to_have_attribute("data-kind", "person")
    page.goto("/sites")
    expect(page.get_by_test_id("site-row")).to_contain_text("Camí del riu")
    with page.expect_download() as download:
        page.get_by_test_id("plan-kml").click()
    assert b"<kml" in Path(download.value.path()).read_bytes()
    assert door.rows("SELECT waste_classes FROM sites") == [{"waste_classes": ["16 01 03"]}]
