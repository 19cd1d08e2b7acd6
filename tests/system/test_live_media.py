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
PHONE = """async () => {
    const canvas = document.createElement("canvas"), audio = new AudioContext();
    canvas.width = 640; canvas.height = 360;
    const pen = canvas.getContext("2d");
    let count = 0;
    setInterval(() => {
        pen.fillStyle = `hsl(${count % 360}, 80%, 50%)`; pen.fillRect(0, 0, 640, 360);
        pen.fillStyle = "black"; pen.font = "80px sans-serif"; pen.fillText(count++, 50, 200);
    }, 40);
    const pictures = canvas.captureStream(25), sound = audio.createMediaStreamDestination().stream;
    window.phone = new RTCPeerConnection({iceServers: []});
    window.phone.addTrack(pictures.getVideoTracks()[0], pictures);
    window.phone.addTrack(sound.getAudioTracks()[0], pictures);
    window.telemetry = window.phone.createDataChannel("telemetry");
    await window.phone.setLocalDescription(await window.phone.createOffer());
    return window.phone.localDescription.sdp;
}"""
"""A telephone's page: video, sound, and telemetry beside them."""
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
        browser.wait_for_new(viewer, 75, 60.0)
        viewer.look(100)
        ages[name] = percentile(viewer.ages_ms(), 0.1)  # a player that holds pictures back does so with every one
        assert viewer.stats()["framesDecoded"] > 50
        viewer.end()
    assert max(ages.values()) < GOP_MS / 3, ages


def test_over_a_bad_line_it_goes_on_and_does_not_fall_behind(page: Page, media: parts.Media, stream: str) -> None:
    with relay.relaying(LINE) as bad:
        viewer = browser.Viewer(page, "relayed")
        viewer.watch(media, stream, bad)
        viewer.first_picture_ms(60_000)
        browser.wait_for_new(viewer, 150, 60.0)
        viewer.look(100)
        seen = viewer.ages_ms()
        assert bad.lost > 0
        half = len(seen) // 2
        assert percentile(seen[half:], 0.1) < percentile(seen[:half], 0.1) + GOP_MS / 3
        assert percentile(seen, 0.5) > 1000 * LINE.delay_s
        viewer.end()


def test_a_browser_publishes_as_a_telephone_does_without_its_sound(page: Page, media: parts.Media) -> None:
    name = "source/telephone"
    answer = media.offer(name, "whip", page.evaluate(PHONE))
    assert answer.status_code == 201, answer.text
    assert answer.text.count("a=inactive") == 1
    page.evaluate("sdp => window.phone.setRemoteDescription({type: 'answer', sdp})", answer.text)
    parts.wait_for_pictures(media, name)
    viewer = browser.Viewer(page, "of-the-telephone")
    viewer.watch(media, name)
    viewer.first_picture_ms(60_000)
    browser.wait_for_new(viewer, viewer.frames() + 20, 60.0)
    page.wait_for_function("() => window.telemetry.readyState === 'open'")
    (stream,) = [each for each in media.streams() if each["stream"] == name]
    assert (9 * stream["width_px"], stream["codec"]) == (
        16 * stream["height_px"],
        "h264",
    )  # it makes them smaller at need
    viewer.end()
    page.evaluate("() => window.phone.close()")


def test_a_source_that_begins_anew_leaves_no_tile_frozen(page: Page, media: parts.Media, camera: str) -> None:
    name = "camera/box/restarted"
    with parts.agent(media, camera, name):
        parts.wait_for_pictures(media, name)
        viewer = browser.Viewer(page, "restarted")
        viewer.watch(media, name)
        viewer.first_picture_ms(60_000)
    before = viewer.frames()
    with parts.agent(media, camera, name):
        browser.wait_for_new(viewer, before + 25, 60.0)
        viewer.look(100)
        assert viewer.samples[-1][1] is not None
        assert min(viewer.ages_ms()[-10:]) < GOP_MS
    viewer.end()
