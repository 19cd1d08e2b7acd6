"""An operator keeps an alert from its page; the page of holds shows it, and an administrator lets go of it."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Page, expect

from benchmarks import town as towns
from benchmarks.whole_way import log_in
from tests.system.keys import press_in_turn

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
ALERT_WITHIN_S = 600
REASON = "denúncia 2026/114"


def test_an_alert_is_kept_by_a_key_listed_and_let_go(town: towns.Town, page: Page) -> None:
    with town.client() as client:
        alert_id = towns.wait_for(
            lambda: next((item["alert_id"] for item in client.get("/alerts").json()["items"]), None),
            ALERT_WITHIN_S,
            "an alert",
        )
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    page.goto(f"/alerts/{alert_id}")
    expect(page.get_by_test_id("kept")).to_have_attribute("data-count", "0")
    page.keyboard.press("h")
    page.get_by_test_id("keep-alert-reason").fill(REASON)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("kept")).to_contain_text(REASON)
    expect(page.get_by_test_id("kept-mark")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)  # in which keys are letters
    press_in_turn(page, "g", "h")
    hold = page.get_by_test_id("room-hold").filter(has_text=REASON)
    expect(hold).to_have_attribute("data-state", "open")
    assert kept(town, alert_id)
    hold.get_by_test_id("let-go").click()
    page.get_by_test_id("let-go-submit").click()
    expect(page.get_by_role("dialog").get_by_role("alert").first).to_contain_text("motiu")
    page.get_by_test_id("let-go-reason").fill("cas tancat")
    page.keyboard.press("Enter")
    expect(hold).to_have_count(0)
    page.locator("select[name=state]").select_option("released")
    expect(hold).to_contain_text("cas tancat")
    assert not kept(town, alert_id)
    with psycopg.connect(town.run["database_url"]) as connection:
        audited = connection.execute(
            "SELECT action, reason FROM audit WHERE object_id = %s AND action ~ '^hold' ORDER BY audit_id", (alert_id,)
        ).fetchall()
    assert audited == [("hold.add", REASON), ("hold.release", "cas tancat")]


def kept(town: towns.Town, alert_id: str) -> bool:
    """Whether retention itself would spare it for a hold."""
    with psycopg.connect(town.run["database_url"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM protected_alerts(now()) WHERE alert_id = %s AND because LIKE 'hold %%'", (alert_id,)
        ).fetchone()
    return row is not None and bool(row[0])
