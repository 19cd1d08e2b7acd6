"""Live video from a camera's RTSP through the agent's own code and the media process into real Chromium.

How old each picture is stands in its pixels. No assertion is on a machine's speed: what is compared is of the same run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from benchmarks.figures import percentile
from benchmarks.live import browser, parts, relay

pytestmark = [pytest.mark.system, pytest.mark.browser, pytest.mark.timeout(300)]
GOP_MS = 2000
LINE = relay.Line(loss=0.02, delay_s=0.08, seed=1)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser.chromium() as started:
        yield browser.page(started)


@pytest.fixture(scope="module")
def media() -> Iterator[parts.Media]:
    with parts.media(lag_ms_max="5000", cpu_share_max="1") as running:
        yield running


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    if not parts.has_rtsp():
        pytest.skip("no RTSP server: gir1.2-gst-rtsp-server-1.0 and python3-gi are not installed")
    with parts.rtsp_camera() as address:
        yield address


@pytest.fixture(scope="module")
def stream(media: parts.Media, camera: str) -> Iterator[str]:
    with parts.agent(media, camera):
        parts.wait_for_pictures(media)
        yield parts.CAMERA


def test_a_viewer_sees_the_street_and_not_the_past(page: Page, media: parts.Media, stream: str) -> None:
    """The open question of live video: who joined in the middle of a group stayed seconds behind, for good."""
    ages: dict[str, float] = {}
    for name in ("first", "second"):
        viewer = browser.Viewer(page, name)
        viewer.watch(media, stream)
        viewer.first_picture_ms(60_000)
        viewer.look(3000)
        seen = viewer.ages_ms()
        assert len(seen) > 25
        ages[name] = percentile(seen, 0.5)
        stats = viewer.stats()
        assert stats["framesDecoded"] > 25
        assert stats["pliCount"] == 0
        viewer.end()
    assert max(ages.values()) < GOP_MS / 2, ages


def test_over_a_bad_line_it_goes_on_and_does_not_fall_behind(page: Page, media: parts.Media, stream: str) -> None:
    with relay.relaying(LINE) as bad:
        viewer = browser.Viewer(page, "relayed")
        viewer.watch(media, stream, bad)
        viewer.first_picture_ms(60_000)
        viewer.look(6000)
        seen = viewer.ages_ms()
        assert bad.lost > 0
        assert len(seen) > 60
        half = len(seen) // 2
        assert percentile(seen[half:], 0.5) < percentile(seen[:half], 0.5) + GOP_MS / 2
        assert percentile(seen, 0.5) > 1000 * LINE.delay_s
        viewer.end()


def test_a_source_that_begins_anew_leaves_no_tile_frozen(page: Page, media: parts.Media, camera: str) -> None:
    name = "camera/box/restarted"
    with parts.agent(media, camera, name):
        parts.wait_for_pictures(media, name)
        viewer = browser.Viewer(page, "restarted")
        viewer.watch(media, name)
        viewer.first_picture_ms(60_000)
    for _ in range(2):
        before = viewer.frames()
        with parts.agent(media, camera, name):
            browser.wait_for_new(viewer, before + 25, 60.0)
            viewer.look(500)
            assert viewer.samples[-1][1] is not None
            assert percentile(viewer.ages_ms()[-10:], 0.5) < 2 * GOP_MS
    viewer.end()
