"""In a real browser: a log is completed and closed, an area is asked for, and what was kept shows without network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS
from control_room import room as rooms
from control_room import screens
from control_room.sessions import cookie
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.flight_log.test_flight_log import authorise, fly, geozone

WAIT_MS = 90_000


@pytest.fixture
def room(database_server: services.Server, tmp_path: Path) -> Iterator[doors.Door]:
    """Its screens are the built ones."""
    if not (screens.BUILT / "index.html").is_file():
        pytest.skip("the screens are not built: npm run build in control_room/ui")
    (tmp_path / "dist").symlink_to(screens.BUILT)
    url = database_server.new_database()
    with doors.opened(url, tmp_path) as opened:
        opened.clock.now = rooms.utc_now()
        yield opened
    database_server.drop_database(url)


@pytest.fixture
def page(room: doors.Door) -> Iterator[Page]:
    """A pilot's browser."""
    token, _ = room.log_in("pere")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        context = browser.new_context(base_url=room.url, locale="ca-ES")
        context.set_default_timeout(WAIT_MS)
        context.add_cookies([{"name": cookie.NAME, "value": token, "url": room.url}])
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert errors == []
        browser.close()


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
    expect(page.locator("[data-testid=preflight-missing] li")).to_have_attribute("data-code", "zone_authorisation")
    kept = "caches.open('talaia-files-1').then(kept => kept.keys()).then(all => all.length > 2)"
    page.wait_for_function(f"() => navigator.serviceWorker.controller !== null && {kept}")

    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_test_id("preflight-offline")).to_be_visible()
    page.get_by_test_id("kept-answer").click()
    expect(page.get_by_test_id("answer")).to_have_attribute("data-kept", "true")
    expect(page.get_by_test_id("zone-met")).to_contain_text("LEXX")
    page.context.set_offline(False)
