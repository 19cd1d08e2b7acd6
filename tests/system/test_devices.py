"""Devices in a real browser: one device takes, rejects and takes back configurations; one is let in and out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks import town as towns
from benchmarks.whole_way import log_in

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
CAMERA = "rambla-nova"
NEW = "armari-2"
ANSWERED_WITHIN_MS = 240_000
CONNECTED_WITHIN_MS = 240_000
CUT_OFF_WITHIN_S = 180


def opened(page: Page, town: towns.Town, device_id: str) -> Locator:
    """The device's card on the page Devices."""
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    page.goto("/devices")
    return page.locator(f"[data-testid=registered][data-device-id='{device_id}']")


def give_reason(page: Page, reason: str) -> None:
    """A dialog that wants a reason is not done without one."""
    page.get_by_test_id("ask-submit").click()
    expect(page.get_by_role("dialog").get_by_role("alert").first).to_contain_text("motiu")
    page.get_by_test_id("ask-reason").fill(reason)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def newest(card: Locator, version: int, state: str) -> Locator:
    """The newest version's row, once it is that one and the device has answered so."""
    row = card.get_by_test_id("configuration-version").first
    expect(row).to_contain_text(f"versió {version}")
    expect(row).to_have_attribute("data-state", state, timeout=ANSWERED_WITHIN_MS)
    return row


def push_name(page: Page, card: Locator, name: str, reason: str) -> None:
    card.get_by_test_id("push").click()
    settings = page.locator(f"[data-testid=camera-settings][data-camera-id='{CAMERA}']")
    settings.locator("input[name=name]").fill(name)
    expect(page.get_by_test_id("configuration-changes")).to_contain_text(name)
    page.locator("dialog input[name=reason]").fill(reason)
    page.get_by_test_id("configuration-push").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def push_json(page: Page, card: Locator, content: object, reason: str) -> None:
    card.get_by_test_id("push").click()
    page.get_by_role("switch", name="JSON").click()
    page.get_by_test_id("configuration-content").fill(json.dumps(content))
    page.locator("dialog input[name=reason]").fill(reason)
    page.get_by_test_id("configuration-push").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_configuration_is_taken_rejected_with_the_devices_words_and_taken_back(town: towns.Town, page: Page) -> None:
    device_id = town.run["device"]["id"]
    with town.client() as client:
        cameras = client.get(f"/devices/{device_id}").raise_for_status().json()["camera_list"]
        before = len(client.get(f"/devices/{device_id}/configurations").raise_for_status().json()["items"])
    name = next(camera["name"] for camera in cameras if camera["camera_id"] == CAMERA)
    card = opened(page, town, device_id)
    expect(card.get_by_text("Connectat")).to_be_visible()
    card.locator("[aria-expanded=false]").click()
    health = card.get_by_test_id("camera-health")
    expect(health).to_have_count(len(cameras))
    expect(health.filter(has_text=name)).to_have_attribute("data-state", "live")
    push_name(page, card, name, "com al plànol")
    newest(card, before + 1, "confirmed")
    push_name(page, card, f"{name} (prova)", "prova")
    newest(card, before + 2, "confirmed")
    push_json(page, card, {"cameras": {"port": {"name": "Port"}}}, "una càmera que no hi és")
    rejected = newest(card, before + 3, "rejected")
    expect(rejected).to_contain_text("cameras: got port; allowed: this device's (")
    rows = card.get_by_test_id("configuration-version")
    expect(rows.nth(1).get_by_test_id("go-back")).to_have_count(0)  # it follows that one
    rows.nth(2).get_by_test_id("go-back").click()
    give_reason(page, "prova acabada")
    newest(card, before + 4, "confirmed")
    with town.client() as client:
        versions = client.get(f"/devices/{device_id}/configurations").raise_for_status().json()["items"]
    assert [(one["state"], one["same_as"]) for one in versions[:4]] == [
        ("confirmed", before + 1),
        ("rejected", None),
        ("confirmed", None),
        ("confirmed", None),
    ]


@pytest.fixture
def box(town: towns.Town, tmp_path: Path) -> Path:
    """The file of a device that knows its camera and no room yet."""
    path = tmp_path / "box" / "edge.toml"
    path.parent.mkdir()
    camera = f'[[camera]]\nid = "port"\nname = "Port"\nsource = "file:{towns.street_clip(town)}"\nloop = true\n'
    path.write_text(camera + "analysis_fps = 1.0\n", encoding="utf-8")
    return path


def test_a_device_is_let_in_by_a_code_once_and_cut_off_by_a_person(town: towns.Town, page: Page, box: Path) -> None:
    card = opened(page, town, NEW)
    page.get_by_test_id("device-add").click()
    page.get_by_test_id("device-save").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("identificador")
    page.locator("input[name=device_id]").fill(NEW)
    page.locator("input[name=name]").fill("Armari del port")
    page.get_by_test_id("device-save").click()
    code = page.get_by_test_id("enrolment-code").inner_text()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("enrolment-code")).to_have_count(0)
    expect(card).to_contain_text("Mai vist")
    asked = ("enrol", "--room", town.run["url"], "--code", code, "-c", str(box))
    enrolled, again = towns.talaia("edge", *asked), towns.talaia("edge", *asked)
    assert (enrolled.returncode, again.returncode != 0) == (0, True), enrolled.stderr + again.stdout
    agent = subprocess.Popen([str(Path(sys.executable).parent / "talaia-edge"), "run", "-c", str(box)])
    try:
        expect(card).to_contain_text("Connectat", timeout=CONNECTED_WITHIN_MS)
        expect(card).not_to_contain_text("Sense clau pròpia")
        card.get_by_test_id("revoke").click()
        give_reason(page, "robat, denúncia 2026/188")
        expect(card).to_have_count(0)
        page.locator("select").select_option("revoked")
        expect(card).to_contain_text("Revocat")
        towns.wait_for(lambda: not is_connected(town), CUT_OFF_WITHIN_S, "the end of the connection")
    finally:
        agent.terminate()
        agent.wait(timeout=towns.STOP_WITHIN_S)
    with psycopg.connect(town.run["database_url"]) as connection:
        audited = connection.execute(
            "SELECT actor, reason FROM audit WHERE action = 'device.revoke' AND object_id = %s", (NEW,)
        ).fetchall()
    assert audited == [(town.run["user"], "robat, denúncia 2026/188")]


def is_connected(town: towns.Town) -> bool:
    with psycopg.connect(town.run["database_url"]) as connection:
        row = connection.execute("SELECT online FROM devices WHERE device_id = %s", (NEW,)).fetchone()
    return row is not None and bool(row[0])
