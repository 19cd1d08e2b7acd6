"""What turns a camera on the page of its live picture; each movement is seen at the camera itself."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page, Request

    from benchmarks import town as towns
    from tests.edge.ptz.ptz_camera import PtzCamera

_WITHIN_MS = 120_000


@dataclass
class Turned:
    """One movement."""

    told: list[tuple[str, dict[str, Any]]]
    """What the camera was told, from the movement's first order on; its agent stops it where the next comes late."""
    ordered: list[str]
    """What the page ordered."""


@dataclass
class Pad:
    page: Page
    head: PtzCamera
    device_id: str
    town: towns.Town

    @property
    def shown(self) -> Locator:
        return self.page.get_by_test_id("ptz")

    def open(self) -> None:
        self.page.keyboard.press("t")
        expect(self.shown).to_be_focused(timeout=_WITHIN_MS)
        expect(self.page.get_by_test_id("ptz-preset")).to_have_count(2, timeout=_WITHIN_MS)

    def press(self, key: str) -> None:
        self.shown.focus()
        self.page.keyboard.down(key)

    def turned(self, begin: Callable[[], None], end: Callable[[], None], times: int = 1) -> Turned:
        """A movement, held until the camera was told of it so often, to its end."""
        told, ordered = len(self.head.orders), len(self.commands())
        begin()
        self.until(lambda: self.head.names[told:].count("ContinuousMove") >= times)
        self.answered(end, "stop")
        told += self.head.names[told:].index("ContinuousMove")
        return Turned(self.head.orders[told:], [act for act, _ in self.commands()[ordered:]])

    def told_by(self, act: Callable[[], None], name: str, order: tuple[str, dict[str, Any]]) -> None:
        """Do it until the camera is told so: what comes to its agent too late to be obeyed is done once more."""
        while True:
            before = len(self.head.orders)
            assert self.answered(act, name) == HTTPStatus.OK
            if order in self.head.orders[before:]:
                return
            assert self.commands()[-1][1] == "expired", self.head.orders

    def answered(self, act: Callable[[], None], name: str) -> int:
        """What the room says to the order of that name; what it took has come to its end then, and all before it."""
        with self.page.expect_response(lambda one: is_order(one.request, name)) as answer:
            act()
        self.until(lambda: all(state in {"answered", "failed", "expired"} for _, state in self.commands()))
        return answer.value.status

    def commands(self) -> list[tuple[str, str]]:
        """Act and state of each order that the room has given the camera, in turn."""
        with psycopg.connect(self.town.run["database_url"]) as connection:
            rows = connection.execute(
                "SELECT arguments->>'act', state FROM commands WHERE kind = 'ptz' AND device_id = %s"
                " ORDER BY command_id",
                (self.device_id,),
            )
            return [(act, state) for act, state in rows]

    def until(self, what: Callable[[], bool]) -> None:
        """The page goes on meanwhile."""
        for _ in range(_WITHIN_MS // 50):
            if what():
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"the camera was told only {self.head.orders}, ordered {self.commands()}")


def is_order(request: Request, name: str) -> bool:
    return request.method == "POST" and "/ptz" in request.url and name in (request.post_data_json or {})
