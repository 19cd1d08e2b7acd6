"""The whole way: real footage, agent, broker, database, browser; the operator closes the alert, the database knows."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from benchmarks import town as towns
from benchmarks.whole_way import log_in
from control_room.database import migrate

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
DUMPING_WITHIN_S = 300
CLIP_WITHIN_S = 180


def dumping(town: towns.Town) -> dict[str, Any]:
    """The newest alert of the staged dumping that has its clip; an old one may lie beyond the queue's first page."""
    with town.client() as client:

        def newest() -> dict[str, Any] | None:
            answer = client.get("/alerts", params={"rule": "illegal_dumping", "limit": 50})
            items = answer.raise_for_status().json()["items"]
            # A starved machine may have seen others meanwhile.
            return next((one for one in items if one["staged"] and one["clip_url"]), None)

        found: dict[str, Any] = towns.wait_for(newest, DUMPING_WITHIN_S + CLIP_WITHIN_S, "the staged dumping's alert")
    return found


def test_an_operator_sees_the_dumping_and_closes_it_with_one_key(town: towns.Town, page: Page) -> None:
    alert = dumping(town)
    assert (alert["state"], alert["staged"], alert["location"] is not None) == ("new", True, True)
    log_in(page, town)
    row = page.locator(f"[data-alert-id='{alert['alert_id']}']")
    expect(row).to_be_visible()
    expect(row.get_by_test_id("staged")).to_be_visible()
    row.locator("a").dblclick()
    panel = page.locator(f"[data-testid=alert][data-alert='{alert['alert_id']}']")
    expect(panel).to_have_attribute("data-state", "new")
    plays_clip(page)
    page.keyboard.press("1")
    expect(panel).to_have_attribute("data-state", "closed")
    with psycopg.connect(town.run["database_url"]) as connection:
        stored = connection.execute(
            "SELECT state, close_reason FROM alerts WHERE alert_id = %s", (alert["alert_id"],)
        ).fetchone()
        closed = connection.execute(
            "SELECT actor, action, reason, at > now() - interval '5 minutes' FROM alert_history"
            " WHERE alert_id = %s ORDER BY history_id DESC LIMIT 1",
            (alert["alert_id"],),
        ).fetchone()
        audited = connection.execute(
            "SELECT DISTINCT action FROM audit WHERE actor = %s AND role = 'administrator' AND address IS NOT NULL"
            " AND result = 'ok' AND (object_id = %s OR reason LIKE %s)",
            (town.run["user"], alert["alert_id"], f"%{alert['alert_id']}%"),
        ).fetchall()
    assert stored == ("closed", "confirmed")
    assert closed == (town.run["user"], "closed", "confirmed", True)
    actions = {action for (action,) in audited}
    assert "alert.close" in actions
    assert any(action.startswith("evidence.") for action in actions)


def plays_clip(page: Page) -> None:
    """The clip moves, in a real browser."""
    page.get_by_test_id("play").click()
    page.wait_for_function("() => (document.querySelector('[data-testid=clip]')?.currentTime ?? 0) > 0.5")
    length_s = page.evaluate("() => document.querySelector('[data-testid=clip]').duration")
    assert length_s >= 14


def test_the_map_paints_cameras_without_asking_anybody(town: towns.Town, page: Page) -> None:
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    page.goto("/map")
    page.wait_for_selector("[data-testid=map][data-ready=true]")
    expect(page.get_by_test_id("mark").first).to_be_visible()


def test_cameras_are_live(town: towns.Town, page: Page) -> None:
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    page.goto("/cameras")
    expect(page.locator("[data-testid=camera][data-state=live]")).to_have_count(2)


def test_the_tables_are_timescale_where_it_was_built(town: towns.Town) -> None:
    with town.client() as client, psycopg.connect(town.run["database_url"]) as connection:
        said = client.get(f"{town.run['url']}/readyz").raise_for_status().json()
        version = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
        hypertables = (
            connection.execute("SELECT count(*) FROM timescaledb_information.hypertables").fetchone()
            if version
            else None
        )
    assert version is not None, "TimescaleDB was not built for the embedded PostgreSQL"
    assert hypertables == (len(migrate.HYPERTABLES),)
    assert version[0] in str(said)


def test_run_json_is_for_the_owner_only(town: towns.Town) -> None:
    assert (town.data_dir / "run.json").stat().st_mode & 0o777 == 0o600
    assert town.run.keys() >= {"url", "user", "password", "mqtt_url", "database_url", "device", "pids"}
    assert town.run["device"].keys() >= {"id", "token", "config"}
    assert town.run["pids"].keys() >= {"room", "worker", "edge", "broker", "database"}
