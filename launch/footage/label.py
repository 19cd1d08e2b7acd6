"""The words burned into the staged clip from its first frame, so that nobody takes it for a real dumping."""

import cv2

from launch.footage.thing import Picture

WORDS, ACCENTED = "STAGED / SIMULACIO", "STAGED / SIMULACI"  # OpenCV's font has no Ó: its accent is drawn
FONT, SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.5
LEFT_PX, BASELINE_PX = 10, 24
SHADE = 0.45  # what is left of the picture behind the words
WHITE = (240, 240, 240)


def burn(picture: Picture) -> Picture:
    """A copy with the words in the upper left corner."""
    labelled = picture.copy()
    (width_px, height_px), _ = cv2.getTextSize(WORDS, FONT, SCALE, 1)
    (accent_px, _), _ = cv2.getTextSize(ACCENTED, FONT, SCALE, 1)
    plate = labelled[BASELINE_PX - height_px - 8 : BASELINE_PX + 7, LEFT_PX - 6 : LEFT_PX + width_px + 6]
    plate[:] = (plate * SHADE).astype(plate.dtype)
    top = BASELINE_PX - height_px
    accent = ((LEFT_PX + accent_px + 5, top - 2), (LEFT_PX + accent_px + 8, top - 5))
    cv2.putText(labelled, WORDS, (LEFT_PX, BASELINE_PX), FONT, SCALE, WHITE, 1, cv2.LINE_AA)
    cv2.line(labelled, *accent, WHITE, 1, cv2.LINE_AA)
    return labelled
