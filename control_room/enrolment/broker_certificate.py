"""The broker's certificate of the town's authority, as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from control_room.enrolment.authority import Authority


def write(town: Authority, folder: Path, hosts: Sequence[str], days: int, now: datetime) -> datetime:
    """`ca.pem`, `broker.crt` and `broker.key`, the last of mode 0600; until when the certificate is valid.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    issued, key = town.certify_server(hosts, days, now)
    (folder / "ca.pem").write_text(town.certificate, encoding="ascii")
    part = folder / "broker.key.part"
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    part.replace(folder / "broker.key")
    (folder / "broker.crt").write_text(issued.pem, encoding="ascii")
    return issued.expires_at
