"""In a real browser: a log is completed and closed, an area is asked for, and what was kept shows without network."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FilePayload, Page, expect, sync_playwright

from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS
from control_room import room as rooms
from control_room.sessions import cookie
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.flight_log.test_flight_log import authorise, fly, geozone

WAIT_MS = 90_000


@pytest.fixture
def room(database_server: services.Server, tmp_path: Path) -> Iterator[doors.Door]:
    with doors.opened_with_pages(database_server, tmp_path) as opened:
        opened.clock.now = rooms.utc_now()
        yield opened


@contextmanager
def browsing(room: doors.Door, name: str) -> Iterator[Page]:
    token, _ = room.log_in(name)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        context = browser.new_context(base_url=room.url, locale="ca-ES", viewport={"width": 1920, "height": 1080})
        context.set_default_timeout(WAIT_MS)
        context.add_cookies([{"name": cookie.NAME, "value": token, "url": room.url}])
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert errors == []
        browser.close()


@pytest.fixture
def page(room: doors.Door) -> Iterator[Page]:
    """A pilot's browser."""
    with browsing(room, "pere") as opened:
        yield opened


def draw(page: Page, corners: int) -> None:
    """Click corners around the middle of the map of areas."""
    expect(page.get_by_test_id("area-map")).to_have_attribute("data-ready", "true")
    box = page.get_by_test_id("area-map").bounding_box()
    assert box is not None
    for number in range(corners):
        turn = 2 * math.pi * number / corners
        across, down = 60 * math.cos(turn), 60 * math.sin(turn)
        page.mouse.click(box["x"] + box["width"] / 2 + across, box["y"] + box["height"] / 2 + down)


def take_in(page: Page, what: str, name: str, content: str) -> None:
    file: FilePayload = {"name": "a.json", "mimeType": "application/json", "buffer": content.encode()}
    page.fill("input[name=name]", name)
    page.set_input_files(f"input[name={what}]", file)
    page.get_by_test_id(f"{what}-take").click()


@pytest.mark.browser
def test_a_pilot_completes_a_log_and_asks_before_take_off(room: doors.Door, page: Page) -> None:
    expect.set_options(timeout=WAIT_MS)
    room.as_person("anna").post("/api/v1/geozones/datasets", params={"source": "ENAIRE"}, json=geozone())
    permission = authorise(room)
    drone = room.as_person("pere").post("/api/v1/aircraft", json={"name": "Mavic 1"}).json()["aircraft_id"]
    flight_id = fly(room)

    page.goto("/flight-log")
    page.get_by_test_id("log-row").get_by_role("link").click()
    expect(page.locator("[data-testid=check][data-code=geozone]")).to_contain_text("LEXX")
    expect(page.get_by_test_id("close-log")).to_be_disabled()
    page.get_by_test_id("edit-log").click()
    page.locator("select[name=aircraft] option").nth(1).wait_for(state="attached")
    page.locator("select[name=authorisation] option").nth(1).wait_for(state="attached")
    page.select_option("select[name=aircraft]", drone)
    page.select_option("select[name=authorisation]", permission)
    page.select_option("select[name=sight]", "yes")
    page.fill("input[name=purpose]", "abocaments a la riera")
    page.fill("textarea[name=risk]", "R-3")
    page.check("input[name=batteries]")
    page.fill("input[name=reason]", "llibre")
    page.get_by_test_id("log-save").click()
    expect(page.get_by_test_id("missing")).to_have_count(0)
    page.get_by_test_id("close-log").click()
    expect(page.get_by_test_id("log-entry")).to_have_attribute("data-state", "closed")
    assert room.rows("SELECT state FROM flights WHERE flight_id = %s", flight_id) == [{"state": "closed"}]

    page.goto("/preflight")
    page.fill("input[name=lat]", "41.005")
    page.fill("input[name=lon]", "1.005")
    page.get_by_test_id("around").click()
    page.get_by_test_id("preflight-ask").click()
    expect(page.get_by_test_id("zone-met")).to_have_attribute("data-level", "serious")
    expect(page.locator("[data-testid=preflight-missing] [data-code=zone_authorisation]")).to_be_visible()
    kept = "caches.open('talaia-files-1').then(kept => kept.keys()).then(all => all.length > 2)"
    page.wait_for_function(f"() => navigator.serviceWorker.controller !== null && {kept}")

    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_test_id("preflight-offline")).to_be_visible()
    page.get_by_test_id("kept-answer").click()
    expect(page.get_by_test_id("answer")).to_have_attribute("data-kept", "true")
    expect(page.get_by_test_id("zone-met")).to_contain_text("LEXX")
    page.context.set_offline(False)
    page.reload()
    page.get_by_test_id("kept-answer").click()
    page.get_by_test_id("preflight-plan").click()
    expect(page.get_by_test_id("plan-fault")).to_have_text("Digueu la finalitat del vol.")
    page.fill("input[name=purpose]", "abocaments a la riera")
    page.get_by_test_id("preflight-plan").click()
    expect(page.get_by_test_id("log-entry")).to_have_attribute("data-state", "draft")


