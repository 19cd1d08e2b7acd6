"""Passwords as argon2id; a guess costs the same whether the user exists or not."""

from __future__ import annotations

import functools
import threading

import argon2

SHORTEST = 10
LONGEST = 1024

_hasher = argon2.PasswordHasher()
_slots = threading.BoundedSemaphore(2)  # of 64 MiB each: a flood of logins cannot take the machine's memory


def create(password: str) -> str:
    """Hash in argon2's own text form."""
    with _slots:
        return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; takes as long where there is none (`None`)."""
    with _slots:
        try:
            _hasher.verify(password_hash or _of_nobody(), password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than are used now."""
    return _hasher.check_needs_rehash(password_hash)


@functools.cache
def _of_nobody() -> str:
    return _hasher.hash("nobody's")
