"""What turns a camera on the page of its live picture; each movement is seen at the camera itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

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
        end()
        self.settled("stop", ordered)
        told += self.head.names[told:].index("ContinuousMove")
        return Turned(self.head.orders[told:], [act for act, _ in self.commands()[ordered:]])

    def told_by(self, act: Callable[[], None], name: str, order: tuple[str, dict[str, Any]]) -> None:
        """Do it until the camera is told so: what comes to its agent too late to be obeyed is done once more."""
        while True:
            told, ordered = len(self.head.orders), len(self.commands())
            act()
            self.settled(name, ordered)
            if order in self.head.orders[told:]:
                return
            assert self.commands()[-1][1] == "expired", self.head.orders

    def settled(self, name: str, before: int) -> None:
        """Wait until the room has given that order after so many others, and all have come to their end."""
        self.until(
            lambda: (
                [act for act, _ in self.commands()[before:]][-1:] == [name]
                and all(state in {"answered", "failed", "expired"} for _, state in self.commands())
            )
        )

    def refused(self, act: Callable[[], None]) -> int:
        """What the room says to the order."""
        with self.page.expect_response(lambda one: "/ptz" in one.url and one.request.method == "POST") as answer:
            act()
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
