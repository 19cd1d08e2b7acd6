"""Where pictures come from: cameras over the network, cameras on a USB port, files."""

from edge.source.packets import PacketSink, StoredPacket, StreamFacts
from edge.source.source import BACK_OFF_FIRST_S, BACK_OFF_LONGEST_S, Report, Source, SourceSettings, keep_open, shown
from edge.source.witness import ClockWitness

__all__ = [
    "BACK_OFF_FIRST_S",
    "BACK_OFF_LONGEST_S",
    "ClockWitness",
    "PacketSink",
    "Report",
    "Source",
    "SourceSettings",
    "StoredPacket",
    "StreamFacts",
    "keep_open",
    "shown",
]
