"""An operator finds, plays, keeps, holds and releases a recording: browser, room, broker, device and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect

from benchmarks import town as towns
from benchmarks.whole_way import log_in
from tests.system.keys import press_in_turn

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(1500)]
CAMERA = "rambla-nova"
RECORDED_WITHIN_S = 600
ANSWERED_WITHIN_S = 180
PIXELATED_WITHIN_S = 600
LENGTH_S = 4
REASON = "denúncia 2026/114"


@pytest.fixture
def client(town: towns.Town) -> Iterator[httpx.Client]:
    with town.client() as opened:
        yield opened


def order(town: towns.Town, client: httpx.Client, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A command's end."""
    path = f"/devices/{town.run['device']['id']}/commands"
    given = client.post(path, json={"kind": kind, "arguments": arguments})
    assert given.status_code == 202, given.text
    command_id = given.json()["command_id"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/commands/{command_id}").raise_for_status().json()
        return found if found["state"] in {"answered", "failed", "expired"} else None

    answer: dict[str, Any] = towns.wait_for(ended, ANSWERED_WITHIN_S, kind)
    assert answer["state"] == "answered", answer
    return answer


def recorded(town: towns.Town, client: httpx.Client) -> tuple[datetime, datetime]:
    """A few seconds in a stretch that is recorded."""

    def found() -> tuple[datetime, datetime] | None:
        now = datetime.now(UTC)
        span = {"from": (now - timedelta(minutes=10)).isoformat(), "to": now.isoformat()}
        listed = order(town, client, "recordings_list", {"camera_id": CAMERA, **span})["result"]
        for one in reversed(listed["spans"]):
            first, last = (datetime.fromisoformat(one[end]) for end in ("from", "to"))
            if (last - first).total_seconds() > 3 * LENGTH_S:
                middle = first + (last - first) / 2
                return middle, middle + timedelta(seconds=LENGTH_S)
        return None

    span: tuple[datetime, datetime] = towns.wait_for(found, RECORDED_WITHIN_S, "a recording")
    return span


def test_an_operator_plays_keeps_and_holds_a_recording(town: towns.Town, client: httpx.Client, page: Page) -> None:
    first, last = recorded(town, client)
    log_in(page, town)
    expect(page.get_by_test_id("feed")).to_be_visible()
    press_in_turn(page, "g", "r")
    expect(page.get_by_test_id("recordings")).to_be_visible()
    place = {"camera": f"{town.run['device']['id']}/{CAMERA}", "from": first.isoformat(), "to": last.isoformat()}
    page.goto(f"/recordings?{urlencode(place)}")
    expect(page.get_by_test_id("span").first).to_be_visible(timeout=ANSWERED_WITHIN_S * 1000)
    expect(page.get_by_test_id("timeline")).to_be_visible()
    plays_pixelated(page)
    keeps_the_original(town, client, page)
    holds_and_releases(page)


def plays_pixelated(page: Page) -> None:
    page.get_by_test_id("play-pixelated").click()
    video = page.get_by_test_id("recording").first
    expect(video).to_be_visible(timeout=PIXELATED_WITHIN_S * 1000)
    video.evaluate("video => video.play()")
    page.wait_for_function("() => (document.querySelector('[data-testid=recording]')?.currentTime ?? 0) > 0.5")


def keeps_the_original(town: towns.Town, client: httpx.Client, page: Page) -> None:
    page.get_by_test_id("keep").click()
    page.get_by_test_id("ask-submit").click()
    expect(page.get_by_role("alert").filter(has_text="motiu")).to_be_visible()
    page.get_by_test_id("ask-reason").fill(REASON)
    page.keyboard.press("Enter")
    shown = page.get_by_test_id("sha256").first
    expect(shown).to_be_visible(timeout=ANSWERED_WITHIN_S * 1000)
    sha256 = shown.inner_text()
    with psycopg.connect(town.run["database_url"]) as connection:
        kept = connection.execute(
            "SELECT evidence_id::text, kind, expires_at FROM evidence WHERE sha256 = %s AND command_id IS NOT NULL",
            (sha256,),
        ).fetchall()
    ((evidence_id, kind, expires_at),) = kept
    assert (kind, expires_at) == ("recording", None)
    url = f"/evidence/{evidence_id}"
    content = towns.wait_for(
        lambda: (answer := client.get(url, params={"reason": REASON})).is_success and answer.content,
        ANSWERED_WITHIN_S,
        "the original",
    )
    assert hashlib.sha256(content).hexdigest() == sha256


def holds_and_releases(page: Page) -> None:
    page.get_by_test_id("hold-recording").click()
    page.get_by_test_id("ask-reason").fill(REASON)
    page.get_by_test_id("ask-submit").click()
    hold = page.locator("[data-testid=hold][data-state=answered]")
    expect(hold).to_have_count(1, timeout=ANSWERED_WITHIN_S * 1000)
    page.get_by_test_id("find").click()
    expect(page.locator("[data-testid=span][data-held=true]").first).to_be_visible(timeout=ANSWERED_WITHIN_S * 1000)
    page.get_by_test_id("release").click()
    page.get_by_test_id("ask-reason").fill("cas tancat")
    page.get_by_test_id("ask-submit").click()
    expect(hold).to_have_count(0, timeout=ANSWERED_WITHIN_S * 1000)


def test_what_was_done_is_in_the_audit(town: towns.Town, client: httpx.Client) -> None:
    order(town, client, "recordings_list", {"camera_id": CAMERA, **_an_hour()})
    with psycopg.connect(town.run["database_url"]) as connection:
        actions = {
            row[0]
            for row in connection.execute(
                "SELECT action || ' ' || actor_kind FROM audit WHERE object_kind = 'command' AND result = 'ok'"
            )
        }
    assert {"command.recordings_list user", "command.answer device"} <= actions


def _an_hour() -> dict[str, str]:
    now = datetime.now(UTC)
    return {"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()}
