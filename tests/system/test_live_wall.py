"""The wall in a browser, over the real media process and a real RTSP camera: it moves, says when it stands, returns.

The camera can be turned over ONVIF, by a mouse and by keys on the page.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.whole_way import log_in
from launch import rtsp
from tests.edge.ptz.ptz_camera import PtzCamera
from tests.system.keys import press_in_turn
from tests.system.ptz_pad import Pad

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
LIVE_WITHIN_MS = 120_000
VEILED_WITHIN_MS = 120_000
SEEN_WITHIN_MS = 300_000
"""A busy machine looks at few pictures, and what is older than two seconds is not drawn."""
STANDS_MS = 20_000
"""Long enough to give the connection up and open it anew more than once."""
STALE_MS = 2_500
"""After which a picture is veiled."""
AS_GOOD_AS_SAME = 10
"""A video is scaled down in another way than a canvas; somebody who walks there is a smaller part of the picture."""
ANSWERED_WITHIN_MS = 120_000
RETURNED_WITHIN_S = 240.0
PATIENCE_S = 60
SECOND, PASSWORD = "segona", "una contrasenya prou llarga"
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
_HIDE = """
(isHidden) => {
  Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}
"""
"""Headless Chromium shows every page of its own: what it would say of a tab behind another is said in its place."""

_A_PERSON = """
() => {
  const box = document.querySelector('[data-testid=seen-box][data-label=person]');
  if (!box) return null;
  const over = box.parentElement.getBoundingClientRect(), at = box.getBoundingClientRect();
  const [x, y] = [at.x + at.width / 2 - over.x, at.y + at.height / 2 - over.y];
  return {name: box.textContent.trim(), isOver: x > 0 && y > 0 && x < over.width && y < over.height};
}
"""
_NOTE_PHASES = """
(tile) => {
  window.phases = [];
  const note = () => window.phases.push(tile.dataset.phase);
  new MutationObserver(note).observe(tile, { attributes: true, attributeFilter: ['data-phase'] });
}
"""


@dataclass
class Street:
    """A street camera by RTSP, and the agent that watches it."""

    server: subprocess.Popen[bytes]
    key: str
    head: PtzCamera
    """What turns it."""

    @property
    def device_id(self) -> str:
        return self.key.split("/")[1]

    @contextmanager
    def standing(self) -> Iterator[None]:
        """The camera stands still; its connection stays open."""
        self.server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def street(town: towns.Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    if not rtsp.available():
        pytest.skip("no RTSP server: gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed")
    folder = tmp_path_factory.mktemp("street")
    stream, port = folder / "street.h264", ports.free_port()
    rtsp.pack(towns.street_clip(town), stream)
    server = subprocess.Popen(rtsp.command(stream, port))
    head = PtzCamera()
    more = f'analysis_fps = 1.0\nptz = {{ onvif = "{head.location}", settle_s = 0.5 }}\n'
    agent = towns.BusyAgent(town, folder / "agent", source=rtsp.url(port), playback="", more=more)
    try:
        yield Street(server, f"camera/{agent.device_id}/busy-0", head)
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(timeout=30)
        agent.stop()
        head.close()


@pytest.fixture
def tile(town: towns.Town, street: Street, page: Page) -> Locator:
    """The camera's tile, live."""
    with town.client() as client:

        def is_seen() -> bool:
            items = client.get("/cameras").json()["items"]
            return any(
                f"camera/{one['device_id']}/{one['camera_id']}" == street.key for one in items if one["state"] == "live"
            )

        towns.wait_for(is_seen, 300, "the street camera")
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    press_in_turn(page, "g", "l")
    found = page.locator(f"[data-testid=tile][data-key='{street.key}']")
    expect(found).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    return found


def moves(page: Page, video: Locator) -> bool:
    """Whether what it shows changes."""
    first = video.evaluate(_PIXELS)
    for _ in range(4 * PATIENCE_S):
        page.wait_for_timeout(250)
        if differ(first, video.evaluate(_PIXELS)):
            return True
    return False


def differ(one: list[int], other: list[int]) -> bool:
    return sum(abs(a - b) > 12 for a, b in zip(one, other, strict=True)) > 10


