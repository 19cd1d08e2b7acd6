"""A paper as PDF: A4 pages with headings, facts, tables and pictures, in letters that have every Catalan sign."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from control_room.papers.words import Words

_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "Atkinson"
_MARGIN_MM = 18.0
_FOOT_MM = 12.0
_TEXT_PT, _SMALL_PT = 10.0, 8.0
_HEADING_PT = (18.0, 13.0, 11.0)
_LINE = 1.35
"""Height of a line in letters' heights."""
_MM_PER_PT = 25.4 / 72
_LABEL_MM = 52.0
_INK, _DIM, _RULE, _HEAD = (20, 24, 28), (90, 98, 106), (196, 202, 208), (234, 238, 241)


class _Sheet(FPDF):
    """Pages with the same foot: whose paper it is, when it was made, and which page of how many."""

    def __init__(self, foot: str, words: Words, *, is_wide: bool) -> None:
        super().__init__(orientation="landscape" if is_wide else "portrait", unit="mm", format="A4")
        self._foot, self._words = foot, words
        self.set_margins(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(True, margin=_MARGIN_MM + _FOOT_MM / 2)
        self.add_font(_FAMILY, "", _FONTS / "AtkinsonHyperlegibleNext-Regular.ttf")
        self.add_font(_FAMILY, "B", _FONTS / "AtkinsonHyperlegibleNext-Bold.ttf")

    def footer(self) -> None:
        self.set_y(-_MARGIN_MM)
        self.set_font(_FAMILY, "", _SMALL_PT)
        self.set_text_color(*_DIM)
        self.cell(self.epw / 2, text=self._foot, align=Align.L)
        page = self._words.text("papers.page_of", page=self.page_no(), pages="{nb}")
        self.cell(self.epw / 2, text=page, align=Align.R)


class Paper:
    """One document, written from top to bottom within its `with`. The same contents give the same bytes."""

    def __init__(self, words: Words, title: str, *, town: str, made_at: datetime, is_wide: bool = False) -> None:
        """`is_wide`: pages lie on their long side, for tables of many columns."""
        foot = words.text("papers.foot", town=town, at=words.moment(made_at))
        self._sheet = _Sheet(foot, words, is_wide=is_wide)
        self._sheet.set_creation_date(made_at)
        self._sheet.set_title(title)
        self._sheet.set_author(town)
        self._sheet.set_lang(words.language)
        self._sheet.add_page()
        self.heading(title)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for font in self._sheet.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()  # fpdf leaves the files open

    def heading(self, text: str, level: int = 0) -> None:
        """`level` 0 (the title) to 2; all stand in the outline that readers show."""
        sheet = self._sheet
        size_pt = _HEADING_PT[level]
        if sheet.will_page_break(3 * size_pt * _MM_PER_PT * _LINE):
            sheet.add_page()
        if level:
            sheet.ln(size_pt * _MM_PER_PT * 0.6)
        sheet.start_section(text, level=level, strict=False)
        self._write(text, size_pt, "B")
        sheet.ln(1.5)

    def paragraph(self, text: str, *, is_dim: bool = False) -> None:
        """Lines that the text breaks itself stay broken."""
        self._write(text, _TEXT_PT, "", _DIM if is_dim else _INK)
        self._sheet.ln(1.5)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and what they are, one below the other."""
        sheet = self._sheet
        sheet.set_font(_FAMILY, "", _TEXT_PT)
        sheet.set_text_color(*_INK)
        with sheet.table(
            first_row_as_headings=False,
            col_widths=(_LABEL_MM, sheet.epw - _LABEL_MM),
            borders_layout=TableBordersLayout.NONE,
            text_align=Align.L,
            line_height=_TEXT_PT * _MM_PER_PT * _LINE,
            padding=(0.4, 1.0, 0.4, 0.0),
        ) as table:
            for label, value in rows:
                row = table.row()
                row.cell(label, style=FontFace(color=_DIM))
                row.cell(value)
        sheet.ln(1.5)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """`widths`: shares of the page, in any unit; the head is repeated on each page."""
        sheet = self._sheet
        sheet.set_font(_FAMILY, "", _SMALL_PT)
        sheet.set_text_color(*_INK)
        sheet.set_draw_color(*_RULE)
        with sheet.table(
            col_widths=tuple(widths),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="B", fill_color=_HEAD),
            text_align=Align.L,
            line_height=_SMALL_PT * _MM_PER_PT * _LINE,
            padding=(0.8, 1.0),
        ) as table:
            for cells in (columns, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)
        sheet.ln(2)

    def picture(self, image: bytes, caption: str, *, width_mm: float | None = None) -> None:
        """A JPEG or PNG with a line below, both on one page; `width_mm` None: as wide as the page lets it be.

        Raises:
            ValueError: `image` is no picture.
        """
        sheet = self._sheet
        try:
            width, height = _size(image)
        except OSError as error:
            raise ValueError("not a picture that can be read") from error
        wide_mm = min(width_mm or sheet.epw, sheet.epw)
        caption_mm = 3 * _SMALL_PT * _MM_PER_PT * _LINE
        high_mm = min(wide_mm * height / width, sheet.eph - caption_mm)
        if sheet.will_page_break(high_mm + caption_mm):
            sheet.add_page()
        sheet.image(io.BytesIO(image), x=sheet.l_margin, w=wide_mm, h=high_mm, keep_aspect_ratio=True, alt_text=caption)
        sheet.ln(1)
        self._write(caption, _SMALL_PT, "", _DIM)
        sheet.ln(2)

    def signature(self, text: str) -> None:
        """Room for a hand's signature above a line, on one page."""
        sheet = self._sheet
        if sheet.will_page_break(32):
            sheet.add_page()
        sheet.ln(20)
        sheet.set_draw_color(*_INK)
        sheet.line(sheet.l_margin, sheet.get_y(), sheet.l_margin + 80, sheet.get_y())
        sheet.ln(1)
        self._write(text, _SMALL_PT, "", _DIM)

    @property
    def page_width_mm(self) -> float:
        """Between the margins."""
        return float(self._sheet.epw)

    def to_bytes(self) -> bytes:
        return bytes(self._sheet.output() or b"")

    def _write(self, text: str, size_pt: float, weight: str, colour: tuple[int, int, int] = _INK) -> None:
        sheet = self._sheet
        sheet.set_font(_FAMILY, weight, size_pt)
        sheet.set_text_color(*colour)
        height_mm = size_pt * _MM_PER_PT * _LINE
        sheet.multi_cell(0, height_mm, text, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _size(image: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(image), formats=("JPEG", "PNG")) as opened:
        return opened.size
