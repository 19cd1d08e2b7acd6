"""What the process does that looks at one file: it is forked by `warm`, and ends with its answer."""

from __future__ import annotations

import codecs
import os
from typing import NoReturn

import av
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle

from control_room.probing import media, sandbox
from control_room.probing.result import Outcome, Refused

_NICE = 5


def prepare() -> None:
    """What must be there before: nothing can be imported once it is shut in. Like the modules above."""
    av.logging.set_level(None)
    for encoding in ("utf-8-sig", "utf-16"):
        codecs.lookup(encoding)


def answer(extension: str, media_type: str) -> NoReturn:
    """Look at the file that is open as 0, write one Outcome as JSON to 1, and end."""
    os.nice(_NICE)
    file = os.fdopen(0, "rb", buffering=0)
    size_bytes = os.fstat(0).st_size
    try:
        sandbox.enter()
    except sandbox.SandboxError as error:
        outcome = Outcome(refused=Refused(reason="sandbox", message=f"no file is looked at here: {error}"[:300]))
    else:
        outcome = media.look(file, size_bytes, extension, media_type)
    os.write(1, outcome.model_dump_json().encode())
    os._exit(0)  # nothing is to be tidied up, and little of it would be allowed