def away(one: list[int], other: list[int]) -> float:
    """How far on average, of 255."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def test_a_picture_moves_is_veiled_when_it_stands_and_comes_back_by_itself(
    page: Page, street: Street, tile: Locator
) -> None:
    video = tile.get_by_test_id("live-video")
    assert moves(page, video)
    expect(tile.get_by_test_id("watermark")).to_contain_text("operator")
    tile.evaluate(_NOTE_PHASES)
    with street.standing():
        veil = tile.get_by_test_id("veil")
        expect(veil).to_be_visible(timeout=VEILED_WITHIN_MS)
        expect(veil).to_contain_text("fa ")
        assert float(tile.get_by_test_id("picture").get_attribute("data-age") or 0) >= 2
        assert "grayscale(1)" in video.evaluate("(video) => getComputedStyle(video).filter")
        stood = video.evaluate(_PIXELS)
        page.wait_for_function("() => window.phases.includes('lost')", timeout=VEILED_WITHIN_MS)
        page.evaluate("window.phases.length = 0")  # what was still on its way has come
        page.wait_for_timeout(STANDS_MS)
        assert "live" not in page.evaluate("window.phases"), "it was asked for again, and nothing old was taken for now"
        kept = tile.get_by_test_id("last-picture")
        assert away(stood, kept.evaluate(_PIXELS)) < AS_GOOD_AS_SAME, "it shows what it showed last"
        assert away(stood, [0] * len(stood)) > 4 * AS_GOOD_AS_SAME
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    expect(veil).to_have_count(0)
    expect(kept).to_have_count(0)
    assert moves(page, video)


def test_going_back_wants_a_reason_and_live_goes_on_beneath(
    town: towns.Town, page: Page, street: Street, tile: Locator
) -> None:
    tile.get_by_test_id("tile-open").click()
    view = page.locator(f"[data-testid=live-view][data-target='{street.key}']")
    picture = view.get_by_test_id("picture")
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    with psycopg.connect(town.run["database_url"]) as connection:
        connection.execute("DELETE FROM viewing_reasons")  # an open alert whose picture the feed showed carries one
    page.keyboard.press("b")
    page.get_by_test_id("live-object").fill(OBJECT)
    page.get_by_test_id("live-why-reason").fill(REASON)
    page.get_by_test_id("live-why-submit").click()
    past = view.get_by_test_id("past-video")
    expect(past).to_be_visible(timeout=60_000)
    page.wait_for_function("() => (document.querySelector('[data-testid=past-video]')?.currentTime ?? 0) > 0.5")
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


def test_who_walks_there_is_boxed_over_the_picture_until_that_is_turned_off(town: towns.Town, page: Page) -> None:
    """The demonstration's own camera, whose agent looks at it with its real detector."""
    with town.client() as client:

        def walked() -> Any:
            items = client.get("/cameras").json()["items"]
            own = town.run["device"]["id"]
            return next((one for one in items if one["device_id"] == own and not one["staged"]), None)

        camera = towns.wait_for(walked, 300, "the demonstration's street")
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible(timeout=LIVE_WITHIN_MS)
    page.goto(f"/live/camera/{camera['device_id']}/{camera['camera_id']}")
    picture = page.get_by_test_id("picture")
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    found = page.wait_for_function(_A_PERSON, timeout=SEEN_WITHIN_MS).json_value()
    assert found == {"name": "persona", "isOver": True}
    expect(page.get_by_test_id("live-seen")).to_contain_text("persona", timeout=SEEN_WITHIN_MS)
    page.keyboard.press("m")
    expect(page.get_by_test_id("live-boxes")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_test_id("seen-box")).to_have_count(0)
    page.reload()
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    expect(page.get_by_test_id("live-boxes")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("m")
    page.wait_for_function(_A_PERSON, timeout=SEEN_WITHIN_MS)


def test_a_camera_that_one_may_not_watch_any_more_leaves_the_wall(town: towns.Town, page: Page, tile: Locator) -> None:
    address, user = "/users/{}/cameras", town.run["user"]
    with town.client() as client:
        client.put(address.format(user), json={"all": False, "cameras": []}).raise_for_status()
        try:
            expect(tile).to_have_count(0)
            expect(page.get_by_test_id("wall")).to_be_visible()
        finally:
            client.put(address.format(user), json={"all": True}).raise_for_status()
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)


def move(pan: float = 0.0, tilt: float = 0.0, zoom: float = 0.0) -> tuple[str, dict[str, float]]:
    return "ContinuousMove", {"pan": pan, "tilt": tilt, "zoom": zoom}


