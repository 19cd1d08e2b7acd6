"""Records a video over and over, ten times as fast as it was taken, until it is killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from edge.clock import Clock
from edge.recording import Recordings
from tests.edge.recording import packets

FASTER = 10


def main(folder: str, video: str) -> None:
    clock, stop = Clock(), Event()
    recordings = Recordings(Path(folder), packets.settings(), clock)
    recorder = recordings.recorder(packets.CAMERA)
    Thread(target=recordings.run, daemon=True).start()
    facts, stored = packets.of(Path(video))
    begins_at = datetime.now(UTC)
    while True:
        recorder.begin(facts, 0.0)
        for packet in stored:
            recorder.append(packet, begins_at + timedelta(seconds=packet.pts_s))
            clock.wait(stop, 0.1 / FASTER)
        recorder.lost()
        begins_at += timedelta(seconds=stored[-1].pts_s + 0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
