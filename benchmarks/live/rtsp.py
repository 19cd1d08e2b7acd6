"""Hands what `benchmarks.live.camera` writes on by RTSP: `rtsp.py PORT`, with the system's python3 and GStreamer."""

import contextlib
import struct
import sys
import threading
from typing import Any

import gi  # type: ignore[import-not-found]  # the system's python3 has it, the project's environment has not

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402 - as above

PIPELINE = (
    "( appsrc name=pictures is-live=true do-timestamp=true format=time max-bytes=4000000 "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate=25/1 "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


class Pictures:
    """Pushes each picture as it comes into every pipeline that is open."""

    def __init__(self) -> None:
        self._sources: list[Any] = []

    def add(self, source: Any) -> None:
        self._sources = [source]

    def run(self) -> None:
        with contextlib.suppress(struct.error, BrokenPipeError):
            while True:
                (size,) = struct.unpack("!L", sys.stdin.buffer.read(4))
                content = sys.stdin.buffer.read(size)
                for source in self._sources:
                    source.emit("push-buffer", Gst.Buffer.new_wrapped(content))


def main(port: str) -> None:
    Gst.init(None)
    pictures = Pictures()
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_launch(PIPELINE)
    factory.connect(
        "media-configure", lambda _factory, media: pictures.add(media.get_element().get_child_by_name("pictures"))
    )
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.get_mount_points().add_factory("/street", factory)
    if not server.attach(None):
        raise SystemExit(f"port {port} is taken")
    loop = GLib.MainLoop()

    def feed() -> None:
        pictures.run()
        loop.quit()

    threading.Thread(target=feed, daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
