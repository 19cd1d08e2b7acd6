"""A viewer in real Chromium: what it shows, and how old that is, read from its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import town as towns
from benchmarks.live import barcode
from benchmarks.whole_way import CHROMIUM, CHROMIUM_ARGUMENTS

if TYPE_CHECKING:
    import httpx

    from benchmarks.live.relay import Relay

_PLAYER = (
    barcode.SCRIPT
    + """
window.views = {};
window.offer = async function (name) {
    const began = performance.timeOrigin + performance.now();
    const video = document.createElement("video");
    video.muted = true; video.autoplay = true; video.playsInline = true; video.width = 320;
    document.body.append(video);
    const connection = new RTCPeerConnection({iceServers: []});
    const transceiver = connection.addTransceiver("video", {direction: "recvonly"});
    transceiver.receiver.jitterBufferTarget = 0;
    const view = {began, video, connection, samples: [], frames: 0};
    window.views[name] = view;
    const canvas = document.createElement("canvas");
    const look = () => {
        const value = readBarcode(video, canvas);
        view.frames += 1;
        view.samples.push([performance.timeOrigin + performance.now(), value]);
        video.requestVideoFrameCallback(look);
    };
    connection.ontrack = event => {
        video.srcObject = new MediaStream([event.track]);
        video.requestVideoFrameCallback(look);
        video.play();
    };
    await connection.setLocalDescription(await connection.createOffer());
    return connection.localDescription.sdp;
};
window.answer = async (name, sdp) => window.views[name].connection.setRemoteDescription({type: "answer", sdp});
window.end = name => {
    const view = window.views[name];
    view.connection.close(); view.video.remove(); delete window.views[name];
};
window.stats = async name => {
    const found = {};
    for (const report of (await window.views[name].connection.getStats()).values()) {
        if (report.type === "inbound-rtp") Object.assign(found, report);
    }
    return found;
};
"""
)
ARGUMENTS = [*CHROMIUM_ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]


class Signalling(Protocol):
    """Who answers a viewer's offer: the media process, or the room."""

    def offer(self, stream: str, kind: str, sdp: str, **query: str) -> httpx.Response: ...


@dataclass(slots=True)
class Viewer:
    """One tile."""

    page: Page
    name: str
    samples: list[tuple[float, int | None]] = field(default_factory=list)
    """When a picture was shown (milliseconds since 1970), and the time burned into it."""

    def watch(self, media: Signalling, stream: str, relay: Relay | None = None) -> None:
        """Begin to watch."""
        offer = self.page.evaluate("name => window.offer(name)", self.name)
        answer = media.offer(stream, "whep", offer)
        answer.raise_for_status()
        sdp = answer.text if relay is None else relay.answer(answer.text)
        self.page.evaluate("([name, sdp]) => window.answer(name, sdp)", [self.name, sdp])

    def frames(self) -> int:
        """Shown until now."""
        found: int = self.page.evaluate("name => window.views[name].frames", self.name)
        return found

    def look(self, ms: float) -> None:
        """For so long."""
        self.page.wait_for_timeout(ms)
        self.samples = [tuple(each) for each in self.page.evaluate("name => window.views[name].samples", self.name)]

    def first_picture_ms(self, within_ms: float = 30_000) -> float:
        """From being asked to the first picture shown."""
        self.page.wait_for_function("name => window.views[name].frames > 0", arg=self.name, timeout=within_ms)
        first = self.page.evaluate("name => window.views[name].samples[0][0] - window.views[name].began", self.name)
        return float(first)

    def ages_ms(self, skip: int = 25) -> list[float]:
        """Glass to glass, of every picture after the first ones."""
        return [barcode.age_ms(value, at) for at, value in self.samples[skip:] if value is not None]

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("name => window.stats(name)", self.name)
        return found

    def end(self) -> None:
        self.page.evaluate("name => window.end(name)", self.name)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


def page(browser: Browser) -> Page:
    """With the player in it."""
    made = browser.new_page(viewport={"width": 1920, "height": 1080})
    made.set_content("<!doctype html><title>live</title><body></body>")
    made.add_script_tag(content=_PLAYER)
    return made


def wait_for_new(viewer: Viewer, than: int, within_s: float = 30.0) -> None:
    """Until more pictures were shown."""
    towns.wait_for(lambda: viewer.frames() > than, within_s, f"{viewer.name} goes on")
