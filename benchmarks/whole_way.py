"""From a frame to an alert on an operator's screen, and what a camera costs: `python -m benchmarks.whole_way`.

It starts the whole system as `make run` does, adds an agent whose cameras see somebody walk through a zone again and
again, and looks at the feed with a real Chromium. All clocks are this machine's one clock.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import psycopg
from playwright.sync_api import Page, sync_playwright

from benchmarks import town as towns
from benchmarks.figures import Figure, percentile, record

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ALERTS = 25
CAMERAS = 2
ALERTS_WITHIN_S = 600
CPU_OVER_S = 60
SCREEN_AIM_S = 3.0

_WATCH = """
() => {
  window.shown = {};
  const note = () => {
    const button = document.querySelector('[data-newest-alert-id]');
    if (button) window.shown[button.dataset.newestAlertId] ??= Date.now() / 1000;
    for (const row of document.querySelectorAll('[data-alert-id]')) {
      window.shown[row.dataset.alertId] ??= Date.now() / 1000;
    }
  };
  window.counted = {};
  note();
  new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributes: true});
}
"""


@dataclass(frozen=True)
class Sight:
    """One alert that came to the screen while we watched."""

    frame_to_screen_s: float
    rule_to_screen_s: float
    is_dumping: bool


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder, towns.running(Path(folder) / "town") as town:
        with _feed(town) as page:
            staged = _sights(town, page, 1)
            agent = towns.BusyAgent(town, Path(folder) / "busy", CAMERAS)
            try:
                sights = _sights(town, page, ALERTS)
                busy = _cpu_seconds_a_camera_minute(agent.process.pid)
            finally:
                agent.stop()
        decode = _decode_cpu_seconds_a_minute(_clip(town))
    record([*_figures_of(sights, staged), _figure_of_cpu(busy, decode)])
    return 0


@contextmanager
def _feed(town: towns.Town) -> Iterator[Page]:
    """An operator's queue that notes when each alert comes into sight."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(base_url=town.run["url"])
        log_in(page, town)
        page.wait_for_selector("[data-testid=feed]")
        page.evaluate(_WATCH)
        yield page
        browser.close()


def _sights(town: towns.Town, page: Page, number: int) -> list[Sight]:
    """The next `number` alerts that come to the screen; what was there before we looked does not count."""
    page.evaluate("() => { for (const id in window.shown) window.counted[id] = true; }")

    def fresh() -> dict[str, float] | None:
        shown: dict[str, float] = page.evaluate(
            "() => Object.fromEntries(Object.entries(window.shown).filter(([id]) => !window.counted[id]))"
        )
        return shown if len(shown) >= number else None

    shown = towns.wait_for(fresh, ALERTS_WITHIN_S, f"{number} alerts on the screen")
    with psycopg.connect(town.run["database_url"]) as database:
        return [_sight(database, alert_id, at) for alert_id, at in shown.items()]


def log_in(page: Page, town: towns.Town) -> None:
    """As a person does."""
    page.goto("/login")
    page.fill("input[name=user]", town.run["user"])
    page.fill("input[name=password]", town.run["password"])
    page.keyboard.press("Enter")


def _sight(database: psycopg.Connection[tuple[Any, ...]], alert_id: str, shown_at: float) -> Sight:
    row = database.execute(
        "SELECT events.occurred_at, events.sent_at, events.rule FROM events JOIN alerts USING (device_id, event_id)"
        " WHERE alert_id = %s AND phase = 'opened'",
        (alert_id,),
    ).fetchone()
    if row is None:
        raise towns.NotInTimeError(f"alert {alert_id} has no opened event")
    occurred_at, sent_at, rule = row
    return Sight(
        frame_to_screen_s=shown_at - occurred_at.timestamp(),
        rule_to_screen_s=shown_at - sent_at.timestamp(),
        is_dumping=rule == "illegal_dumping",
    )


def _cpu_seconds_a_camera_minute(pid: int) -> float:
    before = _cpu_s(pid)
    begun = time.monotonic()
    time.sleep(CPU_OVER_S)
    return (_cpu_s(pid) - before) / (time.monotonic() - begun) * 60 / CAMERAS


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _clip(town: towns.Town) -> Path:
    """A file that one of the town's cameras replays."""
    config = tomllib.loads(Path(town.run["device"]["config"]).read_text(encoding="utf-8"))
    sources = [str(camera["source"]) for camera in config["camera"]]
    return Path(next(source for source in sources if not source.startswith("rtsp")).removeprefix("file:"))


def _decode_cpu_seconds_a_minute(clip: Path) -> float:
    begun = time.process_time()
    with av.open(str(clip)) as container:
        container.streams.video[0].thread_type = "NONE"
        frames = sum(1 for _ in container.decode(video=0))
        rate = container.streams.video[0].average_rate
    return (time.process_time() - begun) / (frames / float(rate or 25)) * 60


def _figures_of(sights: list[Sight], staged: list[Sight]) -> list[Figure]:
    return [
        _times("whole way: frame time -> alert on screen", [sight.frame_to_screen_s for sight in sights]),
        _times("whole way: rule fired -> alert on screen", [sight.rule_to_screen_s for sight in sights]),
        _times(
            "whole way: the staged dumping, rule fired -> alert on screen",
            [sight.rule_to_screen_s for sight in staged if sight.is_dumping],
        ),
    ]


def _times(name: str, times_s: list[float]) -> Figure:
    p50, p99 = percentile(times_s, 0.5), percentile(times_s, 0.99)
    met = p99 <= SCREEN_AIM_S
    return Figure(name, p50, "s", n=len(times_s), p50=p50, p99=p99, aim=f"p99 at most {SCREEN_AIM_S:.0f} s", met=met)


def _figure_of_cpu(busy: float, decode: float) -> Figure:
    return Figure(
        "edge: CPU seconds a camera minute, busy street, everything on",
        busy,
        "CPU s",
        baseline=f"decoding the same clip alone ({decode:.2f} CPU s a minute)",
        ratio=busy / decode,
        n=CAMERAS,
    )


if __name__ == "__main__":
    sys.exit(main())
