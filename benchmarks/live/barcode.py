"""The time, burned into a picture's pixels, so that whoever sees the picture knows how old it is."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

BITS = 24
CELL_PX = 40
"""Large enough to come through any coding."""
_CHECK_BITS = 4

SCRIPT = f"""
function readBarcode(video, canvas) {{
    const bits = {BITS + _CHECK_BITS}, scale = video.videoWidth / 1280, cell = {CELL_PX};
    const context = canvas.getContext("2d", {{willReadFrequently: true}});
    canvas.width = bits * 4; canvas.height = 4;
    context.drawImage(video, 0, 0, bits * cell * scale, cell * scale, 0, 0, bits * 4, 4);
    const pixels = context.getImageData(0, 0, bits * 4, 4).data;
    let value = 0, check = 0;
    for (let bit = 0; bit < bits; bit += 1) {{
        const one = pixels[4 * (2 * bits * 4 + bit * 4 + 2)] > 128 ? 1 : 0;
        if (bit < {BITS}) {{ value = value * 2 + one; }} else {{ check = check * 2 + one; }}
    }}
    return value % 15 === check ? value : null;
}}
"""
"""For the browser: the value, or null where the picture shows none."""


def now_ms() -> int:
    """As it is burned in: milliseconds, turning over every four hours and a half."""
    return round(1000 * time.time()) % (1 << BITS)


def age_ms(value: int, at_ms: float) -> float:
    """Of a picture with that value, seen then (milliseconds since 1970)."""
    return (at_ms - value + (1 << BITS - 1)) % (1 << BITS) - (1 << BITS - 1)


def burn(picture: npt.NDArray[np.uint8], value: int) -> None:
    """Into the top of a grey picture 1280 pixels wide."""
    word = value << _CHECK_BITS | value % 15
    for bit in range(BITS + _CHECK_BITS):
        is_one = word >> (BITS + _CHECK_BITS - 1 - bit) & 1
        picture[:CELL_PX, bit * CELL_PX : (bit + 1) * CELL_PX] = 235 if is_one else 16
