"""Serves one H.264 clip over RTSP on loopback, again and again without a seam in its time stamps.

Runs with the system's python3, which has GStreamer's bindings (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi and
gstreamer1.0-plugins-good and -bad); it imports nothing of the project. The clip is an Annex B stream beside a JSON
file with the size of each picture in it and the frame rate, as launch/rtsp.py writes them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found]  # the system's python3 has it, the project's environment has not

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
# Only after the versions are named; see above.
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

ELEMENTS = ("appsrc", "h264parse", "rtph264pay")
PIPELINE = (
    "( appsrc name=pictures is-live=true format=time max-bytes=500000 "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate={rate}/1 "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


class Clip:
    """Hands out the clip's pictures for ever, their times going on over the loops."""

    def __init__(self, path: Path) -> None:
        index = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        content = path.read_bytes()
        self.frame_rate = int(index["frame_rate"])
        self._pictures: list[bytes] = []
        begin = 0
        for size in index["sizes_bytes"]:
            self._pictures.append(content[begin : begin + size])
            begin += size

    def feed(self, source: Any) -> None:
        """Push one picture each time the pipeline asks for data."""
        sent = 0

        def push(element: Any, _length: int) -> None:
            nonlocal sent
            buffer = Gst.Buffer.new_wrapped(self._pictures[sent % len(self._pictures)])
            buffer.duration = Gst.SECOND // self.frame_rate
            buffer.pts = buffer.dts = sent * Gst.SECOND // self.frame_rate
            sent += 1
            element.emit("push-buffer", buffer)

        source.connect("need-data", push)


def serve(clip: Clip, port: int) -> None:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)  # every reader sees the same picture at the same time, as with a camera
    factory.set_launch(PIPELINE.format(rate=clip.frame_rate))
    factory.connect(
        "media-configure", lambda _factory, media: clip.feed(media.get_element().get_child_by_name("pictures"))
    )
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    server.get_mount_points().add_factory("/street", factory)
    server.attach(None)
    GLib.MainLoop().run()


def main() -> int:
    """`rtsp_server.py CLIP.h264 PORT`; without arguments: exit status 0 where it could serve."""
    Gst.init(None)
    if len(sys.argv) == 1:
        return 0 if all(Gst.ElementFactory.find(name) for name in ELEMENTS) else 1
    serve(Clip(Path(sys.argv[1])), int(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
