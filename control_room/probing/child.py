"""The process that looks at one file: `python -I -m control_room.probing.child`, the file as its standard input."""

from __future__ import annotations

import codecs
import os
import sys

import av
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle

from control_room.probing import media, sandbox
from control_room.probing.result import Outcome, Refused

_NICE = 5


def main() -> int:
    """Takes extension and media type as arguments; writes one Outcome as JSON."""
    extension, media_type = sys.argv[1:3]
    os.nice(_NICE)
    av.logging.set_level(None)
    codecs.lookup("utf-8-sig")  # like the modules above: nothing can be imported once it is shut in
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


if __name__ == "__main__":
    main()
