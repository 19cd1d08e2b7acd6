"""Papers: the same words in each language, every Catalan letter, pages that break, pictures that are none."""

from __future__ import annotations

import io
import re
import string
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image

from control_room.papers import page, pdf, words

AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
CATALAN = words.Words("ca", MADRID)


def pages(paper: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", paper))


def picture(width: int, height: int) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(written, "JPEG")
    return written.getvalue()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_each_language_says_everything_with_the_same_places(language: words.Language) -> None:
    def places(texts: dict[str, str]) -> dict[str, set[str]]:
        return {key: {name for _, name, _, _ in string.Formatter().parse(text) if name} for key, text in texts.items()}

    assert places(words.load(language)) == places(words.load("ca"))
    assert all(text.strip() for text in words.load(language).values())


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_letters_have_what_the_three_languages_need(weight: str) -> None:
    with TTFont(page._FONTS / f"AtkinsonHyperlegibleNext-{weight}.ttf") as font:
        has = set(font.getBestCmap())
    needed = "".join("".join(words.load(language).values()) for language in words.LANGUAGES)
    assert {
        letter for letter in needed + "àèéíïòóúüç·ÀÈÉÍÏÒÓÚÜÇñÑ€°²±«»" if letter != "\n" and ord(letter) not in has
    } == set()


def test_a_paper_breaks_its_table_over_pages_and_is_the_same_each_time() -> None:
    def made() -> bytes:
        with pdf.begin(CATALAN, "Informe", town="Sant Cugat", made_at=AT) as paper:
            paper.facts([("Pilot", "Núria Puigdellívol")])
            paper.table(["Dia", "Lloc"], [[str(row), "plaça de l'Om"] for row in range(120)], [1, 3])
            paper.picture(picture(800, 600), "la plaça")
            paper.signature("Cap operatiu")
            return paper.to_bytes()

    first = made()
    assert first.startswith(b"%PDF-")
    assert pages(first) >= 3
    assert first == made()
    assert b"AtkinsonHyperlegibleNext" in first


def test_a_wide_paper_lies_and_a_tall_picture_fits_its_page() -> None:
    with pdf.begin(CATALAN, "Llibre", town="X", made_at=AT, is_wide=True) as paper:
        assert paper.page_width_mm > 250
        paper.picture(picture(200, 4000), "un pal")
        assert pages(paper.to_bytes()) == 2


def test_what_is_no_picture_is_refused() -> None:
    with (
        pdf.begin(CATALAN, "Informe", town="X", made_at=AT) as paper,
        pytest.raises(ValueError, match="not a picture"),
    ):
        paper.picture(zlib.compress(b"no picture"), "res")


def test_times_and_numbers_are_the_towns() -> None:
    assert CATALAN.moment(AT) == "22/11/2026 10:05 (CET)"
    assert words.Words("en", MADRID).moment(AT) == "2026-11-22 10:05 (CET)"
    assert CATALAN.number(3.14159, 2) == "3,14"
    assert CATALAN.duration(timedelta(minutes=61, seconds=5)) == "1:01:05"
    assert (CATALAN.moment(None), CATALAN.metres(61.4)) == ("no consta", "61 m")


LOADED = """
import sys
import control_room.app
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"control_room", "fpdf", "fontTools"}))
"""


def test_a_process_that_serves_loads_what_writes_papers_only_for_a_paper() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["control_room"]