def test_a_camera_is_turned_by_mouse_and_keys_by_one_person_at_a_time_and_comes_home_by_itself(
    town: towns.Town, page: Page, street: Street, tile: Locator, tmp_path: Path
) -> None:
    other = seconds_page(town, page, street, tmp_path)
    tile.get_by_test_id("tile-open").click()
    pad = Pad(page, street.head, street.device_id, town)
    pad.open()
    mouse, keyboard = page.mouse, page.keyboard
    pad.shown.get_by_test_id("ptz-chevron_right").hover()
    assert pad.turned(mouse.down, mouse.up).told[0] == move(pan=0.5)
    held = pad.turned(lambda: pad.press("ArrowUp"), lambda: keyboard.up("ArrowUp"), times=2)
    assert [one for one in held.told if one[0] != "Stop"][:2] == [move(tilt=0.5)] * 2
    assert held.ordered == ["move"] * (len(held.ordered) - 1) + ["stop"], "held, it goes on and is not stopped between"
    assert pad.turned(lambda: pad.press("-"), lambda: keyboard.up("-")).told[0] == move(zoom=-0.5)
    pad.shown.get_by_test_id("ptz-plus").focus()
    zoomed = pad.turned(lambda: keyboard.down("Enter"), lambda: keyboard.up("Enter"))
    assert zoomed.told[0] == move(zoom=0.5), "each act is a button too"
    pad.told_by(pad.shown.get_by_role("button", name="Font").click, "preset", ("GotoPreset", {"preset": "2"}))
    pad.told_by(lambda: keyboard.press("Home"), "home", ("GotoHomePosition", {}))

    other.keyboard.press("t")
    expect(other.get_by_test_id("ptz-preset")).to_have_count(2)
    street.head.deaf = True
    pad.press("ArrowLeft")
    expect(page.get_by_test_id("ptz-trouble")).to_contain_text("the motor is stuck", timeout=ANSWERED_WITHIN_MS)
    keyboard.up("ArrowLeft")
    street.head.deaf = False

    second = Pad(other, street.head, street.device_id, town)
    expect(other.get_by_test_id("ptz-locked")).to_contain_text(town.run["user"], timeout=ANSWERED_WITHIN_MS)
    expect(other.get_by_test_id("ptz-chevron_right")).to_be_disabled()
    other.get_by_test_id("ptz-take").click()
    other.get_by_test_id("ptz-why-reason").fill("una baralla a la font")
    other.get_by_test_id("ptz-why-submit").click()
    expect(other.get_by_test_id("ptz-locked")).to_have_count(0, timeout=ANSWERED_WITHIN_MS)
    expect(page.get_by_test_id("ptz-locked")).to_contain_text(SECOND, timeout=ANSWERED_WITHIN_MS)
    assert pad.refused(lambda: keyboard.press("Home")) == HTTPStatus.CONFLICT
    taken = second.turned(lambda: second.press("ArrowRight"), lambda: other.keyboard.up("ArrowRight"))
    assert taken.told[0] == move(pan=0.5)
    other.context.close()
    page.goto("about:blank")
    towns.wait_for(lambda: street.head.names[-1] == "GotoHomePosition", RETURNED_WITHIN_S, "its way home")


def seconds_page(town: towns.Town, page: Page, street: Street, folder: Path) -> Page:
    """Another operator at the camera's own page, in a browser of his own."""
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    added = town.room("user", "add", SECOND, "--role", "operator", "--password-file", str(secret))
    assert added.returncode == 0, added.stderr
    assert page.context.browser is not None
    other = page.context.browser.new_context(base_url=town.run["url"], locale="ca-ES").new_page()
    other.set_default_timeout(ANSWERED_WITHIN_MS)
    other.goto("/login")
    other.fill("input[name=user]", SECOND)
    other.fill("input[name=password]", PASSWORD)
    other.keyboard.press("Enter")
    expect(other.get_by_test_id("feed")).to_be_visible(timeout=ANSWERED_WITHIN_MS)
    other.goto(f"/live/{street.key}")
    expect(other.get_by_test_id("live-view")).to_be_visible(timeout=ANSWERED_WITHIN_MS)
    return other


def viewers(town: towns.Town, street: Street) -> int:
    """Whom the media process sends the camera to now."""
    live = tomllib.loads((town.data_dir / "room.toml").read_text(encoding="utf-8"))["live"]
    secret = Path(live["secret_file"]).read_text(encoding="utf-8").strip()
    answer = httpx.get(f"{live['builtin_url']}/streams", headers={"Authorization": f"Bearer {secret}"}, timeout=60)
    found = answer.json()
    streams = found["items"] if isinstance(found, dict) else found
    return sum(one["viewers"] for one in streams if f"{one['stream']}/".startswith(f"{street.key}/"))


