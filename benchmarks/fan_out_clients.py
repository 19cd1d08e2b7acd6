"""Many browsers in one process, as light as they can be: `python -m benchmarks.fan_out_clients PORT SECONDS OUT`.

Reads one cookie a line from stdin, opens a stream with each, writes `ready` once all have begun, reads for so many
seconds, and writes when it received which change to OUT (numpy: rows of change id, seconds of the wall clock).
"""

from __future__ import annotations

import re
import selectors
import socket
import sys
import time
from pathlib import Path

import numpy as np

_ID = re.compile(rb"id: (\d+)\n")
_READ_BYTES = 1 << 18
_HEAD_BYTES = 4096
_BEGIN_WITHIN_S = 120.0


def main(arguments: list[str]) -> int:
    port, seconds, out = int(arguments[0]), float(arguments[1]), Path(arguments[2])
    cookies = sys.stdin.read().split()
    selector = selectors.DefaultSelector()
    for cookie in cookies:
        browser = socket.create_connection(("127.0.0.1", port), timeout=_BEGIN_WITHIN_S)
        request = f"GET /api/v1/stream HTTP/1.1\r\nHost: room\r\nCookie: {cookie}\r\n\r\n"
        browser.sendall(request.encode())
        selector.register(browser, selectors.EVENT_READ)
    _begin(selector, len(cookies))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        ids, times, reads = _listen(selector, time.monotonic() + seconds)
    except ConnectionError:
        return 1  # the server ended; whoever started us knows whether it should
    np.savez(out, ids=np.array(ids, dtype=np.int64), times=np.array(times), reads=np.array([reads]))
    return 0


def _begin(selector: selectors.BaseSelector, number: int) -> None:
    """Until each has got its snapshot."""
    heads: dict[int, bytes] = {}
    deadline_s = time.monotonic() + _BEGIN_WITHIN_S
    while sum(b"event: snapshot" in head for head in heads.values()) < number:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not all of {number} streams began")
        for key, _ in selector.select(1.0):
            if isinstance(key.fileobj, socket.socket):
                heads[key.fd] = (heads.get(key.fd, b"") + key.fileobj.recv(_READ_BYTES))[:_HEAD_BYTES]


def _listen(selector: selectors.BaseSelector, until_s: float) -> tuple[list[int], list[float], int]:
    """Also how often one of them had something to read: frames, where none was torn."""
    ids: list[int] = []
    times: list[float] = []
    reads = 0
    while (left_s := until_s - time.monotonic()) > 0:
        for key, _ in selector.select(left_s):
            if not isinstance(key.fileobj, socket.socket):
                continue
            data = key.fileobj.recv(_READ_BYTES)
            if not data:
                raise ConnectionError("a stream ended")
            found = list(map(int, _ID.findall(data)))
            ids += found
            times += [time.time()] * len(found)
            reads += bool(found)
    return ids, times, reads


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
