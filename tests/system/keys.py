"""Keys that mean something one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PRESS = """(keys) => {
    for (const key of keys) {
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    }
}"""


def press_in_turn(page: Page, *keys: str) -> None:
    """The page forgets the first after a second; by way of us, on a busy machine, the next may come later than that."""
    page.evaluate(_PRESS, list(keys))
