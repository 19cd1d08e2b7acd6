"""A drone's whole way: video over RTSP and MAVLink over UDP, agent, broker, room, and the map in a real browser.

Then its live picture with the map beside it: of an agent's camera, and of a source that tells where it is itself.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.whole_way import log_in
from tests.edge.test_rtsp import NEEDED, PYTHON, Camera
from tests.system import flown, live_page
from tests.system.publisher import Publisher
from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[[], int]

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(900)]
DEVICE = "drone-of-the-test"
SIZES = {"wide": (1920, 1080), "narrow": (390, 844)}
_HAS_MOVED = """([device, before]) => {
    const box = document.querySelector(`[data-testid=drone][data-device='${device}']`)?.getBoundingClientRect();
    return box !== undefined && Math.hypot(box.x - before.x, box.y - before.y) >= 2;
}"""
_NOTE_HOVERS = """(device) => {
    window.hovered = new Set();
    const mark = `[data-testid=drone][data-device='${device}']`;
    const note = () => window.hovered.add(document.querySelector(mark)?.dataset.hovers);
    const wanted = {subtree: true, childList: true, attributes: true, attributeFilter: ["data-hovers"]};
    new MutationObserver(note).observe(document.body, wanted);
}"""
"""It stands for half a minute only: a page that is looked at late has been told of it all the same."""


@pytest.fixture
def camera(town: towns.Town, tmp_path: Path) -> Iterator[Camera]:
    if subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer's RTSP server is not on this machine")
    film = tmp_path / "flight.mp4"
    flown.film(towns.street_clip(town), film)
    served = Camera(film)
    yield served
    served.kill()


@pytest.fixture
def start(town: towns.Town, camera: Camera, tmp_path: Path) -> Iterator[Start]:
    """Starts the agent on the drone; gives the port at which it hears the autopilot."""
    port = ports.free_port()
    config = tmp_path / "drone" / "edge.toml"
    config.parent.mkdir()
    config.write_text(_config(town, camera, port, tmp_path / "drone"), encoding="utf-8")
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> int:
        with (tmp_path / "agent.log").open("ab") as log:
            command = [str(Path(sys.executable).parent / "talaia-edge"), "run", "-c", str(config)]
            started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        return port

    yield begin
    for process in started:
        process.terminate()
        process.wait(timeout=towns.STOP_WITHIN_S)


def _config(town: towns.Town, camera: Camera, port: int, folder: Path) -> str:
    added = town.room("device", "add", DEVICE, "--name", "Dron", "--json")
    own = tomllib.loads(Path(town.run["device"]["config"]).read_text(encoding="utf-8"))
    return (
        f'[device]\nid = "{DEVICE}"\ndata_dir = "{folder / "data"}"\n'
        f'[room]\nurl = "{town.run["url"]}"\ntoken = "{json.loads(added.stdout)["token"]}"\n'
        f'command_key_file = "{own["room"]["command_key_file"]}"\n'
        f'[mqtt]\nurl = "{town.run["mqtt_url"]}"\n'
        f'[[camera]]\nid = "below"\nname = "Dron de prova"\nkind = "drone"\nsource = "{camera.url}"\n'
        'record = false\npurpose = "test"\nlegal_regime = "lo_7_2021"\nstaged = true\n'
        f'[camera.drone]\ntelemetry = "udp://127.0.0.1:{port}"\nsystem_id = {flown.SYSTEM}\n'
        f"view_deg = {flown.VIEW_DEG}\n"
        "[camera.rules.illegal_dumping]\nenabled = false\n"
        '[[camera.zones]]\nname = "street"\nkind = "watch"\nrules = ["intrusion"]\n'
        "points = [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]\n"
        "[camera.rules.intrusion]\nenabled = true\nconfirm_s = 0.0\n"
    )


def _reason(client: Any) -> str:
    """What its status says that it cannot do."""
    items = client.get("/cameras").raise_for_status().json()["items"]
    return next((one["reason"] or "" for one in items if one["device_id"] == DEVICE), "")


def test_a_flight_is_on_the_map_and_so_is_what_it_saw(
    town: towns.Town, camera: Camera, start: Start, page: Page
) -> None:
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    _open_map(page, "/map")
    page.evaluate(_NOTE_HOVERS, DEVICE)
    autopilot = flown.Autopilot(start(), ahead_s=-366 * 86_400)
    try:
        with town.client() as client:
            towns.wait_for(lambda: flown.is_watched(camera.port), 120, "the agent at the camera")
            autopilot.start()
            _flies_first(client, page)
            _sees_somebody(client, page)
            view = _is_watched_live(page)
            _leaves_them_behind(client)
            _falls_silent_while_it_films(view, autopilot)
            _goes_on_without_its_picture(view, camera)
    finally:
        autopilot.stop()


def _open_map(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("[data-testid=map][data-ready=true]", timeout=120_000)


def _flies_first(client: Any, page: Page) -> None:
    mark = page.locator(f"[data-testid=drone][data-device='{DEVICE}']")
    expect(mark).to_be_visible()
    seen_at = mark.bounding_box()
    page.wait_for_function(_HAS_MOVED, arg=[DEVICE, seen_at])
    towns.wait_for(
        lambda: "clock is 366 days behind" in _reason(client), 60, "the word that the aircraft's clock is wrong"
    )
    page.wait_for_function("() => window.hovered.has('true')")


def _sees_somebody(client: Any, page: Page) -> None:
    def newest() -> dict[str, Any] | None:
        found = client.get("/alerts", params={"camera_id": "below", "limit": 1}).raise_for_status().json()["items"]
        return found[0] if found else None

    alert: dict[str, Any] = towns.wait_for(newest, 120, "the alert of whom the drone saw")
    detail = client.get(f"/alerts/{alert['alert_id']}").raise_for_status().json()
    x1, _, x2, y2 = alert["objects"][0]["box"]
    true = flown.ground_at((x1 + x2) / 2, y2, *flown.SIZE_PX)
    place = alert["location"]
    off_m = sum(each**2 for each in globe.offset_m(true, (place["lat"], place["lon"]))) ** 0.5
    assert off_m < 1.0
    assert off_m < place["accuracy_m"] < 12
    assert alert["rule"] == "intrusion"
    assert "flat ground at the height of take-off" in detail["attributes"]["location_method"]
    way = client.get("/positions", params={"device_id": DEVICE, "limit": 2000}).raise_for_status().json()["items"]
    assert {True, False} <= {one["hovers"] for one in way}
    # Of a machine that is late with a message no single speed is right.
    flew = statistics.median(one["speed_m_s"] for one in way if (one["speed_m_s"] or 0) > 1)
    assert flew == pytest.approx(flown.SPEED_M_S, abs=1.0)
    assert [len(one["footprint"]) for one in way][-1] == 4
    _open_map(page, f"/map?alert={alert['alert_id']}")
    expect(page.locator(f"[data-testid=drone][data-device='{DEVICE}']")).to_be_visible()
    expect(page.get_by_test_id("spots").locator(f"a[href='/alerts/{alert['alert_id']}']")).to_be_visible()
    expect(page.get_by_test_id("drones").get_by_text("Dron de prova")).to_be_visible()
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if folder := os.environ.get("FLIGHT_PICTURES"):
            page.get_by_role("button", name="Apropa").first.click()
            page.wait_for_timeout(1500)  # the map comes to rest
            page.screenshot(path=Path(folder) / f"drone-{name}.png")


def _leaves_them_behind(client: Any) -> None:
    def closed() -> bool:
        found = client.get("/alerts", params={"camera_id": "below", "limit": 50}).raise_for_status().json()["items"]
        details = [client.get(f"/alerts/{one['alert_id']}").raise_for_status().json() for one in found]
        return all(one["over_since"] for one in details)

    towns.wait_for(closed, 120, "the end of the events")
    towns.wait_for(lambda: "wait" in _reason(client), 60, "the status that says that rules wait again")


def _is_watched_live(page: Page) -> live_page.LivePage:
    view = live_page.LivePage(page, f"camera/{DEVICE}/below")
    view.open()
    _moves_beside_its_picture(view)
    if folder := os.environ.get("FLIGHT_PICTURES"):
        view.photograph(Path(folder), "drone-live", SIZES)
    return view


def _moves_beside_its_picture(view: live_page.LivePage) -> None:
    view.follow(changes=1)
    before, at = view.drawn(), view.place()
    said = view.follow(changes=5)
    after = view.drawn()
    assert view.place()[1] > at[1], "it flies to the east"
    assert [len(set(said[name])) > 1 for name in ("height", "gimbal", "looks")] == [True, True, True]
    assert min(before.pixels, after.pixels) > 100
    for _ in range(20):
        if abs(after.ahead_px - before.ahead_px) > 3:
            break
        view.follow(changes=1)
        after = view.drawn()
    assert abs(after.ahead_px - before.ahead_px) > 3, "the ground in the picture moves as the camera tilts"
    expect(view.says("silent")).to_have_count(0)


def _falls_silent_while_it_films(view: live_page.LivePage, autopilot: flown.Autopilot) -> None:
    autopilot.is_silent.set()
    expect(view.says("silent")).to_be_visible()
    where = view.place()
    view.plays()
    assert view.place() == where
    autopilot.is_silent.clear()
    expect(view.says("silent")).to_have_count(0)


def _goes_on_without_its_picture(view: live_page.LivePage, camera: Camera) -> None:
    camera.kill()
    expect(view.picture).to_have_attribute("data-veiled", "true")
    before = view.place()
    view.follow(changes=2)
    assert view.place()[1] > before[1]
    expect(view.picture).to_have_attribute("data-veiled", "true")


def test_a_publisher_that_tells_its_place_moves_beside_its_picture(town: towns.Town, page: Page) -> None:
    """An app without an agent; what its picture shows is drawn as soon as it tells enough."""
    device_id = "app-of-the-test"
    assert town.room("device", "add", device_id, "--name", "Dron amb aplicació", "--json").returncode == 0
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    address = _register(page, device_id)
    source_id = address["whip"].split("/")[-2]
    with Publisher(address["whip"], address["token"]) as publisher:
        view = live_page.LivePage(page, f"source/{source_id}")
        view.open()
        before = view.place()
        view.follow(changes=3)
        assert view.place()[1] > before[1]
        expect(page.get_by_test_id("no-footprint")).to_contain_text("la inclinació de la càmera, l'angle de visió")
        publisher.lens = {"gimbal_pitch_deg": -50.0, "view_deg": 70.0}
        expect(page.get_by_test_id("no-footprint")).to_have_count(0)
        said = view.follow(changes=3)
        assert len(set(said["looks"])) > 1
        assert view.drawn().pixels > 100
        expect(view.says("silent")).to_have_count(0)
        if folder := os.environ.get("FLIGHT_PICTURES"):
            view.photograph(Path(folder), "source-live", SIZES)


def _register(page: Page, device_id: str) -> dict[str, str]:
    """A source, as a person does it; its addresses by their kinds. Of the page for a telephone there is a code too."""
    page.goto("/live/sources")
    page.get_by_test_id("source-add").click()
    page.get_by_test_id("source-name").fill("Dron amb aplicació")
    page.locator("select[name=ground]").select_option("purpose")
    page.get_by_test_id("source-purpose").fill("prova")
    page.locator("select[name=device]").select_option(device_id)
    page.get_by_test_id("source-save").click()
    address = {kind: page.get_by_test_id(f"address-{kind}").inner_text() for kind in ("page", "whip", "token")}
    if folder := os.environ.get("FLIGHT_PICTURES"):
        page.screenshot(path=Path(folder) / "addresses.png")
    shot = cv2.imdecode(np.frombuffer(page.get_by_test_id("address-code").screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None
    assert cv2.QRCodeDetectorAruco().detectAndDecode(shot)[0] == address["page"]
    page.get_by_test_id("source-noted").click()
    return address
