"""Recording on the device's disk: segments in a ring, what is cut out of them, and their check."""

from edge.recording.facts import Copied, RecordedCamera, RecordingError, RecordingSettings, Usage
from edge.recording.recordings import Recordings

__all__ = ["Copied", "RecordedCamera", "RecordingError", "RecordingSettings", "Recordings", "Usage"]
