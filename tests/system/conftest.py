"""One running system for all tests that do not break it for the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks import town as towns
from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS

PATIENCE_MS = 120_000
"""For what has no limit of its own; Playwright's 5 s are over on a busy machine before a page has its first answer."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[towns.Town]:
    with towns.running(tmp_path_factory.mktemp("town")) as running:
        yield running


@pytest.fixture
def page(town: towns.Town) -> Iterator[Page]:
    """A browser of which every request is to the room itself."""
    foreign: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        context = browser.new_context(base_url=town.run["url"], locale="ca-ES")
        context.set_default_timeout(PATIENCE_MS)
        context.on(
            "request",
            lambda request: (
                foreign.append(request.url) if not request.url.startswith((town.run["url"], "blob:", "data:")) else None
            ),
        )
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        assert (foreign, errors) == ([], [])
        browser.close()