def test_a_tile_that_nobody_sees_lets_its_camera_go_and_one_that_lost_it_takes_it_again(
    town: towns.Town, page: Page, street: Street, tile: Locator
) -> None:
    def becomes(number: int) -> None:
        towns.wait_for(lambda: viewers(town, street) == number, LIVE_WITHIN_MS / 1000, f"{number} viewers")

    becomes(1)
    page.evaluate(_HIDE, arg=True)
    becomes(0)
    expect(tile.get_by_test_id("picture")).to_have_attribute("data-veiled", "true")
    page.evaluate(_HIDE, arg=False)
    becomes(1)
    page.get_by_test_id("layout-nine").click()
    tile.get_by_test_id("tile-open").focus()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowDown")
    page.set_viewport_size({"width": 900, "height": 280})
    becomes(0)
    tile.scroll_into_view_if_needed()
    becomes(1)
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    os.kill(town.run["pids"]["media"], signal.SIGKILL)
    expect(tile.get_by_test_id("picture")).to_have_attribute("data-veiled", "true", timeout=VEILED_WITHIN_MS)
    expect(tile).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    assert moves(page, tile.get_by_test_id("live-video"))


def order(page: Page) -> list[str]:
    keys: list[str] = page.get_by_test_id("tile").evaluate_all("(tiles) => tiles.map((tile) => tile.dataset.key)")
    return keys


def wait_for_order(page: Page, wanted: list[str]) -> None:
    towns.wait_for(lambda: order(page) == wanted, LIVE_WITHIN_MS / 1000, f"the tiles in the order {wanted}")


@pytest.mark.usefixtures("tile")
def test_a_wall_is_arranged_by_mouse_and_keys_and_is_the_same_at_the_next_desk(town: towns.Town, page: Page) -> None:
    before = order(page)
    assert len(before) >= 2
    tiles = page.get_by_test_id("tile")
    tiles.nth(0).drag_to(tiles.nth(1))
    dragged = [before[1], before[0], *before[2:]]
    wait_for_order(page, dragged)
    tiles.nth(0).get_by_test_id("tile-open").focus()
    page.keyboard.press("Shift+ArrowRight")
    wait_for_order(page, before)
    tiles.nth(0).drag_to(tiles.nth(1))
    wait_for_order(page, dragged)
    with town.client() as client:
        towns.wait_for(lambda: [key for key in kept(client) if key in dragged] == dragged, 120, "the wall to be kept")
    page.evaluate("localStorage.clear()")
    page.reload()
    wait_for_order(page, dragged)
    name = page.get_by_test_id("walls").locator("option:checked").inner_text()
    page.get_by_test_id("wall-delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(name)
    page.get_by_test_id("wall-delete-submit").click()
    expect(page.get_by_test_id("walls")).to_have_count(0)
    with town.client() as client:
        assert client.get("/walls").json()["items"] == []


def kept(client: httpx.Client) -> list[str]:
    """What lies on the one wall that the room has, also what it does not show now."""
    return [key for item in client.get("/walls").json()["items"] for key in item["places"] if key is not None]


def test_the_small_window_on_top_takes_the_whole_picture_and_gives_it_back(page: Page, tile: Locator) -> None:
    tile.get_by_test_id("tile-open").click()
    view = page.get_by_test_id("live-view")
    picture = view.get_by_test_id("picture")
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    assert page.evaluate("'documentPictureInPicture' in window"), "this Chromium has no window on top"
    view.get_by_test_id("live-window").click()
    expect(view.get_by_test_id("picture")).to_have_count(0)
    on_top = "documentPictureInPicture.window?.document.querySelector('[data-testid={}]')"
    page.wait_for_function(f"() => {on_top.format('watermark')}?.textContent.includes('operator')")
    # The window's clock began with it; by that alone the picture would be as old as the page, and veiled.
    picture_on_top = on_top.format("picture")
    page.wait_for_timeout(STALE_MS)
    page.wait_for_function(f"() => {picture_on_top}?.dataset.phase === 'live'", timeout=LIVE_WITHIN_MS)
    page.evaluate("documentPictureInPicture.window.close()")
    expect(picture).to_have_attribute("data-phase", "live", timeout=LIVE_WITHIN_MS)
    assert moves(page, view.get_by_test_id("live-video"))
