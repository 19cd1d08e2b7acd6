"""A process that has loaded all that looking at a file needs, and forks for each file a child that is shut in.

`python -I -m control_room.probing.warm`, requests as its standard input, a socket. It opens and reads no file itself.
A request is one packet, JSON of `result.Request`, with two descriptors: the file, and where the child writes its
answer. The reply is the child's exit status. It ends when nobody holds the other end, or nobody has asked for long.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from control_room.probing import child
from control_room.probing.result import Request

_REQUEST_BYTES = 4096
_IDLE_S = 300.0
"""It holds some 70 MB; the next file after that waits for a start."""
_DESCRIPTORS = 2
_KEPT_OPEN = 3
_PR_SET_PDEATHSIG = 1


def main() -> int:
    requests = socket.socket(fileno=0)
    child.prepare()
    gc.freeze()  # what is there stays shared with the children
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - only a number of names
        sys.exit("a library started a thread; a fork of it could hang")
    while _is_asked(requests):
        message, descriptors, _, _ = socket.recv_fds(requests, _REQUEST_BYTES, _DESCRIPTORS)
        if not message:
            break
        request = Request.model_validate_json(message)
        pid = os.fork()
        if pid == 0:
            _look(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        requests.send(str(_status(pid, request.wall_s)).encode())
    return 0


def _is_asked(requests: socket.socket) -> bool:
    return bool(select.select([requests], [], [], _IDLE_S)[0])


def _look(request: Request, descriptors: list[int]) -> NoReturn:
    """In the child: nothing of the parent stays open, and it does not outlive it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    os.closerange(_KEPT_OPEN, os.sysconf("SC_OPEN_MAX"))
    try:
        child.answer(request.extension, request.media_type)
    finally:
        os._exit(1)  # whatever was raised: never back into the parent's loop


def _status(pid: int, wall_s: float) -> int:
    """Its exit status, or the signal's number below 0, once it has ended or its time was over."""
    ended = os.pidfd_open(pid)
    try:
        if not select.select([ended], [], [], wall_s)[0]:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
