"""Codes of the European Waste Catalogue that are dumped in streets and fields (Decision 2000/532/EC).

A star marks hazardous waste. Others of the catalogue are allowed too; these are offered.
"""

from __future__ import annotations

PATTERN = r"^[0-9]{2} [0-9]{2} [0-9]{2}\*?$"
USUAL = (
    "20 03 07",  # bulky waste
    "20 03 01",  # mixed municipal waste
    "17 09 04",  # mixed construction and demolition waste
    "17 01 07",  # concrete, bricks, tiles and ceramics
    "17 02 01",  # wood of building
    "17 06 05*",  # construction materials with asbestos
    "16 01 03",  # tyres
    "16 01 04*",  # vehicles
    "20 01 36",  # electrical and electronic equipment
    "20 01 23*",  # equipment with chlorofluorocarbons: fridges
    "20 01 38",  # wood
    "20 01 39",  # plastics
    "20 02 01",  # of gardens
    "15 01 06",  # mixed packaging
    "13 02 08*",  # engine oils
)
