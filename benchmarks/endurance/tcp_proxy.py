"""A network between two programs of this machine that can be slow, or cut: then it swallows what is sent in silence."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from typing import Self

_CHUNK_BYTES = 65536
_LOOK_EVERY_S = 0.2


class TcpProxy:
    """Forwards connections on `port` to `target`; one thread a connection."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._cut = threading.Event()
        self._delay_s = 0.0
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LOOK_EVERY_S)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._listener.close()

    def cut(self) -> None:
        """From now on nothing passes; connections stay open, as with a cable that was pulled."""
        self._cut.set()

    def mend(self) -> None:
        """The cable is in again; connections of before are dead, which their owners find out by themselves."""
        self._cut.clear()

    def delay(self, seconds: float) -> None:
        """From now on each piece of what is sent takes so much longer, either way."""
        self._delay_s = seconds

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            if self._cut.is_set():
                self._hold(near)
                return
            try:
                far = socket.create_connection(self._target, timeout=10)
            except OSError:
                return
            with far, selectors.DefaultSelector() as selector:
                selector.register(near, selectors.EVENT_READ, far)
                selector.register(far, selectors.EVENT_READ, near)
                with suppress(OSError):
                    self._forward(selector)
                if self._cut.is_set():
                    self._hold(near)

    def _forward(self, selector: selectors.BaseSelector) -> None:
        while not self._ended.is_set() and not self._cut.is_set():
            for key, _ in selector.select(_LOOK_EVERY_S):
                source, sink = key.fileobj, key.data
                if not isinstance(source, socket.socket):
                    continue
                data = source.recv(_CHUNK_BYTES)
                if not data:
                    return
                if self._delay_s:
                    self._ended.wait(self._delay_s)
                if self._cut.is_set():
                    return
                sink.sendall(data)

    def _hold(self, near: socket.socket) -> None:
        """Neither answer nor close until the cable is in again; what was said meanwhile is lost."""
        near.settimeout(_LOOK_EVERY_S)
        while self._cut.is_set() and not self._ended.is_set():
            try:
                if not near.recv(_CHUNK_BYTES):
                    return
            except TimeoutError:
                continue
            except OSError:  # whoever gave up left something unread
                return
