"""The room's door for evidence, as a small HTTP server of this computer."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Upload:
    path: str
    authorization: str
    media_type: str
    sha256: str
    data: bytes


@dataclass
class Door:
    """Answers with the next of `answers`, then with 201."""

    answers: list[int] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Self:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                door.uploads.append(
                    Upload(
                        self.path,
                        self.headers["Authorization"],
                        self.headers["Content-Type"],
                        hashlib.sha256(data).hexdigest(),
                        data,
                    )
                )
                self.send_response(door.answers.pop(0) if door.answers else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
