"""The pictures of the documentation: of screens that exist, small, and whole."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from launch import places, screenshots
from launch.errors import LaunchError

PAGES = places.PROJECT / "control_room" / "ui" / "src"


def as_png(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_every_page_of_the_router_has_its_picture() -> None:
    routes = re.search(r"const PLAIN[^{]*{(.*?)};", (PAGES / "router.svelte.ts").read_text(), re.DOTALL)
    assert routes is not None
    pages = set(re.findall(r"'(/[^']*)':", routes.group(1)))
    assert pages <= {screen.path for screen in screenshots.SCREENS}


def test_what_is_waited_for_is_what_the_pages_say() -> None:
    sources = "".join(path.read_text() for path in PAGES.rglob("*.svelte"))
    selectors = [screenshots.SETTLED, *(screen.complete for screen in screenshots.SCREENS)]
    for marker in re.findall(r"data-testid=([a-z-]+)", " ".join(selectors)):
        assert re.search(rf"""data-testid=["{{][^>]*\b{marker}\b""", sources), marker


def test_every_screen_is_taken_under_a_name_of_its_own() -> None:
    names = [screen.name for screen in screenshots.SCREENS]
    assert len(set(names)) == len(names)
    assert {"login", "feed", "alert", "cameras", "map"} <= set(names)


def test_picture_is_packed_without_visible_change(tmp_path: Path) -> None:
    across = np.linspace(0, 255, 640, dtype=np.uint8)
    pixels = np.stack(
        [np.tile(across, (400, 1)), np.full((400, 640), 30, np.uint8), np.tile(255 - across, (400, 1))], 2
    )
    size_bytes = screenshots.write(as_png(pixels), tmp_path / "page.png")
    assert [path.name for path in tmp_path.iterdir()] == ["page.png"]
    assert (tmp_path / "page.png").stat().st_size == size_bytes
    packed = np.asarray(Image.open(tmp_path / "page.png").convert("RGB"), np.int16)
    assert packed.shape == pixels.shape
    assert np.abs(packed - pixels).mean() < 2


def _noise() -> bytes:
    """As hard to pack as a picture can be: 11 kB with 256 colours, 8 kB with 64."""
    return as_png(np.random.default_rng(1).integers(0, 255, (100, 100, 3), dtype=np.uint8))


def test_picture_too_large_for_the_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"^page\.png would have \d+ bytes; at most 7000 are kept in the project\.$"):
        screenshots.write(_noise(), tmp_path / "page.png", 7000)
    assert list(tmp_path.iterdir()) == []


def test_picture_of_a_street_gets_fewer_colours_rather_than_none(tmp_path: Path) -> None:
    assert screenshots.write(_noise(), tmp_path / "page.png", 9800) <= 9800
    colours = Image.open(tmp_path / "page.png").getcolors()
    assert colours is not None
    assert 64 <= len(colours) < 256
