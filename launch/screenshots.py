"""`make screenshots`: every screen of the running system into docs/img, wide and narrow, with the staged alert."""

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, StorageState, sync_playwright

from launch import places, room_client, screenshot_flight
from launch.console import Step, complain, say
from launch.errors import LaunchError

PICTURES = places.PROJECT / "docs" / "img"
SIZES = ((1920, 1080), (390, 844))
LANGUAGE = "ca"  # the one that the screens begin with
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_WORDS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
START_S = 900  # the first `make run` of a machine builds what it needs
STOP_S = 60
ALERT_S = 600  # the staged dumping happens once a minute and a half; a busy machine misses some
SCREEN_MS = 60_000  # the map is drawn by software
REST_MS = 500  # until what moves into place rests
COLOURS = (256, 128, 64)  # as many as fit: a street in its full size has no plain parts
PICTURE_BYTES = 400_000


@dataclass(frozen=True)
class Screen:
    """One picture: where it is, and what is seen there once it is complete.

    `{alert}`, `{flight}`, `{site}` are ids, `{camera}` is what is watched live.

    A new page needs a line in SCREENS, and one in `_fill` where it would be empty on a system just begun.
    """

    name: str
    path: str
    complete: str
    signed_in: bool = True
    press: str = ""  # a key that opens it
    click: str = ""  # what opens it on the page

    @property
    def needs(self) -> set[str]:
        return {name for name in ("alert", "camera", "flight", "site") if f"{{{name}}}" in self.path}


SCREENS = (
    Screen("login", "/login", "form", signed_in=False),
    Screen("feed", "/", "[data-alert-id='{alert}']"),
    Screen("alert", "/alerts/{alert}", "[data-testid=alert][data-alert='{alert}']"),
    Screen("cameras", "/cameras", "[data-testid=camera][data-state=live]"),
    Screen("wall", "/live", "[data-testid=tile][data-phase=live], [data-testid=live-row]"),
    Screen("live", "/live/{camera}", "[data-testid=live-view]:has([data-phase=live]) dl", press="d"),
    Screen("live-sources", "/live/sources", "[data-testid=source], [data-testid=empty]"),
    Screen("viewers", "/viewers", "[data-testid=viewer]"),
    Screen("map", "/map", "[data-testid=map][data-ready=true]"),
    Screen("flights", "/flights", "main h1"),
    Screen("flight-log", "/flight-log", "main h1"),
    Screen("preflight", "/preflight", "main h1"),
    Screen("flight", "/flights/{flight}", "main h1"),
    Screen("review", "/flights/{flight}/review", "[data-testid=flight-map][data-ready=true]"),
    Screen("sites", "/sites", "main h1"),
    Screen("site", "/sites/{site}", "main h1"),
    Screen("recordings", "/recordings", "[data-testid=timeline], [data-testid=error]", click="[data-testid=find]"),
    Screen("holds", "/holds", "[data-testid=room-hold], [data-testid=empty]"),
    Screen("devices", "/devices", "[data-testid=camera-health]", click="[data-testid=registered] [aria-expanded]"),
    Screen("keys", "/", "dialog", press="?"),
    Screen("audit", "/audit", "main table, main [data-testid=empty]"),
    Screen("dead-letters", "/dead-letters", "main table, main [data-testid=empty]"),
)
SETTLED = """() => {
    return document.fonts.status === 'loaded'
    && !document.querySelector('[data-testid=loading]')
    && [...document.images].every((image) => image.complete || (image.loading === 'lazy' && !isSeen(image)))
    && [...document.querySelectorAll('[data-testid=map]')].every((map) => map.dataset.ready === 'true')
    function isSeen(image) {
        const { top, bottom } = image.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    }
}"""
"""Pictures further down a page are fetched when somebody goes there, which here nobody does."""


def main() -> int:
    try:
        browser_program = _browser()
        with _system() as (run, is_own), sync_playwright() as playwright:
            try:
                browser = playwright.chromium.launch(executable_path=browser_program, args=list(BROWSER_WORDS))
                _take(browser, run, is_own=is_own)
                browser.close()
            except Error as error:
                raise LaunchError(f"Chromium failed: {error.message.splitlines()[0]}") from error
    except LaunchError as error:
        complain(str(error))
        return 1
    return 0


def _browser() -> str:
    found = next((program for name in BROWSERS if (program := shutil.which(name))), None)
    if found is None:
        raise LaunchError("Chromium is not installed: apt-get install chromium.")
    return found


@contextmanager
def _system() -> Iterator[tuple[dict[str, Any], bool]]:
    """run.json of the system that runs on DATA_DIR, or of one that is started for the pictures; whether it is ours."""
    directory = Path(os.environ.get("DATA_DIR", places.PROJECT / "data")).expanduser().resolve()
    run = _run_file(directory)
    if run is not None and room_client.answers(run["url"]):
        yield run, False
        return
    with tempfile.TemporaryDirectory(prefix="talaia-screenshots-") as name:
        process = _start(Path(name))
        try:
            started = _run_file(Path(name))
            if started is None:
                raise LaunchError("make run came to READY without a run.json.")
            yield started, True
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=STOP_S)


def _run_file(directory: Path) -> dict[str, Any] | None:
    try:
        run: dict[str, Any] = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run


