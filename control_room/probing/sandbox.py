"""Shuts the present process in for ever: it may compute, and read and write what is open already, and nothing else.

The kernel refuses every system call outside a short list (seccomp): no file can be opened by name, no socket made, no
program started, no process looked at. A network namespace without a network is a second wall, where the kernel has it.
Works for root and for everybody else; where the kernel cannot do it, the process says so and looks at nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
from collections.abc import Callable

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_S = 30
OPEN_FILES = 32

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_AT_NUMBER, _AT_ARCHITECTURE = 0, 4

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers of the kernel's interface, which never change: (x86_64, aarch64); None where a machine has not that call.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getrusage": (98, 165),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class SandboxError(RuntimeError):
    """This kernel cannot shut a process in; one line."""


def enter(*, memory_bytes: int = MEMORY_BYTES, cpu_s: int = CPU_S) -> None:
    """From now on, and in no way to be undone.

    Raises:
        SandboxError: it is not shut in, so nothing may be looked at.
    """
    _limit(memory_bytes, cpu_s)
    library = ctypes.CDLL(None, use_errno=True)
    library.unshare(_CLONE_NEWNET | (0 if os.geteuid() == 0 else _CLONE_NEWUSER))  # where it may: see above
    program = _program()
    described = _Program(len(program) // 8, program)
    if (
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        or library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        or library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0)
    ):
        raise SandboxError(f"seccomp: {os.strerror(ctypes.get_errno())}")
    _prove()


def _limit(memory_bytes: int, cpu_s: int) -> None:
    limits = (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    )
    for limit, value in limits:
        resource.setrlimit(limit, (value, value))


def _program() -> bytes:
    """For the kernel's packet filter: another machine's calls, or a call outside the list, is refused."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise SandboxError(f"no list of system calls for a {machine}")
    column = list(_MACHINES).index(machine)
    numbers = [numbers[column] for numbers in _CALLS.values()]
    allowed = [number for number in numbers if number is not None]
    lines = [
        (_LOAD, 0, 0, _AT_ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _AT_NUMBER),
        *((_JUMP_IF_EQUAL, len(allowed) - index, 0, number) for index, number in enumerate(allowed)),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _prove() -> None:
    """Try to get out."""
    attempts: dict[str, Callable[[], object]] = {
        "a socket": lambda: socket.socket().close(),
        "a file": lambda: os.close(os.open("/", os.O_RDONLY)),
        "a process": _fork,
        "a file's data": lambda: os.stat("/"),  # noqa: PTH116 - the call itself
    }
    for what, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            if error.errno != errno.EPERM:
                raise SandboxError(f"{what}: {error.strerror}") from None
        else:
            raise SandboxError(f"{what} could be had from inside")