def draw_authorisation(page: Page, reference: str, begins: datetime) -> None:
    """Of twenty days, with an area of five corners."""
    page.goto("/flight-log?tab=authorisations")
    page.get_by_test_id("authorisation-add").click()
    for name, value in (("authority", "Delegació"), ("reference", reference), ("purpose", "abocaments")):
        page.fill(f"input[name={name}]", value)
    page.fill("input[name=begins]", begins.strftime("%Y-%m-%dT%H:%M"))
    page.fill("input[name=ends]", (begins + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_test_id("area-draw").click()
    draw(page, 5)
    look_at(page, "authorisation")
    page.get_by_test_id("authorisation-save").click()


@pytest.mark.browser
def test_what_an_administrator_gives_is_used_before_take_off(room: doors.Door) -> None:
    expect.set_options(timeout=WAIT_MS)
    lens = {"width_px": 1280, "height_px": 720, "camera_matrix": [[1000, 0, 640], [0, 1000, 360], [0, 0, 1]]}
    town = room.room.settings.town
    ring = [[town.lon + east, town.lat + north] for east, north in ((0, 0), (1e-4, 0), (1e-4, 1e-4), (0, 0))]
    homes = {"features": [{"geometry": {"type": "Polygon", "coordinates": [ring]}}]}
    with browsing(room, "anna") as page:
        page.goto("/flight-log?tab=aircraft")
        page.get_by_test_id("aircraft-add").click()
        page.fill("input[name=name]", "Mavic 1")
        page.fill("textarea[name=calibration]", "{")
        page.get_by_test_id("aircraft-save").click()
        expect(page.get_by_role("dialog")).to_contain_text("no és JSON")
        page.fill("textarea[name=calibration]", json.dumps(lens))
        page.get_by_test_id("aircraft-save").click()
        expect(page.get_by_test_id("aircraft")).to_contain_text("Lent calibrada")
        look_at(page, "aircraft")

        page.goto("/flight-log?tab=buildings")
        take_in(page, "buildings", "cadastre", "[1]")
        expect(page.get_by_test_id("buildings-fault")).to_contain_text("FeatureCollection")
        take_in(page, "buildings", "cadastre", json.dumps(homes))
        expect(page.get_by_test_id("building-set")).to_contain_text("1 edifici")
        expect(page.get_by_test_id("buildings-fault")).to_have_text("")
        look_at(page, "buildings")

        page.goto("/flight-log?tab=geozones")
        page.get_by_test_id("geozones-take").click()
        expect(page.get_by_test_id("geozones-fault")).to_contain_text("Trieu un fitxer")
        take_in(page, "geozones", "ENAIRE", json.dumps(geozone()))
        expect(page.get_by_test_id("dataset")).to_contain_text("ENAIRE")
        expect(page.get_by_test_id("geozones-fault")).to_have_text("")
        look_at(page, "geozones")

        draw_authorisation(page, "R-7", room.clock().astimezone(ZoneInfo(town.time_zone)))
        expect(page.get_by_text("R-7")).to_be_visible()
    [given] = room.rows("SELECT area FROM authorisations")
    assert len(given["area"]["coordinates"][0]) == 6
    with browsing(room, "pere") as page:
        page.goto("/preflight")
        page.select_option("select[name=known]", label="R-7")
        expect(page.get_by_test_id("area-map")).to_have_attribute("data-ready", "true")
        page.get_by_test_id("preflight-ask").click()
        expect(page.get_by_test_id("answer")).to_contain_text("R-7")
        expect(page.locator("[data-testid=preflight-missing] li[data-code=permission]")).to_have_count(0)
        look_at(page, "preflight")
    [permission] = room.as_person("pere").get("/api/v1/authorisations").json()["items"]
    assert permission["area"] == given["area"]


def look_at(page: Page, name: str) -> None:
    """No word is beyond the edge of a telephone; pictures for whoever asked for them by FLIGHT_PICTURES."""
    folder = os.environ.get("FLIGHT_PICTURES")
    for width, height in ((390, 844), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0
        if folder:
            page.wait_for_timeout(700)
            page.screenshot(path=Path(folder) / f"law-{name}-{width}.png")