def _start(directory: Path) -> "subprocess.Popen[str]":
    """`make run` on a free port, waited for until it is READY; what it says goes to stderr."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "launch", "run"],
        cwd=places.PROJECT,
        env={**os.environ, "PORT": str(port), "DATA_DIR": str(directory)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    ready = threading.Event()
    threading.Thread(target=_follow, args=(process, ready), daemon=True).start()
    deadline_s = time.monotonic() + START_S
    while not ready.wait(0.5):
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.terminate()
            raise LaunchError("The system did not come to READY; its own words are above.")
    return process


def _follow(process: "subprocess.Popen[str]", ready: threading.Event) -> None:
    for line in process.stdout or ():
        if line.startswith("READY "):
            ready.set()
        if not line.startswith("Log in"):  # the link would let anybody in
            say(line.rstrip(), sys.stderr)


def _take(browser: Browser, run: dict[str, Any], *, is_own: bool) -> None:
    places.make_directory(PICTURES)
    with Step("The staged alert", sys.stderr) as step:
        visitor = browser.new_context(base_url=run["url"])
        csrf_token = _sign_in(visitor, run)
        ids = {"alert": _staged_alert(visitor), "camera": _street(visitor)}
        if is_own:
            ids |= _fill(visitor, csrf_token, ids["alert"], run["device"]["id"])
        session = visitor.storage_state()
        step.done(ids["alert"])
    shown = [screen for screen in SCREENS if screen.needs <= ids.keys()]
    for size in SIZES:
        contexts = {known: _context(browser, run["url"], size, session if known else None) for known in (False, True)}
        for screen in shown:
            with Step(f"{screen.name} {size[0]}x{size[1]}", sys.stderr) as step:
                picture = _picture(contexts[screen.signed_in], screen, ids)
                path = PICTURES / f"{screen.name}-{size[0]}x{size[1]}.png"
                step.done(f"{write(picture, path) // 1000} kB")
        for context in contexts.values():
            context.close()
    say(str(PICTURES))


def _fill(visitor: BrowserContext, csrf_token: str, alert_id: str, device_id: str) -> dict[str, str]:
    """What a page shows only where people have worked: nobody's system but one that was started for the pictures.

    The ids of what there is now.
    """
    hold = {"object": {"kind": "alert", "alert_id": alert_id}, "reason": "denúncia 2026/114"}
    configuration = {"content": {"recording": {"days": 7}}, "reason": "una setmana, segons el registre de tractaments"}
    for path, wanted in (("holds", hold), (f"devices/{device_id}/configurations", configuration)):
        answer = visitor.request.post(f"/api/v1/{path}", data=wanted, headers={"X-CSRF-Token": csrf_token})
        if not answer.ok:
            raise LaunchError(f"POST /api/v1/{path} was answered with {answer.status}: {answer.text()}")
    flown = screenshot_flight.fly(visitor.request, csrf_token)
    return {"flight": flown.flight, "site": flown.site}


def _sign_in(visitor: BrowserContext, run: dict[str, Any]) -> str:
    """The token that acts of this session bring."""
    answer = visitor.request.post("/api/v1/session", data={"user": run["user"], "password": run["password"]})
    if not answer.ok:
        raise LaunchError(f"{run['url']} refused the account of run.json: {answer.status}.")
    return str(answer.json()["csrf_token"])


def _staged_alert(visitor: BrowserContext) -> str:
    """The id of an alert of the staged camera whose clip has arrived, as soon as there is one."""
    deadline_s = time.monotonic() + ALERT_S
    while time.monotonic() < deadline_s:
        for item in visitor.request.get("/api/v1/alerts").json()["items"]:
            if item["staged"] and item["clip_url"]:
                return str(item["alert_id"])
        time.sleep(1)
    raise LaunchError(f"No alert of the staged dumping with its clip within {ALERT_S} s.")


def _street(visitor: BrowserContext) -> str:
    """The key of a camera whose picture can be watched: not the staged one, whose film is short."""
    items = visitor.request.get("/api/v1/cameras").json()["items"]
    live = sorted((item for item in items if item["state"] == "live"), key=lambda item: bool(item["staged"]))
    if not live:
        raise LaunchError("No camera is live.")
    return f"camera/{live[0]['device_id']}/{live[0]['camera_id']}"


def _context(browser: Browser, url: str, size: tuple[int, int], session: StorageState | None) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
        storage_state=session,
    )
    context.set_default_timeout(SCREEN_MS)
    preferences = json.dumps({"language": LANGUAGE, "theme": "dark", "sound": False, "singleKeys": True})
    context.add_init_script(f"localStorage.setItem('talaia.preferences', {json.dumps(preferences)})")
    return context


def _picture(context: BrowserContext, screen: Screen, ids: dict[str, str]) -> bytes:
    page = context.new_page()
    page.goto(screen.path.format(**ids))
    if screen.press or screen.click:
        page.wait_for_function(SETTLED)
    if screen.press:
        page.keyboard.press(screen.press)
    if screen.click:
        page.click(screen.click)
    page.wait_for_selector(screen.complete.format(**ids))
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(REST_MS)
    taken = page.screenshot()
    page.close()
    return taken


def write(picture: bytes, path: Path, most_bytes: int = PICTURE_BYTES) -> int:
    """Write it with a palette of its own: less than half the size, and hardly a difference to the eye."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        content = _with_palette(image, colours)
        if len(content) <= most_bytes:
            break
    else:
        raise LaunchError(f"{path.name} would have {len(content)} bytes; at most {most_bytes} are kept in the project.")
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
    return len(content)


def _with_palette(image: Image.Image, colours: int) -> bytes:
    palette = image.quantize(colours, kmeans=1)  # else rare colours, a red coat, go brown
    packed = io.BytesIO()
    image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
